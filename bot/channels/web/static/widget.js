/*! Guitai chat widget: one script tag, no dependency. How to embed it: docs/embed.md */
// Served as widget.min.js, of at most 40 KB: `make widget` after each change.
(() => {
"use strict";

const script = document.currentScript || document.querySelector('script[src*="/widget.js"]');
const option = script.dataset;
const origin = new URL(script.src).origin;
const api = origin + "/api/chat/";

const TIMEOUT = 10000; // ms, every request
const SILENCE = 40000; // ms without a byte (the server pings every 25 s): the stream is dead
const TEXT_MAX = 2000; // characters, as the server counts them: code points
const PAGE = 50; // messages of history at a time
const UPLOAD = 60000; // ms for a picture
const PICTURE_MAX = 10485760; // bytes
const PICTURES = ["image/jpeg", "image/png", "image/webp", "image/gif"]; // named one by one, so that an iPhone converts its own format
const LOST = [401, 403, 404]; // the session is not accepted any more
const REFUSED = [400, 413, 415, 422]; // sending the same again cannot help

const STRINGS = {
	zh: {
		title: "在线客服", open: "打开客服聊天", close: "关闭", unread: "{n} 条未读消息", human: "转人工",
		greeting: "您好，有什么可以帮您？", hint: "查订单、查物流、退换货，直接告诉我就好。",
		placeholder: "输入您的问题…", again: "再发一条消息，就能继续对话", send: "发送", log: "聊天记录",
		bot: "智能助手", queue: "排队中", agent: "人工客服", closed: "服务已结束", you: "您",
		ahead: "正在排队，前面还有 {n} 位", next: "正在排队，下一位就是您", wait: "预计等待约 {n} 分钟",
		offline: "网络已断开，恢复后会自动连接", connecting: "连接不太顺畅，正在重新连接…",
		failed: "出了点问题，请稍后再试。", busy: "操作有点快，请稍候再试。", reload: "暂时无法开始对话，请刷新页面再试。",
		sending: "发送中", unsent: "未发送", retry: "重试", tooLong: "最多 2000 字", refused: "这条消息无法发送",
		earlier: "查看更早的消息", jump: "新消息", today: "今天", yesterday: "昨天", tomorrow: "明天",
		order: "订单", items: "共 {n} 件", expected: "预计送达", cards: "可左右滑动查看",
		more: "展开其余 {n} 条", unknown: "这条消息暂时无法显示",
		refund: "退款", target: "换成", sendTo: "寄回地址", ticket: "工单", due: "处理时限", updated: "更新时间",
		attach: "发送图片", remove: "移除图片", photo: "图片", enlarge: "查看大图", unseen: "图片没有加载出来，点一下重试",
		notPicture: "只能发送 10 MB 以内的 JPG、PNG、WebP 或 GIF 图片", badPicture: "这张图片无法发送，请换一张试试",
		end: "结束服务", sure: "确定结束？",
		rate: "这次服务，您还满意吗？", rateBy: "{n}的服务，您还满意吗？", star: "{n} 星，", scores: "非常不满意,不满意,一般,满意,非常满意",
		comment: "还有什么想告诉我们的？（选填）", submit: "提交", thanks: "谢谢您的评价！", add: "补充几句", change: "修改",
		late: "这次服务已经不能再评价了，感谢您的支持。",
	},
	en: {
		title: "Customer service", open: "Open chat", close: "Close", unread: "{n} unread messages", human: "Talk to a person",
		greeting: "Hello, how can we help?", hint: "Orders, parcels, returns: just ask.",
		placeholder: "Type your question…", again: "Send a message to continue", send: "Send", log: "Conversation",
		bot: "Bot", queue: "In the queue", agent: "Agent", closed: "Conversation ended", you: "You",
		ahead: "In the queue, {n} ahead of you", next: "In the queue, you are next", wait: "about {n} min",
		offline: "You are offline. We will reconnect by ourselves.", connecting: "Connection lost, reconnecting…",
		failed: "Something went wrong. Please try again later.", busy: "That was a little fast. Please wait a moment.",
		reload: "The chat cannot start. Please reload the page.",
		sending: "Sending", unsent: "Not sent", retry: "Retry", tooLong: "At most 2000 characters", refused: "This message cannot be sent",
		earlier: "Earlier messages", jump: "New messages", today: "today", yesterday: "yesterday", tomorrow: "tomorrow",
		order: "Order", items: "{n} items", expected: "Expected", cards: "Swipe to see all",
		more: "Show {n} more", unknown: "This message cannot be shown here",
		refund: "Refund", target: "In exchange for", sendTo: "Send it to", ticket: "Ticket", due: "Due", updated: "Updated",
		attach: "Send a picture", remove: "Remove picture", photo: "Picture", enlarge: "View larger", unseen: "Picture did not load, tap to retry",
		notPicture: "Only JPG, PNG, WebP or GIF pictures of up to 10 MB", badPicture: "This picture cannot be sent, please try another",
		end: "End chat", sure: "Really end?",
		rate: "How was our service?", rateBy: "How was the service by {n}?", star: "{n} of 5, ", scores: "very poor,poor,fair,good,very good",
		comment: "Anything else to tell us? (optional)", submit: "Submit", thanks: "Thank you for your rating!", add: "Add a comment", change: "Change",
		late: "This service can no longer be rated. Thank you all the same.",
	},
};
// What changes between the scripts in the texts above: each simplified character before its traditional one.
const SCRIPTS = "线線开開关關闭閉条條读讀转轉么麼帮幫订訂单單换換货貨诉訴输輸问問题題发發继繼续續对對话話记記录錄队隊务務结結还還预預计計约約钟鐘网網络絡断斷复復后後会會动動连連顺順畅暢点點请請试試暂暫时時无無页頁这這达達余餘显顯图圖没沒载載来來内內张張确確满滿吗嗎们們选選谢謝评評价價补補几幾经經处處间間";
const wanted = option.lang || document.documentElement.lang;
const lang = /^en/i.test(wanted) ? "en" : "zh";
const traditional = /^zh\b.*\b(tw|hk|mo|hant)\b/i.test(wanted);
const locale = lang === "en" ? "en-GB" : traditional ? "zh-TW" : "zh-CN";
const inScript = (text) => traditional ? text.replace(/[^]/g, (c) => SCRIPTS.indexOf(c) % 2 ? c : SCRIPTS[SCRIPTS.indexOf(c) + 1]) : text;
const t = (key, n) => inScript(STRINGS[lang][key] || "").replace("{n}", () => n);

const STYLE = `
:host{all:initial !important;position:fixed !important;z-index:2147483000 !important}
@media print{:host{display:none !important}}
*{box-sizing:border-box;margin:0}
[hidden]{display:none !important}
.root{--accent:#17695a;--on-accent:#fff;--bg:#fff;--bubble:#f1f4f2;--ink:#1c211f;--dim:#5f6865;--line:#e4e8e6;--good:#1a7a4c;--warn:#96590a;--bad:#b3372c;--star:#c27c00;--shade:0 12px 40px rgba(20,35,30,.18),0 2px 6px rgba(20,35,30,.08);color-scheme:light dark;color:var(--ink);font:15px/1.55 -apple-system,"Segoe UI","PingFang SC","Microsoft YaHei","Noto Sans CJK SC","Noto Sans SC",sans-serif}
button,textarea{font:inherit;color:inherit}
button{border:0;padding:0;background:none;cursor:pointer;-webkit-tap-highlight-color:transparent}
button:disabled{cursor:default}
:focus:not(:focus-visible){outline:none}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
svg{display:block;width:22px;height:22px;fill:none;stroke:currentColor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip:rect(0 0 0 0);white-space:nowrap}

.launcher,.face,.close,.send,.attach,.remove{flex:none;display:grid;place-items:center}
.bubble,.typing{padding:9px 13px;border-radius:16px;background:var(--bubble)}
.launcher,.face,.send,[data-from=shopper] .bubble{background:var(--accent);color:var(--on-accent)}
.owner,.time,.name,.earlier,.status,.more,.dim,li time{font-size:12px;color:var(--dim)}
.launcher{position:fixed;right:24px;bottom:24px;width:56px;height:56px;border-radius:50%;box-shadow:var(--shade);transition:transform .15s}
.launcher:hover{transform:translateY(-2px)}
.badge{position:absolute;top:-3px;right:-3px;min-width:21px;height:21px;padding:0 5px;border-radius:11px;border:2px solid var(--bg);background:#d33a2c;color:#fff;font-size:11px;font-weight:600;line-height:17px;text-align:center}

.panel{position:fixed;right:24px;bottom:96px;width:380px;height:600px;max-height:calc(100vh - 120px);display:flex;flex-direction:column;overflow:hidden;border-radius:16px;background:var(--bg);box-shadow:var(--shade);animation:rise .18s ease-out}
header{flex:none;display:flex;align-items:center;padding:14px 10px 14px 16px;border-bottom:1px solid var(--line)}
.face{width:38px;height:38px;margin-right:11px;border-radius:12px}
.names{flex:1;min-width:0}
h2,.owner{overflow:hidden;white-space:nowrap;text-overflow:ellipsis}
h2{font-size:15px;font-weight:600}
.owner::before{content:"";display:inline-block;width:7px;height:7px;margin-right:6px;border-radius:50%;background:#2fa36b;vertical-align:1px}
.owner[data-owner=queue]::before{background:#e0982a}
.owner[data-owner=closed]::before{background:#a3aaa7}
.human{flex:none;padding:4px 12px;border:1px solid var(--line);border-radius:15px;font-size:13px}
.human:hover:enabled{border-color:var(--dim)}
.human:disabled{opacity:.45}
.close{width:40px;height:40px;margin-left:2px;border-radius:50%;color:var(--dim)}
.close:hover,.earlier:hover,.attach:hover{background:var(--bubble)}
.banner{flex:none;padding:8px 16px;font-size:13px;background:#fdf4e3;color:#74480b}
.banner[data-kind=error]{background:#fcebe9;color:#93291f}
.banner button,.status button,.more{text-decoration:underline}

.middle{position:relative;flex:1;min-height:0;display:flex}
.log{position:relative;flex:1;min-width:0;padding:12px 16px 16px;overflow-x:hidden;overflow-y:auto;overscroll-behavior:contain}
.log:focus-visible{outline-offset:-3px}
.empty{padding:44px 12px 12px;text-align:center;color:var(--dim);font-size:14px}
.empty b{display:block;margin-bottom:4px;font-size:18px;color:var(--ink)}
.earlier{display:block;margin:0 auto 4px;padding:5px 12px;border-radius:14px}
.jump{position:absolute;bottom:10px;left:50%;transform:translateX(-50%);padding:5px 14px;border-radius:16px;font-size:13px;background:var(--bg);border:1px solid var(--line);box-shadow:var(--shade)}
.message{display:flex;flex-direction:column;align-items:flex-start;margin-top:4px}
.first{margin-top:16px}
[data-from=system]{align-items:center}
[data-from=system] + [data-from=system]{margin-top:12px}
[data-from=shopper]{align-items:flex-end}
.time{align-self:center;margin:4px 0 12px}
.time:empty{display:none}
.name{margin:0 0 4px 2px}
.bubble{max-width:85%;white-space:pre-wrap;word-break:break-word;overflow-wrap:anywhere}
.first .bubble{border-top-left-radius:5px}
[data-from=agent] .bubble{background:var(--bg);box-shadow:inset 0 0 0 1px var(--line)}
[data-from=shopper] .bubble{border-top-left-radius:16px;border-bottom-right-radius:5px}
[data-state=sending] .bubble{opacity:.72}
.bubble a{color:inherit;outline-color:currentColor}
.status{margin-top:3px;text-align:right}
[data-state=failed] .status{color:var(--bad)}
[data-from=system] .bubble{max-width:92%;padding:0;background:none;font-size:12px;color:var(--dim);text-align:center}
.choices{display:flex;flex-wrap:wrap;gap:8px;max-width:100%;margin-top:8px}
.choice{max-width:100%;padding:6px 14px;border:1px solid var(--accent);border-radius:18px;font-size:14px;text-align:left;overflow-wrap:anywhere;transition:background .12s}
.choice:hover:enabled{background:var(--accent);color:var(--on-accent)}
.choice:disabled{border-color:var(--line);color:var(--dim)}
.choice[aria-pressed=true]{border-color:var(--accent);color:var(--ink)}

.cards{display:flex;align-items:flex-start;gap:10px;width:calc(100% + 32px);margin:8px -16px 0;padding:0 16px 6px;overflow-x:auto;scroll-snap-type:x proximity;scroll-padding:0 16px;scrollbar-width:thin}
.cards .card{flex:none;width:268px;margin:0;scroll-snap-align:start}
.card{width:100%;max-width:310px;margin-top:8px;padding:12px 14px;border:1px solid var(--line);border-radius:14px;background:var(--bg);font-size:13px}
.row{display:flex;justify-content:space-between;align-items:baseline;gap:10px}
.row > :first-child,.about{min-width:0;overflow-wrap:anywhere}
.row > :last-child{flex:none;max-width:60%}
.num{font-variant-numeric:tabular-nums}
b,.tag{font-weight:600;font-size:13px}
.good{color:var(--good)} .warn{color:var(--warn)} .bad{color:var(--bad)}
.item{display:flex;gap:10px}
* + .item{margin-top:10px}
.about{flex:1}
.price{text-align:right}
.item img{flex:none;width:44px;height:44px;border-radius:8px;object-fit:cover;background:var(--bubble)}
.foot{margin-top:10px;padding-top:9px;border-top:1px solid var(--line)}
ol{margin-top:11px;padding:0;list-style:none}
li{position:relative;padding:0 0 11px 18px;overflow-wrap:anywhere}
li::before{content:"";position:absolute;left:2px;top:6px;width:7px;height:7px;border-radius:50%;background:var(--line)}
li::after{content:"";position:absolute;left:5px;top:17px;bottom:-3px;width:1px;background:var(--line)}
li:last-child{padding-bottom:0} li:last-child::after{display:none}
li:first-child{font-weight:600} li:first-child::before{background:var(--accent);box-shadow:0 0 0 3px var(--bubble)}
li time{display:block;font-weight:400}
.more{margin-top:8px}

.rating{max-width:310px;margin:20px auto 4px;padding:16px;border:1px solid var(--line);border-radius:14px;background:var(--bg);text-align:center;font-size:13px}
.rating b{font-size:14px}
.stars{display:flex;justify-content:center;margin-top:6px}
.stars label{position:relative;padding:6px;border-radius:10px;cursor:pointer;color:var(--dim)}
.stars svg{width:30px;height:30px;stroke-width:1.3;transition:transform .12s}
.stars .on,.stars:hover label{color:var(--star)}
.stars .on svg,.stars:hover svg{fill:currentColor}
.stars label:hover ~ label{color:var(--dim)}
.stars label:hover ~ label svg{fill:none}
.stars label:active svg{transform:scale(.88)}
.stars :focus-visible + svg{outline:2px solid var(--accent);outline-offset:3px;border-radius:6px}
.word{color:var(--dim)}
.opinion{display:flex;flex-direction:column;margin-top:8px}
.comment{height:60px;padding:6px 10px;border:1px solid var(--line);border-radius:10px;line-height:22px}
.comment:focus{border-color:var(--accent)}
.submit{align-self:center;margin-top:10px;padding:5px 22px;border-radius:16px;background:var(--accent);color:var(--on-accent)}
.rating .more{margin-top:0}
.thanks{margin-top:10px;padding-top:10px;border-top:1px solid var(--line)}
.said:not(:empty){margin-bottom:6px;overflow-wrap:anywhere}
.typing{display:flex;gap:4px;width:max-content;margin-top:16px;padding:14px;border-top-left-radius:5px}
.typing i{width:6px;height:6px;border-radius:50%;background:var(--dim);animation:blink 1.2s infinite}
.typing i + i{animation-delay:.15s} .typing i + i + i{animation-delay:.3s}
form{flex:none;position:relative;display:flex;flex-wrap:wrap;align-items:flex-end;padding:10px;border-top:1px solid var(--line)}
.attach{width:40px;height:40px;margin-right:4px;border-radius:50%;color:var(--dim)}
.tray{display:flex;gap:10px;width:100%;padding:6px 6px 10px;overflow-x:auto;scrollbar-width:thin}
.chosen{position:relative;flex:none}
.chosen img{display:block;width:60px;height:60px;border:1px solid var(--line);border-radius:10px;object-fit:cover;background:var(--bubble)}
.remove{position:absolute;top:-6px;right:-6px;width:24px;height:24px;border:2px solid var(--bg);border-radius:50%;background:var(--ink);color:var(--bg)}
.remove svg{width:12px;height:12px;stroke-width:3}
.photo{position:relative;width:168px;height:168px;border:1px solid var(--line);border-radius:16px;overflow:hidden;background:var(--bubble);cursor:zoom-in;font-size:12px;color:var(--dim)}
.photo + .bubble{margin-top:4px}
.photo img{display:block;width:100%;height:100%;object-fit:cover}
.photo img:not([src]){opacity:0}
.photo.unseen{padding:0 16px;cursor:pointer}
[data-state=sending] .photo::after{content:"";position:absolute;top:0;left:0;width:100%;height:100%;background:rgba(0,0,0,.35)}
.progress{position:absolute;z-index:1;left:16px;right:16px;bottom:16px;height:4px;border-radius:2px;overflow:hidden;background:rgba(255,255,255,.4)}
.progress i{display:block;width:var(--sent,0);height:100%;background:#fff;transition:width .2s}
[data-state=sent] .progress,[data-state=failed] .progress{display:none}
.drop::after{content:"";position:absolute;top:6px;right:6px;bottom:6px;left:6px;border:2px dashed var(--accent);border-radius:12px;background:var(--bg);opacity:.8;pointer-events:none}
dialog:not([open]){display:none}
dialog{position:fixed;top:0;left:0;width:100%;max-width:none;height:100%;max-height:none;padding:0;border:0;background:#0d100f;color:#fff}
dialog img{width:100%;height:100%;object-fit:contain;cursor:zoom-out}
dialog .close{position:absolute;top:calc(12px + env(safe-area-inset-top));right:12px;width:44px;height:44px;color:#fff;background:rgba(0,0,0,.45)}
dialog .close:hover{background:#000}
dialog :focus-visible{outline-color:#fff}
textarea{flex:1;min-width:0;height:40px;max-height:124px;padding:8px 0;border:0;background:none;resize:none;line-height:24px;overflow-y:auto}
textarea::placeholder{color:var(--dim);opacity:1}
textarea:focus{outline:none}
form:focus-within{box-shadow:inset 0 2px 0 var(--accent)}
.send{width:40px;height:40px;margin-left:8px;border-radius:50%}
.send:disabled{background:var(--bubble);color:var(--dim)}
.counter{position:absolute;right:58px;top:-24px;padding:1px 8px;border-radius:8px;font-size:12px;background:var(--bg);color:var(--dim)}
.counter.over{color:var(--bad);font-weight:600}

@media (max-width:480px),(max-height:440px){
.launcher{right:16px;bottom:calc(16px + env(safe-area-inset-bottom))} .panel{left:0;right:0;top:var(--top,0);bottom:auto;width:100%;height:var(--height,100%);max-height:none;border-radius:0;padding:0 env(safe-area-inset-right) 0 env(safe-area-inset-left)} .open .launcher{display:none} header{padding-top:calc(10px + env(safe-area-inset-top));padding-bottom:10px} form{padding-bottom:calc(10px + env(safe-area-inset-bottom))} .keyboard form{padding-bottom:10px} textarea{font-size:16px}}
@media (prefers-color-scheme:dark){
.root{--bg:#191c1b;--bubble:#272b2a;--ink:#e9ecea;--dim:#9da5a1;--line:#343a38;--good:#57c28e;--warn:#e2ad5b;--bad:#f0857a;--star:#f0b840;--shade:0 12px 40px rgba(0,0,0,.5),0 0 0 1px rgba(255,255,255,.07)} :focus-visible{outline-color:var(--ink)} .banner{background:#3a2f1a;color:#f2d6a2} .banner[data-kind=error]{background:#43231f;color:#f6b9b1}}
@media (prefers-reduced-motion:reduce){*{animation:none !important;transition:none !important}}
@keyframes rise{from{opacity:0;transform:translateY(10px)}}
@keyframes blink{0%,60%,100%{opacity:.3} 30%{opacity:1}}
`;

// ---- elements, built node by node: no text is ever read as markup ----

function h(tag, attributes, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes || {})) {
		if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
		else if (value != null && value !== false) element.setAttribute(name, value);
	}
	element.append(...children.filter((child) => child != null && child !== false));
	return element;
}

const div = (style, ...children) => h("div", { class: style }, ...children);

// A named part of the widget: stable for pages that theme it (::part) and for tests.
const p = (part, tag, attributes, ...children) => h(tag, { part, class: part, ...attributes }, ...children);

function icon(...lines) {
	const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
	svg.setAttribute("viewBox", "0 0 24 24");
	svg.setAttribute("aria-hidden", "true");
	for (const d of lines) svg.appendChild(document.createElementNS(svg.namespaceURI, "path")).setAttribute("d", d);
	return svg;
}
const CHAT = ["M6 4h12q2 0 2 2v8q0 2-2 2h-6l-4.5 4v-4H6q-2 0-2-2V6q0-2 2-2z", "M8.5 8.5h7M8.5 11.5h4"];
const cross = () => icon("M6 6l12 12M18 6L6 18");

// Only ASCII may belong to an address: Chinese text often follows one without a space.
function linked(text) {
	const parts = [];
	let end = 0;
	text = String(text);
	for (const match of text.matchAll(/https?:\/\/[\w\-.~:/?#[\]@!$&'()*+,;=%]+/gi)) {
		const address = match[0].replace(/[.,;:!?)\]'*]+$/, "");
		let url;
		try { url = new URL(address); } catch (e) { continue; }
		if (url.username) continue; // https://shop.example@evil.example
		parts.push(text.slice(end, match.index), h("a", { href: url.href, target: "_blank", rel: "noopener noreferrer" }, address));
		end = match.index + address.length;
	}
	return [...parts, text.slice(end)];
}

const money = (fen) => isNaN(fen) ? "" : "¥" + (fen / 100).toFixed(2).replace(/\B(?=(\d{3})+\.)/g, ",");

// As the bot's sentences: in the shop's zone.
const inShop = (at) => new Date(new Date(at).toLocaleString("en-US", { timeZone: "Asia/Shanghai" }));

function day(at) {
	const date = inShop(at);
	if (isNaN(date)) return "";
	const days = Math.round((new Date(date).setHours(0, 0, 0, 0) - inShop(new Date()).setHours(0, 0, 0, 0)) / 864e5);
	const near = { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days];
	return near ? t(near) : date.toLocaleDateString(locale, { month: "long", day: "numeric" });
}
const when = (at) => isNaN(inShop(at)) ? "" : day(at) + " " + inShop(at).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit", hour12: false });

// ---- what is remembered between pages, for each front and each customer ----

let customer;
try { customer = JSON.parse(atob(option.customerToken.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))).sub; } catch (e) { /* anonymous */ }
const keyOf = (whose) => "guitai:" + origin + ":" + whose;
const visitors = keyOf("anonymous");
const key = customer ? keyOf(customer) : visitors;
let memory = {}; // stands in where the browser forbids storage

function load() {
	try { memory = JSON.parse(localStorage.getItem(key)) || {}; } catch (e) { /* memory it is */ }
	return memory;
}
// A visitor who signs in keeps her conversation, unless she has one from before.
function known() {
	const saved = load();
	try { if (!saved.token) return JSON.parse(localStorage.getItem(visitors)) || saved; } catch (e) { /* there is none */ }
	return saved;
}
function save(change) {
	memory = { ...load(), ...change };
	try { localStorage.setItem(key, JSON.stringify(memory)); } catch (e) { /* memory it is */ }
}

// ---- state ----

let session = null; // {conversation, token}
let conversation = null; // whose messages are on the screen
let items = []; // messages on the screen, in order; those without seq come last
let cursor = 0; // everything up to this seq was received; a 202 does not move it, for replies may lie before
let oldest = 0; // messages up to this seq were not loaded
let caughtUp = false;
let state = { owner: "bot" };
let link = { open: false, since: 0 };
let problem = null; // {text, again?} shown in the banner
let isOpen = false, started = false, stopped = false;
let away = false; // the page is in the back/forward cache
let read = 0, count = 0, lastByte = 0;
let waiting = []; // callers that need a session
let woken = false;
let wake = () => { woken = true; };
let cut = () => {}; // ends the stream
let typingTimer, problemTimer;

// Sleeps until the time is over or wake() is called; a call just before counts too.
const nap = (ms) => new Promise((done) => {
	const timer = ms < Infinity && setTimeout(done, ms);
	const remember = () => { woken = true; };
	wake = () => { clearTimeout(timer); wake = remember; done(); };
	if (woken) wake();
	woken = false;
});

// ---- talking to the server ----

const failure = (status, after) => Object.assign(new Error("HTTP " + status), {
	status, after: Math.min(Number(after) || 5, 60) * 1000,
});

// The response to a call; anything but success is thrown.
async function ask(method, path, token, body, signal) {
	const headers = {};
	if (token) headers.Authorization = "Bearer " + token;
	if (body) headers["Content-Type"] = "application/json";
	const response = await fetch(api + path, {
		method, headers, body: body && JSON.stringify(body), signal, credentials: "omit", cache: "no-store",
	});
	if (response.ok) return response;
	throw failure(response.status, response.headers.get("Retry-After"));
}

async function request(method, path, token, body) {
	const abort = new AbortController();
	const timer = setTimeout(() => abort.abort(), TIMEOUT);
	try {
		return await (await ask(method, path, token, body, abort.signal)).json();
	} finally {
		clearTimeout(timer);
	}
}

const sessionReady = () => session ? Promise.resolve() : new Promise((done, fail) => {
	waiting.push(done);
	setTimeout(() => fail(new Error("no session")), TIMEOUT);
	wake();
});

// Only the older way of asking tells how much of a body has gone.
const upload = (file, token, progress) => new Promise((done, fail) => {
	const x = new XMLHttpRequest();
	x.open("POST", api + "attachments");
	x.timeout = UPLOAD;
	x.setRequestHeader("Authorization", "Bearer " + token);
	x.setRequestHeader("Content-Type", "application/octet-stream");
	x.upload.onprogress = (event) => progress(event.loaded / event.total);
	x.onload = () => x.status < 300 ? done(JSON.parse(x.response).id) : fail(failure(x.status, x.getResponseHeader("Retry-After")));
	x.onerror = x.ontimeout = () => fail(new Error("upload"));
	x.send(file);
});

const call = (method, path, body) => within((token) => request(method, path, token, body));

// A call within the session; a session that is no longer accepted is replaced once.
async function within(act) {
	for (let again = false; ; again = true) {
		await sessionReady();
		const used = session;
		try {
			return await act(used.token);
		} catch (error) {
			if (again || !LOST.includes(error.status)) throw error;
			lose(used);
		}
	}
}

function lose(used) {
	if (session !== used) return;
	session = null;
	if (load().token === used.token) save({ conversation: null, token: null });
	cut();
	wake();
}

async function begin() {
	const saved = known();
	const customerToken = option.customerToken || undefined; // the page may have put a new one there
	const ways = [[customerToken, {}]];
	// A page may stay open, or come back from the cache, longer than its customer token lives.
	if (saved.token) ways.unshift([customerToken, saved], [undefined, saved]);
	let answer, refusal;
	for (const [customer_token, old] of ways) {
		try {
			answer = await request("POST", "sessions", old.token, { customer_token, conversation: old.conversation });
			break;
		} catch (error) {
			if (!LOST.concat(REFUSED).includes(error.status)) throw error;
			refusal = error;
		}
	}
	if (!answer) throw Object.assign(refusal, { fatal: true });
	// The log is shorter than what is shown where an older backup was restored.
	if (answer.conversation !== conversation || answer.seq < cursor) reset(answer, saved);
	session = { conversation, token: answer.token };
	save({ ...session, read });
	try { if (key !== visitors && saved.conversation === conversation) localStorage.removeItem(visitors); } catch (e) { /* there is none */ }
	keepUnsent();
	waiting.forEach((done) => done());
	waiting = [];
}

function reset(answer, saved) {
	conversation = answer.conversation;
	read = saved.conversation === conversation ? Math.min(saved.read || 0, answer.seq) : 0;
	items.forEach((item) => item.seq && item.el.remove());
	items = items.filter((item) => !item.seq);
	cursor = oldest = Math.max(0, answer.seq - PAGE);
	caughtUp = false;
	state = { owner: "bot" };
	rating = null;
	drawRating();
	paint();
}

// What was said before is shown, not announced.
async function recall(after, limit, get) {
	log.setAttribute("aria-busy", "true");
	try {
		(await get("GET", `messages?after=${after}&limit=${limit}`)).items.forEach(receive);
	} finally {
		log.removeAttribute("aria-busy");
	}
}

async function history() {
	await recall(cursor, PAGE, (method, path) => request(method, path, session.token));
	caughtUp = true;
	paint();
	scrollDown();
}

async function loadEarlier() {
	earlier.disabled = true;
	log.focus({ preventScroll: true });
	const after = Math.max(0, oldest - PAGE);
	const below = log.scrollHeight - log.scrollTop;
	try {
		await recall(after, oldest - after, call);
		oldest = after;
		paint();
		log.scrollTop = log.scrollHeight - below;
	} catch (error) {
		complain(error);
	}
	earlier.disabled = false;
}

async function stream() {
	const abort = new AbortController();
	let patience = TIMEOUT;
	cut = () => abort.abort();
	lastByte = Date.now();
	// By the clock: a timer stands still while the computer sleeps.
	const timer = setInterval(() => { if (Math.abs(Date.now() - lastByte) > patience) cut(); }, 2000);
	try {
		const response = await ask("GET", "stream?after=" + cursor, session.token, null, abort.signal);
		connected(true);
		patience = SILENCE;
		const reader = response.body.getReader(), decoder = new TextDecoder(), feed = parser(on);
		for (;;) {
			const chunk = await reader.read();
			if (chunk.done) return;
			lastByte = Date.now();
			feed(decoder.decode(chunk.value, { stream: true }));
		}
	} finally {
		clearInterval(timer);
		abort.abort();
		connected(false);
	}
}

// Server-sent events, as far as we use them. A chunk may end anywhere, also between CR and LF.
function parser(emit) {
	let rest = "", name = "", data = [];
	return (chunk) => {
		const lines = (rest + chunk).split(/\r\n|\n|\r(?!$)/);
		rest = lines.pop();
		for (const line of lines) {
			if (line === "") {
				if (data.length) emit(name, data.join("\n"));
				name = "";
				data = [];
			} else {
				const [, field, value] = /^([^:]*):? ?([^]*)$/.exec(line);
				if (field === "event") name = value;
				if (field === "data") data.push(value);
			}
		}
	};
}

function on(name, data) {
	const body = JSON.parse(data);
	if (name === "message") arrive(body);
	if (name === "typing") showTyping(body.from);
	if (name === "state") {
		state = body;
		if (state.owner !== "bot" && typing.dataset.from === "bot") showTyping(null);
		paint();
	}
	if (name === "rating") {
		kept = body;
		if (!giving || !body) rating = body; // what is being chosen here is newer
		drawRating();
	}
}

// Hidden pages hold no connection: over HTTP/1 a browser allows only six to one server.
const dormant = () => away || (document.hidden && !isOpen && ["bot", "closed"].includes(state.owner));

async function run() {
	if (started) return wake();
	started = true;
	link.since = Date.now();
	let failures = 0, renewed = false;
	while (!stopped) {
		if (dormant()) {
			await nap(Infinity);
			link.since = Date.now();
			continue;
		}
		let wait = 0, opened = 0;
		try {
			if (!session) await begin();
			if (!caughtUp) await history();
			setTimeout(paint, 2100); // the banner, should the connection still be missing by then
			opened = Date.now();
			await stream();
		} catch (error) {
			if (error.status === 409 && session && !renewed) { // more is shown than there is: the session tells how much
				renewed = true;
				session = null;
				continue;
			}
			if (LOST.includes(error.status) && session && !renewed) {
				renewed = true;
				lose(session);
				continue;
			}
			if (error.fatal || LOST.includes(error.status)) {
				session = null;
				problem = { text: t("reload"), again: true };
				paint();
				await nap(Infinity);
				problem = null;
				renewed = false;
				continue;
			}
			if (error.status === 429) wait = error.after;
		}
		if (opened && Date.now() - opened > 5000) {
			failures = 0;
			renewed = false;
		}
		if (stopped || dormant()) continue;
		setTimeout(paint, 2100);
		await nap(wait || Math.min(500 * 2 ** failures++, 10000) * (0.5 + Math.random() / 2));
	}
}

function connected(open) {
	if (open === link.open) return;
	link = { open, since: Date.now() };
	if (open) items.filter((item) => item.auto).forEach(resend);
	paint();
}

// ---- messages ----

const inOrder = (a, b) => (a.seq || Infinity) - (b.seq || Infinity) || a.n - b.n;

// Puts an item into its place; it moves only when it must, so that it is announced once.
function place(item) {
	items = items.filter((other) => other !== item).concat(item).sort(inOrder);
	const after = items[items.indexOf(item) + 1];
	const next = after ? after.el : typing;
	if (item.el.nextSibling !== next) log.insertBefore(item.el, next);
}

function receive(message) {
	const { seq, at, from, name, text, buttons, card, cards, attachment, client_id } = message;
	if (!(seq > 0) || items.some((item) => item.seq === seq)) return;
	const mine = from === "shopper" && client_id && items.find((item) => item.client_id === client_id);
	try {
		if (mine) accepted(mine, seq);
		else add({ seq, at, from, name, text, buttons, card, cards, attachment, client_id });
	} catch (e) {
		console.warn("guitai: message " + seq + " not shown", e);
	}
	cursor = Math.max(cursor, seq);
}

function arrive(message) {
	const stick = nearEnd();
	receive(message);
	if (message.from !== "shopper") showTyping(null);
	paint();
	if (stick) scrollDown();
	else if (message.from !== "shopper") jump.hidden = false;
}

function add(item) {
	item.n = ++count;
	item.el = draw(item);
	place(item);
}

function accepted(item, seq) {
	if (item.seq) return;
	Object.assign(item, { seq, state: "sent", auto: false });
	place(item);
	keepUnsent();
}

function say(text, payload, file) {
	const client_id = Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
	add({ client_id, text, payload, file, from: "shopper", at: new Date().toISOString(), state: "sending" });
	keepUnsent();
	if (state.owner === "bot") showTyping("bot");
	paint();
	scrollDown();
	run();
	pump();
}

let pumping = false;
// One after the other, so that messages are stored in the order in which they were written.
async function pump() {
	if (pumping) return;
	pumping = true;
	let item;
	while (!stopped && (item = items.find((other) => other.state === "sending"))) {
		await deliver(item);
		paint();
	}
	pumping = false;
}

async function deliver(item) {
	const { client_id, text, payload, file } = item;
	try {
		if (file && item.home !== (session || {}).conversation) {
			item.attachment = await within((token) => upload(file, token, (part) => item.el.style.setProperty("--sent", part * 100 + "%")));
			item.home = session && session.conversation;
			keepUnsent();
		}
		const { attachment } = item;
		const answer = await call("POST", "messages", payload ? { client_id, payload } : { client_id, text: text || undefined, attachment });
		return accepted(item, answer.seq);
	} catch (error) {
		if (item.seq) return; // the stream brought it meanwhile
		const busy = error.status === 429 && t("busy");
		const refused = REFUSED.includes(error.status);
		if (busy && !item.waited) {
			item.waited = item.error = busy;
			paint();
			await new Promise((done) => setTimeout(done, error.after));
			item.error = "";
			return;
		}
		Object.assign(item, {
			state: "failed", waited: false, auto: !(error.status < 500), error: refused ? t(file ? "badPicture" : "refused") : busy || "", refused,
		});
		keepUnsent();
		if (typing.dataset.from === "bot") showTyping(null);
	}
}

function resend(item) {
	Object.assign(item, { state: "sending", auto: false, error: "" });
	paint();
	run();
	pump();
}

// What was not accepted yet survives leaving the page. What other tabs have not sent yet is theirs, and stays.
function keepUnsent() {
	const others = (load().unsent || []).filter((message) => !items.some((item) => item.client_id === message.client_id));
	const mine = items.filter((item) => item.client_id && !item.seq && !item.refused && (item.text || item.attachment));
	save({ unsent: others.concat(mine.map(({ client_id, text, payload, attachment, at }) => ({ client_id, text, payload, attachment, at }))) });
}

// The button in the header: asks for a person, and ends the service when one is there.
let sure; // runs while the second tap is awaited
async function humanOrEnd() {
	const path = state.owner === "agent" ? "close" : "human";
	clearTimeout(sure);
	if (path === "close" && !sure) {
		sure = setTimeout(() => { sure = 0; paint(); }, 4000);
		return paint();
	}
	sure = 0;
	human.disabled = true;
	refocus();
	run();
	try { await call("POST", path); } catch (error) { complain(error); }
	paint();
}

const complain = (error) => tell(error.status === 429 ? "busy" : "failed");

function tell(key) {
	problem = { text: t(key) };
	clearTimeout(problemTimer);
	problemTimer = setTimeout(() => { if (problem && !problem.again) problem = null; paint(); }, 6000);
	paint();
}

function showTyping(from) {
	clearTimeout(typingTimer);
	const stick = nearEnd();
	typing.hidden = !from;
	typing.dataset.from = from || "";
	if (!from) return;
	typingTimer = setTimeout(() => showTyping(null), 10000);
	if (stick) scrollDown();
}

// ---- drawing ----

function draw(item) {
	const el = p("message", "div", { "data-from": item.from });
	item.time = div("time");
	const person = { shopper: t("you"), bot: item.name || t("bot"), agent: (item.name ? item.name + " · " : "") + t("agent") }[item.from];
	item.label = div(item.from === "shopper" ? "sr" : "name", person || "");
	el.append(item.time, item.label);
	const cards = (item.cards || [item.card]).filter((data) => data && CARDS[data.kind]).map((data) => CARDS[data.kind](data));
	const buttons = item.buttons || [];
	const shown = item.file || item.attachment;
	if (shown) el.append(photo(item));
	const text = item.text || (shown || cards.length || buttons.length ? "" : t("unknown"));
	if (text) el.append(p("bubble", "div", null, ...linked(text)));
	if (cards.length > 1) el.append(p("cards", "div", { role: "group", tabindex: 0, "aria-label": t("cards") }, ...cards));
	else el.append(...cards);
	item.choices = buttons.map((button) =>
		p("choice", "button", { onclick: () => {
			if (answerTo(item, button)) return;
			say(button.title, button.payload);
			refocus();
		} }, button.title));
	if (buttons.length) el.append(p("choices", "div", { role: "group" }, ...item.choices));
	item.status = p("status", "div", { hidden: true });
	el.append(item.status);
	return el;
}

// A picture is asked for with the session's token, which no img element could send.
function photo(item) {
	const img = h("img", { alt: t("photo") });
	const note = h("span", { hidden: true }, t("unseen"));
	const button = p("photo", "button", { type: "button", "aria-label": t("enlarge"), onclick: () => img.src ? enlarge(img.src) : show() },
		img, note, item.file && div("progress", h("i")));
	async function show() {
		try {
			if (!item.file) await sessionReady();
			const blob = item.file || await (await ask("GET", "attachments/" + item.attachment, session.token)).blob();
			img.src = URL.createObjectURL(blob);
		} catch (e) { /* it may be tried again */ }
		img.hidden = !img.src;
		note.hidden = !!img.src;
		button.classList.toggle("unseen", !img.src);
		button.setAttribute("aria-label", t(img.src ? "enlarge" : "unseen"));
	}
	show();
	return button;
}

function enlarge(src) {
	viewer.firstChild.src = src;
	if (viewer.showModal) viewer.showModal();
	else viewer.setAttribute("open", ""); // Safari before 15.4
}

// What the service itself offers holds until it is taken, whatever is said meanwhile; some of it not for every owner.
const MOOT = { "guitai:leave_queue": ["bot", "agent", "closed"], "guitai:human": ["queue", "agent"] };
const answerTo = (item, { payload, title }) => items.slice(items.indexOf(item) + 1).find((other) =>
	other.from === "shopper" && (!payload.startsWith("guitai:") || other.text === title));

const TONES = { pending_payment: "warn", exception: "bad", cancelled: "dim", completed: "dim", open: "warn", waiting: "warn", closed: "dim" };
const tag = (card) => div("tag " + (TONES[card.status] || "good"), card.status_text || "");
const card = (data, ...children) => p("card", "div", { "data-kind": data.kind, role: "group" }, ...children);

function picture(address) {
	let url;
	try { url = new URL(address, location.href); } catch (e) { return null; }
	if (!address || !/^https?:$/.test(url.protocol)) return null;
	return h("img", { src: url.href, alt: "", loading: "lazy", referrerpolicy: "no-referrer", onerror: (event) => event.target.remove() });
}

const line = (item, aside) => div("item",
	picture(item.image),
	div("about", item.name, item.spec && div("dim", item.spec)),
	div("price num", item.price_fen >= 0 && money(item.price_fen), div("dim", aside)));
const dated = (key, at) => at && div("row", div("dim", t(key)), div("num", when(at)));
const pieces = (item) => line(item, "×" + (item.qty || 1));

const CARDS = {
	__proto__: null,
	product(data) {
		return card(data, line({ ...data, spec: data.summary }, data.stock_text));
	},
	return(data) {
		const to = data.return_address;
		return card(data,
			div("row", h("b", null, data.title), tag(data)),
			div("dim num", t("order") + " " + data.order_no),
			...(data.items || []).map(pieces),
			data.target && div("foot", t("target"), pieces(data.target)),
			data.refund_fen > 0 && div("row foot", div("dim", t("refund")), h("b", { class: "num" }, money(data.refund_fen))),
			to && div("foot", div("dim", t("sendTo")), `${to.name} ${to.phone}`, div("", to.text)));
	},
	ticket(data) {
		return card(data,
			div("row", div("dim num", t("ticket") + " " + data.ticket_no), tag(data)),
			div("about", data.title),
			div("foot", dated("due", data.due_at), dated("updated", data.updated_at)));
	},
	order(data) {
		const goods = data.items || [];
		const count = goods.reduce((sum, item) => sum + (item.qty || 1), 0);
		return card(data,
			div("row", div("dim num", t("order") + " " + (data.order_no || "")), tag(data)),
			...goods.slice(0, 3).map(pieces),
			div("row foot",
				div("dim num", data.placed_at ? when(data.placed_at) : ""),
				div("num", h("span", { class: "dim" }, t("items", count) + " "), h("b", null, money(data.total_fen)))));
	},
	logistics(data) {
		const rows = (data.events || []).map((event) => h("li", null,
			[event.place, event.text].filter(Boolean).join(" · "), event.at && h("time", { class: "num" }, when(event.at))));
		const rest = rows.splice(3);
		const list = h("ol", null, ...rows);
		const more = p("more", "button", { hidden: !rest.length, onclick: () => {
			list.append(...rest);
			more.remove();
		} }, t("more", rest.length));
		return card(data,
			div("row", h("b", null, data.courier || ""), tag(data)),
			div("dim num", data.tracking_no || ""),
			data.expected_at && div("dim", t("expected") + " " + day(data.expected_at)),
			rows.length > 0 && list,
			more);
	},
};

// Brings the screen in line with the state.
function paint() {
	let before = null;
	items.forEach((item) => {
		const gap = !before || new Date(item.at) - new Date(before.at) > 3e5;
		item.time.textContent = gap ? when(item.at) : "";
		const first = gap || before.from !== item.from || before.name !== item.name;
		item.el.classList.toggle("first", first);
		if (item.seq) item.el.dataset.seq = item.seq;
		item.label.hidden = !first || item.from === "system";
		if (item.state) {
			item.el.dataset.state = item.state;
			drawStatus(item);
		}
		item.choices.forEach((choice, n) => {
			const button = item.buttons[n], answer = answerTo(item, button);
			choice.disabled = !!answer || (MOOT[button.payload] || []).includes(state.owner);
			choice.setAttribute("aria-pressed", !!answer && answer.text === button.title);
		});
		before = item;
	});
	empty.hidden = items.length > 0 || !(caughtUp || !session);
	earlier.hidden = !(caughtUp && oldest > 0);

	owner.dataset.owner = state.owner;
	const agent = state.owner === "agent" && (state.agent || (items.filter((item) => item.from === "agent").pop() || {}).name);
	owner.textContent = (agent ? agent + " · " : "") + t(state.owner);
	human.disabled = state.owner === "queue";
	human.textContent = t(state.owner !== "agent" ? "human" : sure ? "sure" : "end");
	input.placeholder = t(state.owner === "closed" ? "again" : "placeholder");
	drawBanner();

	if (isOpen && !document.hidden && caughtUp && cursor > read) {
		read = cursor;
		save({ read });
	}
	const unread = items.filter((item) => item.seq > read && (item.from === "bot" || item.from === "agent")).length;
	badge.hidden = !unread;
	badge.textContent = unread > 99 ? "99+" : unread;
	launcher.setAttribute("aria-label", isOpen ? t("close") : unread ? t("open") + " · " + t("unread", unread) : t("open"));
}

function drawStatus(item) {
	const text = { sending: item.error || "", failed: item.error || t("unsent"), sent: "" }[item.state];
	const can = item.state === "failed" && !item.refused;
	if (item.drawn === text + can) return;
	item.drawn = text + can;
	item.status.textContent = text;
	item.status.hidden = !text;
	if (can) item.status.append(" · ", p("retry", "button", { onclick: () => { resend(item); refocus(); } }, t("retry")));
}

function drawBanner() {
	let kind = "", text = "";
	if (problem) [kind, text] = ["error", problem.text];
	else if (started && !link.open && !navigator.onLine) [kind, text] = ["offline", t("offline")];
	else if (started && !link.open && Date.now() - link.since > 2000) [kind, text] = ["offline", t("connecting")];
	else if (state.owner === "queue") {
		kind = "queue";
		text = state.position > 1 ? t("ahead", state.position - 1) : state.position ? t("next") : t("queue");
		if (state.wait > 0) text += (lang === "zh" ? "，" : ", ") + t("wait", Math.ceil(state.wait / 60));
	}
	if ((banner.dataset.kind || "") === kind && (banner.dataset.text || "") === text) return;
	const stick = nearEnd();
	Object.assign(banner.dataset, { kind, text });
	banner.hidden = !kind;
	banner.textContent = text;
	if (problem && problem.again) banner.append(" ", h("button", { onclick: () => wake() }, t("retry")));
	if (stick) scrollDown();
}

// ---- the rating of a service that has ended ----

let rating = null; // {seq, by, name, score, comment} as shown; null: there is nothing to rate
let kept = null; // the same as the server has it
let giving = false, commenting = false;

// The card stands behind the service's last message, and does not move when the shopper writes on.
function drawRating() {
	rate.hidden = !rating;
	if (!rating) return;
	const stick = nearEnd();
	const next = items.find((item) => !(item.seq <= rating.seq));
	const after = next ? next.el : typing;
	if (rate.nextSibling !== after) log.insertBefore(rate, after);
	question.textContent = rating.by === "agent" && rating.name ? t("rateBy", rating.name) : t("rate");
	stars.forEach((star, n) => {
		star.firstChild.checked = rating.score === n + 1;
		star.classList.toggle("on", n < rating.score);
	});
	word.textContent = rating.score ? SCORES[rating.score - 1] : "";
	opinion.hidden = !rating.score || !commenting;
	thanks.hidden = !kept.score || commenting;
	said.textContent = kept.comment || "";
	revise.textContent = t(kept.comment ? "change" : "add");
	if (stick) scrollDown();
}

function openComment() {
	if (!commenting) comment.value = rating.comment || "";
	commenting = true;
}

// One call after the other; what was chosen meanwhile goes with the next.
async function giveRating(change) {
	rating = { ...rating, ...change };
	drawRating();
	if (giving) return;
	giving = true;
	try {
		let sent;
		do {
			sent = rating;
			kept = await call("POST", "rating", { score: sent.score, comment: sent.comment });
		} while (rating && rating !== sent);
		rating = kept;
	} catch (error) {
		if (error.status === 409) {
			kept = null;
			tell("late");
		} else {
			commenting = commenting || rating.comment !== kept.comment; // her words are still there to be sent
			complain(error);
		}
		rating = kept;
	}
	giving = false;
	drawRating();
}

// A pressed button that is disabled or removed must not take the focus out of the chat with it. On a touch screen the
// keyboard would at once cover what was said.
const refocus = () => (matchMedia("(pointer: coarse)").matches ? panel : input).focus({ preventScroll: true });
const nearEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 80;
function scrollDown() {
	log.scrollTop = log.scrollHeight;
	jump.hidden = true;
}

// ---- the frame ----

const root = h("div", { class: "root", lang: locale });
const owner = p("owner", "div");
const human = p("human", "button", { onclick: humanOrEnd });
const close = p("close", "button", { "aria-label": t("close"), title: t("close"), onclick: () => toggle(false) }, cross());
const banner = p("banner", "div", { role: "status", hidden: true });
const earlier = p("earlier", "button", { hidden: true, onclick: loadEarlier }, t("earlier"));
const empty = p("empty", "div", null, h("b", null, t("greeting")), t("hint"));
const typing = p("typing", "div", { hidden: true, "aria-hidden": true }, h("i"), h("i"), h("i"));
const log = p("log", "div", { role: "log", "aria-live": "polite", "aria-label": t("log"), tabindex: 0 }, earlier, empty, typing);
const SCORES = t("scores").split(",");
const question = h("b", { id: "question" });
const stars = SCORES.map((score, n) => h("label", { part: "star" },
	h("input", { type: "radio", name: "score", class: "sr", "aria-label": t("star", n + 1) + score, onchange: () => {
		openComment();
		giveRating({ score: n + 1 });
	} }),
	icon("M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9-4.3-4.1 5.9-.8z")));
const word = h("div", { class: "word", "aria-hidden": true });
const comment = p("comment", "textarea", { rows: 2, maxlength: 500, "aria-label": t("comment"), placeholder: t("comment") });
const opinion = div("opinion", comment, p("submit", "button", { type: "button", onclick: () => {
	commenting = false;
	giveRating({ comment: comment.value.trim() || null });
	if (thanks.hidden) refocus();
	else revise.focus({ preventScroll: true });
} }, t("submit")));
const said = div("said");
const revise = h("button", { type: "button", class: "more", onclick: () => {
	openComment();
	drawRating();
	comment.focus();
} });
const thanks = h("div", { class: "thanks", role: "status" }, said, t("thanks") + " ", revise);
const rate = p("rating", "div", { hidden: true, role: "group", "aria-labelledby": "question" },
	question, h("div", { class: "stars", role: "radiogroup", "aria-labelledby": "question" }, ...stars), word, opinion, thanks);
log.insertBefore(rate, typing);
const jump = p("jump", "button", { hidden: true, onclick: () => { scrollDown(); refocus(); } }, t("jump"), " ↓");
const input = p("input", "textarea", { rows: 1, "aria-label": t("placeholder"), enterkeyhint: "send" });
const counter = p("counter", "div", { hidden: true });
let chosen = []; // pictures that go with the next message: {file, el}
const tray = p("tray", "div", { hidden: true });
const files = h("input", { type: "file", accept: PICTURES.join(), multiple: true, hidden: true, onchange: () => { choose(files.files); files.value = ""; } });
const attach = p("attach", "button", { type: "button", "aria-label": t("attach"), title: t("attach"), onclick: () => files.click() },
	icon("M5 5h14q2 0 2 2v10q0 2-2 2H5q-2 0-2-2V7q0-2 2-2z", "M3.5 17l5-5 4 4 3-3 5 5", "M15.5 9.5h.01"));
const viewer = p("viewer", "dialog", { "aria-label": t("photo"), onclick: () => viewer.close ? viewer.close() : viewer.removeAttribute("open") },
	h("img", { alt: t("photo") }), h("button", { class: "close", type: "button", "aria-label": t("close") }, cross()));
const send = p("send", "button", { "aria-label": t("send"), title: t("send"), disabled: true }, icon("M12 19V5M6 11l6-6 6 6"));
const title = option.title || t("title");
const panel = p("panel", "section", { role: "dialog", "aria-label": title, id: "panel", tabindex: -1, hidden: true },
	h("header", null, div("face", icon(...CHAT)), div("names", h("h2", null, title), owner), human, close),
	banner,
	div("middle", log, jump),
	h("form", { onsubmit: (event) => { event.preventDefault(); submit(); } }, tray, attach, files, input, counter, send));
const badge = p("badge", "span", { hidden: true, "aria-hidden": true });
const launcher = p("launcher", "button", {
	"aria-haspopup": "dialog", "aria-controls": "panel", onclick: () => toggle(!isOpen),
});
root.append(panel, launcher, viewer);

function toggle(open, focus = true) {
	isOpen = open;
	panel.hidden = !open;
	root.classList.toggle("open", open);
	launcher.setAttribute("aria-expanded", open);
	panel.setAttribute("aria-modal", innerWidth <= 480); // it covers the page then
	launcher.textContent = "";
	launcher.append(icon(...(open ? ["M6 9.5l6 6 6-6"] : CHAT)), badge);
	if (open) run();
	paint();
	if (open) {
		fit();
		scrollDown();
		if (focus) refocus();
	} else if (focus) launcher.focus({ preventScroll: true });
}

function submit() {
	const text = input.value.trim();
	if (send.disabled) return;
	const pictures = chosen;
	input.value = "";
	chosen = [];
	typed();
	// What was written belongs to the first picture; each picture is a message.
	(pictures.length ? pictures : [{}]).forEach(({ file }, n) => say(n ? "" : text, undefined, file));
	input.focus({ preventScroll: true });
}

function choose(list) {
	for (const file of list) {
		if (file.size > PICTURE_MAX || (file.type && !PICTURES.includes(file.type))) {
			tell("notPicture");
			continue;
		}
		const picture = { file };
		picture.el = div("chosen", h("img", { alt: file.name, src: URL.createObjectURL(file) }),
			p("remove", "button", { type: "button", "aria-label": t("remove"), onclick: () => {
				chosen = chosen.filter((other) => other !== picture);
				typed();
				input.focus({ preventScroll: true });
			} }, cross()));
		chosen.push(picture);
	}
	typed();
	input.focus({ preventScroll: true });
}

function typed() {
	const length = [...input.value.trim()].length;
	const over = length > TEXT_MAX;
	send.disabled = !(length || chosen.length) || over;
	tray.hidden = !chosen.length;
	tray.textContent = "";
	tray.append(...chosen.map((picture) => picture.el));
	counter.hidden = length <= TEXT_MAX - 200;
	counter.textContent = length + " / " + TEXT_MAX + (over ? " · " + t("tooLong") : "");
	counter.classList.toggle("over", over);
	const stick = nearEnd();
	input.style.height = "auto";
	input.style.height = Math.min(input.scrollHeight, 124) + "px";
	if (stick) scrollDown();
}

// A phone's keyboard covers the page without resizing it.
function fit() {
	const view = window.visualViewport;
	if (!view || !isOpen) return;
	const stick = nearEnd();
	root.style.setProperty("--top", view.offsetTop + "px");
	root.style.setProperty("--height", view.height + "px");
	root.classList.toggle("keyboard", window.innerHeight - view.height > 100);
	if (stick) log.scrollTop = log.scrollHeight;
}

function colour() {
	if (!option.color || !CSS.supports("color", option.color)) return;
	root.style.setProperty("--accent", option.color);
	const [r, g, b] = getComputedStyle(launcher).backgroundColor.match(/[\d.]+/g).map((c) => (c / 255) ** 2.2);
	if (0.2126 * r + 0.7152 * g + 0.0722 * b > 0.35) root.style.setProperty("--on-accent", "#16191a");
}

function mount() {
	const former = document.getElementById("guitai-widget");
	if (former) {
		former.dispatchEvent(new Event("guitai-stop"));
		former.remove();
	}
	const host = h("div", { id: "guitai-widget" });
	const shadow = host.attachShadow({ mode: "open" });
	try {
		const sheet = new CSSStyleSheet(); // unlike a style element, allowed under any content security policy
		sheet.replaceSync(STYLE);
		shadow.adoptedStyleSheets = [sheet];
	} catch (e) {
		shadow.append(h("style", null, STYLE));
	}
	shadow.append(root);
	document.body.append(host);
	colour();

	const listen = (target, type, listener) => target.addEventListener(type, (event) => stopped || listener(event));
	host.addEventListener("guitai-stop", () => {
		stopped = true;
		cut();
		wake();
	});

	const composing = (event) => event.isComposing || event.keyCode === 229; // keys that belong to an input method
	input.addEventListener("input", typed);
	input.addEventListener("keydown", (event) => {
		if (event.key !== "Enter" || event.shiftKey || composing(event)) return;
		event.preventDefault();
		submit();
	});
	// A spreadsheet's cells come as text and as a picture of it: the text is meant.
	input.addEventListener("paste", (event) => {
		const { files, types } = event.clipboardData;
		if (!files.length || types.includes("text/plain")) return;
		event.preventDefault();
		choose(files);
	});
	for (const type of ["dragover", "dragleave", "drop"]) panel.addEventListener(type, (event) => {
		const { types, files } = event.dataTransfer;
		if (!types.includes("Files")) return;
		event.preventDefault();
		panel.classList.toggle("drop", type === "dragover");
		if (type === "drop") choose(files);
	});
	panel.addEventListener("keydown", (event) => { if (event.key === "Escape" && !composing(event)) toggle(false); });
	// The page sees keys as coming from a div, and would take them for its shortcuts.
	for (const type of ["keydown", "keypress", "keyup"]) root.addEventListener(type, (event) => event.stopPropagation());
	log.addEventListener("scroll", () => { if (nearEnd()) jump.hidden = true; }, { passive: true });

	for (const type of ["online", "offline"]) listen(window, type, () => { cut(); wake(); paint(); });
	listen(window, "pagehide", () => { away = true; cut(); });
	listen(window, "pageshow", () => { away = false; wake(); });
	listen(document, "visibilitychange", () => {
		if (document.hidden) return setTimeout(() => { if (dormant()) cut(); }, 30000);
		if (link.open && Date.now() - lastByte > 30000) cut(); // slept through a ping
		wake();
		paint();
	});
	for (const type of ["resize", "scroll"]) if (window.visualViewport) listen(visualViewport, type, fit);

	// Another tab has read on, or has begun the conversation.
	listen(window, "storage", (event) => {
		if (event.key !== key) return;
		const saved = load();
		if (saved.conversation === conversation) read = Math.max(read, saved.read || 0);
		if (saved.token) run();
		paint();
	});

	const saved = known();
	(saved.unsent || []).forEach((message) => add({ ...message, from: "shopper", state: "failed" }));
	toggle("open" in option, false);
	if (saved.token) run();
}

if (document.body) mount();
else document.addEventListener("DOMContentLoaded", mount);
})();

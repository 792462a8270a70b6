// A phone with the chat of one account. It polls: the simulator stands beside it on the same machine.
"use strict";

const $ = (id) => document.getElementById(id);
const screen = $("screen");
const kinds = { official: "公众号", miniprogram: "小程序", wecom: "微信客服" };
const phones = {}; // of each account, who chats with it
let account, openid, seen = 0, typing = null, lastTime = 0;

async function call(path, body) {
  const options = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(`/simulator${path}`, options || {});
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

const mine = (path = "") => `/accounts/${account.id}/followers/${openid}${path}`;

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

// A link that opens a page in the phone's browser.
function leading(link, url) {
  link.href = `/simulator${mine("/opens")}?url=${encodeURIComponent(url)}`;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  return link;
}

// Text with links: WeChat's own send a message as if it had been typed, others open in the phone's browser.
function fill(bubble, text) {
  const link = /<a href="(weixin:\/\/bizmsgmenu\?msgmenucontent=([^"&]*)&msgmenuid=([^"]*)|https?:\/\/[^"]*)">([^<]*)<\/a>/g;
  const plain = (part) => new DOMParser().parseFromString(part, "text/html").documentElement.textContent;
  let last = 0;
  for (const [whole, address, words, menuId, title] of text.matchAll(link)) {
    const start = text.indexOf(whole, last);
    bubble.append(text.slice(last, start));
    const shown = bubble.appendChild(make("a", "", plain(title)));
    if (menuId === undefined) {
      leading(shown, plain(address));
    } else {
      shown.href = "#";
      shown.addEventListener("click", (event) => {
        event.preventDefault();
        say(plain(words), menuId);
      });
    }
    last = start + whole.length;
  }
  bubble.append(text.slice(last));
}

function bubbleOf(message) {
  const bubble = make("div", "bubble");
  if (message.msgtype === "text") {
    fill(bubble, message.text.content);
  } else if (message.msgtype === "msgmenu") {
    bubble.append(make("div", "", message.msgmenu.head_content));
    const items = bubble.appendChild(make("div", "items"));
    for (const item of message.msgmenu.list) {
      const button = items.appendChild(make("button", "item", item.content));
      button.type = "button";
      button.addEventListener("click", () => say(item.content, item.id));
    }
    if (message.msgmenu.tail_content) bubble.append(make("div", "tail", message.msgmenu.tail_content));
  } else if (message.msgtype === "image") {
    bubble.classList.add("picture");
    const image = bubble.appendChild(make("img"));
    image.alt = "图片";
    image.src = `/simulator/accounts/${account.id}/media/${message.image.media_id}`;
  } else if (message.msgtype === "template") {
    for (const [, { value }] of Object.entries(message.template.data)) bubble.append(make("div", "", value));
  }
  return bubble;
}

function show(entry) {
  const at = new Date(entry.at);
  if (at - lastTime > 5 * 60000) {
    screen.append(make("div", "time", at.toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit" })));
  }
  lastTime = at;
  if (entry.message.msgtype === "transfer_customer_service") {
    screen.append(make("div", "notice", "已转到微信自带的客服"));
    return;
  }
  const row = screen.appendChild(make("div", entry.mine ? "row mine" : "row"));
  row.dataset.from = entry.mine ? "me" : "account";
  row.append(make("div", "face", entry.mine ? "我" : account.name.slice(0, 1)), bubbleOf(entry.message));
  if (!entry.mine) $("way").textContent = entry.passive ? "随消息直接回复" : "客服消息接口";
}

async function look() {
  const here = mine();
  const phone = await call(`${here}?after=${seen}`);
  if (here !== mine()) return; // another account was chosen meanwhile
  const atEnd = screen.scrollHeight - screen.scrollTop - screen.clientHeight < 80;
  // Two looks may be under way at once, and bring the same.
  const fresh = phone.screen.filter((entry) => entry.number > seen);
  for (const entry of fresh) {
    show(entry);
    seen = entry.number;
  }
  if (fresh.length && atEnd) screen.scrollTop = screen.scrollHeight;
  if (phone.typing !== typing) $("title").textContent = (typing = phone.typing) ? "对方正在输入…" : account.name;
  const left = Object.values(phone.left).reduce((sum, one) => sum + one, 0);
  $("left").textContent = `${left} 条`;
  const leaves = account.joins === "subscribe" && phone.follows;
  $("leave").textContent = leaves ? "取消关注" : account.joins === "subscribe" ? "重新关注" : "重新进入会话";
  $("leave").dataset.event = leaves ? "unsubscribe" : account.joins;
}

async function say(text, menuId = "") {
  if (!text.trim()) return;
  await ready;
  try {
    await call(mine("/says"), { text, menu_id: menuId });
  } catch {
    screen.append(make("div", "notice", "消息没有发出：关注后才能发，每条最多 2000 字"));
  }
  await look();
  screen.scrollTop = screen.scrollHeight;
}

async function begin(anew) {
  const accounts = await call("/accounts");
  account = accounts.find(({ id }) => id === sessionStorage.getItem("account")) || accounts[0];
  $("title").textContent = account.name;
  openid = anew ? null : phones[account.id] || sessionStorage.getItem("openid");
  if (openid) openid = await call(mine()).then(() => openid, () => null);
  if (!openid) ({ openid } = await call(`/accounts/${account.id}/followers`, { name: "顾客" }));
  phones[account.id] = openid;
  sessionStorage.setItem("openid", openid);
  sessionStorage.setItem("account", account.id);
  seen = 0;
  lastTime = 0;
  typing = null;
  $("way").textContent = "–";
  offer(accounts);
  screen.replaceChildren();
  $("menu").replaceChildren(...account.menu.map(({ name, key, url }) => {
    if (url) return leading(make("a", "", name), url);
    const button = make("button", "", name);
    button.type = "button";
    button.addEventListener("click", () => call(mine("/does"), { event: "CLICK", key }));
    return button;
  }));
  for (const button of document.querySelectorAll("[data-desk]")) button.hidden = account.kind === "wecom";
  $("toggle").hidden = !account.menu.length;
  $("menu").hidden ||= !account.menu.length;
}

// The accounts to choose from, beside the phone and, where that has no room, behind its 「···」.
function offer(accounts) {
  for (const place of [$("accounts"), $("sheet")]) {
    place.replaceChildren(...accounts.map(({ id, kind }) => {
      const button = make("button", "", kinds[kind]);
      button.type = "button";
      button.setAttribute("aria-pressed", id === account.id);
      button.addEventListener("click", () => choose(id));
      return button;
    }));
  }
  $("accounts").hidden = $("more").disabled = accounts.length < 2;
}

async function choose(id) {
  $("sheet").hidden = true;
  $("more").setAttribute("aria-expanded", false);
  if (id === account.id) return;
  sessionStorage.setItem("account", id);
  sessionStorage.removeItem("openid");
  await begin(false);
  await look();
}

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value;
  $("text").value = "";
  say(text);
});
$("toggle").addEventListener("click", () => {
  const atEnd = screen.scrollHeight - screen.scrollTop - screen.clientHeight < 80;
  $("menu").hidden = !$("menu").hidden;
  if (atEnd) screen.scrollTop = screen.scrollHeight;
});
$("more").addEventListener("click", () => {
  $("sheet").hidden = !$("sheet").hidden;
  $("more").setAttribute("aria-expanded", !$("sheet").hidden);
});
$("anew").addEventListener("click", () => begin(true));
$("leave").addEventListener("click", () => {
  call(mine("/does"), { event: $("leave").dataset.event });
});
for (const button of document.querySelectorAll("[data-desk]")) {
  button.addEventListener("click", () => call(mine("/does"), { event: button.dataset.desk }));
}
$("picture").addEventListener("change", () => {
  const [file] = $("picture").files;
  $("picture").value = "";
  if (!file) return;
  const reader = new FileReader();
  reader.addEventListener("load", () => call(mine("/says"), { picture: reader.result.split(",")[1] }));
  reader.readAsDataURL(file);
});

const ready = begin(false);
(async () => {
  await ready;
  for (;;) {
    await look().catch(() => {});
    await new Promise((done) => setTimeout(done, 400));
  }
})();

// The open conversation in the browser alone: writing, what is on its way, canned replies, deadlines.

// <answer-due at data-warned>: how long there is until then, or since.
class AnswerDue extends HTMLElement {
  static observedAttributes = ["at", "data-warned"];
  static all = new Set();
  connectedCallback() {
    AnswerDue.all.add(this);
    this.tick();
  }
  disconnectedCallback() {
    AnswerDue.all.delete(this);
  }
  attributeChangedCallback() {
    if (this.isConnected) this.tick();
  }
  tick() {
    const left = Math.round((Date.parse(this.getAttribute("at")) - Date.now()) / 1000);
    this.hidden = Number.isNaN(left);
    if (this.hidden) return;
    const away = Math.abs(left);
    const pad = (n) => String(n).padStart(2, "0");
    const hours = Math.floor(away / 3600);
    const clock = hours ? `${hours}:${pad(Math.floor(away / 60) % 60)}:${pad(away % 60)}` : `${Math.floor(away / 60)}:${pad(away % 60)}`;
    const said = left < 0 ? (zh() ? `已超时 ${clock}` : `${clock} late`) : zh() ? `${clock} 内回复` : `${clock} to answer`;
    if (this.textContent !== said) this.textContent = said;
    this.dataset.state = left < 0 ? "breached" : this.dataset.warned === "yes" ? "warned" : "runs";
  }
}
customElements.define("answer-due", AnswerDue);
setInterval(() => AnswerDue.all.forEach((time) => time.tick()), 1000);

Object.assign(desk, {
  retrySeconds: 5,
  conversation: null,

  composer: () => document.querySelector(".chat-pane textarea.composer"),
  bar: () => document.querySelector(".composer-bar"),

  // Drafts and messages on their way outlive a reload of the page. Notes have drafts of their own.
  drafts: () => JSON.parse(sessionStorage.getItem("desk.drafts") || "{}"),
  pending: () => JSON.parse(sessionStorage.getItem("desk.pending") || "[]"),
  keepPending(list) {
    sessionStorage.setItem("desk.pending", JSON.stringify(list));
    this.showPending();
  },
  draftKey() {
    return this.noting() ? `${this.conversation}#note` : this.conversation;
  },
  keepDraft(text) {
    if (!this.conversation) return;
    const drafts = this.drafts();
    if (text) drafts[this.draftKey()] = text;
    else delete drafts[this.draftKey()];
    sessionStorage.setItem("desk.drafts", JSON.stringify(drafts));
  },

  // What is written after the click on a conversation is for it, also before it is on show.
  turn(conversation) {
    this.conversation = conversation;
    for (const row of document.querySelectorAll("desk-row[data-conversation] > .conv"))
      row.ariaCurrent = String(row.parentElement.dataset.conversation === conversation);
    this.canned.close();
    this.canned.given = [];
    this.mode("reply", false);
  },
  open(conversation, address) {
    if (conversation !== this.conversation) this.turn(conversation);
    else if (this.canned.token !== null) this.canned.ask(this.composer());
    history.replaceState(null, "", address);
    this.fromEnd = null;
    if (matchMedia("(pointer: fine)").matches) this.focus();
    this.showPending();
    this.toEnd();
  },
  noting: () => document.documentElement.dataset.mode === "note",
  // Reply or note: the switch over the composer.
  mode(name, focus = true) {
    const root = document.documentElement;
    root.dataset.mode = name;
    for (const tab of document.querySelectorAll(".mode")) tab.setAttribute("aria-selected", String(tab.dataset.mode === name));
    const composer = this.composer();
    if (!composer) return;
    this.canned.close();
    composer.dataset.reply ??= matchMedia("(max-width: 720px)").matches ? composer.ariaLabel : composer.placeholder;
    composer.placeholder = name === "note" ? composer.dataset.note : composer.dataset.reply;
    const send = document.querySelector("[data-testid=send]");
    send.dataset.reply ??= send.textContent;
    send.textContent = name === "note" ? send.dataset.note : send.dataset.reply;
    const draft = this.drafts()[this.draftKey()] || "";
    // Written anew, a word that an input method is composing would be lost.
    if (composer.value !== draft) composer.value = draft;
    this.fit(composer);
    if (focus) this.focus(50);
  },
  // A dialog that was opened meanwhile keeps the keys: what is written there is not for the shopper.
  focus(after = 150) {
    setTimeout(() => {
      const composer = this.composer();
      if (composer?.checkVisibility() && !shortcuts.dialog()) composer.focus();
    }, after);
  },
  use(text) {
    if (this.noting()) this.mode("reply");
    const composer = this.composer();
    if (!composer) return;
    this.write(composer, composer.value ? `${composer.value}\n${text}` : text);
  },
  // Written for the agent, who fills in what is left open: 【订单号】.
  write(composer, text, from = 0) {
    composer.value = text;
    this.changed(composer);
    composer.focus();
    const gap = /【[^【】]*】/.exec(text.slice(from));
    const at = gap ? from + gap.index : text.length;
    composer.setSelectionRange(at, gap ? at + gap[0].length : at);
  },
  changed(composer) {
    this.keepDraft(composer.value);
    this.fit(composer);
  },
  fit(composer) {
    composer.style.height = "auto";
    composer.style.height = `${Math.min(composer.scrollHeight + 2, 180)}px`;
  },

  send() {
    const composer = this.composer();
    const text = composer.value.trim();
    if (!text || !this.conversation || !composer.checkVisibility()) return;
    const mode = this.noting() ? "note" : "reply";
    const message = { conversation: this.conversation, client_id: createRandomUUID(), text, mode, at: Date.now() };
    this.keepPending([...this.pending(), message]);
    composer.value = "";
    this.changed(composer);
    composer.focus();
    this.toEnd();
    this.say(message);
  },
  say({ conversation, client_id, text, mode }) {
    this.composer()?.dispatchEvent(new CustomEvent("say", { detail: { conversation, client_id, text, mode } }));
  },
  retry() {
    if (!window.did_handshake || !window.socket?.connected) return;
    for (const message of this.pending())
      if (Date.now() - message.at > this.retrySeconds * 1000) this.say(message);
    this.showPending();
  },
  sent(client_id) {
    const message = this.pending().find((one) => one.client_id === client_id);
    this.keepPending(this.pending().filter((one) => one !== message && one.client_id !== client_id));
  },
  refused(client_id) {
    const message = this.pending().find((one) => one.client_id === client_id);
    this.sent(client_id);
    if (!message || message.conversation !== this.conversation) return;
    if ((message.mode === "note") !== this.noting()) this.mode(message.mode);
    const composer = this.composer();
    this.write(composer, composer.value ? `${message.text}\n${composer.value}` : message.text);
  },

  // What is on its way stands under the messages until the log brings it.
  showPending() {
    const box = document.querySelector(".pending");
    if (!box) return;
    const mine = this.pending().filter((one) => one.conversation === this.conversation && one.mode !== "note");
    const known = new Map([...box.children].map((child) => [child.dataset.client, child]));
    for (const [client, child] of known) if (!mine.some((one) => one.client_id === client)) child.remove();
    for (const { client_id, text, at } of mine) {
      if (document.querySelector(`.message[data-client="${client_id}"]`)) {
        known.get(client_id)?.remove();
        continue;
      }
      const child = known.get(client_id) ?? document.createElement("article");
      if (!known.has(client_id)) {
        child.className = "message from-agent on-its-way";
        child.dataset.client = client_id;
        child.dataset.testid = "pending";
        const head = document.createElement("header");
        head.className = "message-head";
        const words = document.createElement("p");
        words.className = "message-text";
        words.dir = "auto";
        words.textContent = text;
        child.append(head, words);
        box.append(child);
      }
      const late = Date.now() - at > this.retrySeconds * 1000;
      child.dataset.late = late ? "yes" : "no";
      child.firstChild.textContent = late ? (zh() ? "还没发出，正在重试…" : "Not sent yet, trying again…") : zh() ? "发送中…" : "Sending…";
    }
  },

  // The list that a "/" opens.
  canned: {
    given: [],
    shown: [],
    at: 0,
    token: null,
    box: () => document.getElementById("canned"),
    ask: (composer) => composer.dispatchEvent(new CustomEvent("canned")),
    offer(conversation, replies) {
      if (conversation !== desk.conversation) return;
      this.given = replies;
      if (this.token !== null) this.look(desk.composer());
    },
    look(composer) {
      const before = composer.value.slice(0, composer.selectionStart);
      const token = desk.noting() ? null : /(?:^|\s)\/([^\s/]{0,20})$/.exec(before);
      if (!token) return this.close();
      const opened = this.token === null;
      this.token = token[1];
      if (opened) this.ask(composer);
      const words = this.token.toLowerCase();
      const rank = ({ shortcut, title, text }) => {
        const places = [shortcut === words, shortcut.startsWith(words), title.toLowerCase().startsWith(words), title.toLowerCase().includes(words), text.toLowerCase().includes(words)];
        return places.indexOf(true);
      };
      const found = this.given.map((reply) => [rank(reply), reply]).filter(([place]) => place >= 0);
      this.shown = found.sort(([one], [other]) => one - other).map(([, reply]) => reply);
      this.at = 0;
      this.draw();
    },
    draw() {
      const box = this.box();
      box.dataset.open = "yes";
      box.replaceChildren(
        ...this.shown.map((reply, place) => {
          const option = document.createElement("div");
          option.className = "canned-option";
          option.role = "option";
          option.dataset.testid = "canned-option";
          option.ariaSelected = String(place === this.at);
          for (const [name, said] of [["canned-shortcut", `/${reply.shortcut}`], ["canned-title", reply.title], ["canned-text", reply.text]]) {
            const part = document.createElement("span");
            part.className = name;
            part.textContent = said;
            option.append(part);
          }
          option.addEventListener("pointerdown", (event) => {
            event.preventDefault();
            this.at = place;
            this.choose();
          });
          return option;
        }),
      );
      if (!this.shown.length) {
        const none = document.createElement("p");
        none.className = "hint";
        none.textContent = this.given.length ? (zh() ? "没有这样的快捷回复" : "No such reply") : zh() ? "正在查找…" : "Looking…";
        box.append(none);
      }
      box.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
    },
    close() {
      this.token = null;
      const box = this.box();
      if (!box) return;
      box.dataset.open = "no";
      box.replaceChildren();
    },
    choose() {
      const reply = this.shown[this.at];
      const composer = desk.composer();
      if (!reply) return this.close();
      const caret = composer.selectionStart;
      const from = caret - this.token.length - 1;
      const text = composer.value.slice(0, from) + reply.text + composer.value.slice(caret);
      this.close();
      desk.write(composer, text, from);
    },
    key(event) {
      if (this.token === null) return false;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        const step = event.key === "ArrowDown" ? 1 : -1;
        this.at = (this.at + step + this.shown.length) % (this.shown.length || 1);
        this.draw();
      } else if (event.key === "Enter" || event.key === "Tab") {
        if (!this.shown.length) return false;
        this.choose();
      } else if (event.key === "Escape") this.close();
      else return false;
      return true;
    },
  },

  // The menu beside the buttons of the head.
  menu(button) {
    const menu = button.nextElementSibling;
    menu.togglePopover();
    if (!menu.matches(":popover-open")) return;
    const place = button.getBoundingClientRect();
    menu.style.insetBlockStart = `${place.bottom + 6}px`;
    menu.style.insetInlineEnd = `${Math.max(8, innerWidth - place.right)}px`;
    menu.querySelector("button:not([hidden])")?.focus({ focusVisible: false });
  },
  // Do what a button does, wherever it is shown.
  press(name) {
    const may = [...document.querySelectorAll(`[data-testid="${name}"], [data-testid="${name}-item"]`)];
    const button = may.find((one) => !one.hidden && one.closest(".chat:not(.hidden)"));
    button?.click();
    return Boolean(button);
  },
});

document.addEventListener("keydown", (event) => {
  if (!event.target.matches?.(".chat-pane textarea.composer")) return;
  // While an input method is composing, Enter chooses the word.
  if (event.isComposing || event.keyCode === 229) return;
  if (!event.altKey && !event.ctrlKey && desk.canned.key(event)) {
    event.preventDefault();
    return;
  }
  if (event.key === "Escape" && desk.noting()) desk.mode("reply");
  if (event.key !== "Enter" || event.shiftKey) return;
  event.preventDefault();
  desk.send();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
  event.target.closest?.(".ask-form")?.requestSubmit();
});
document.addEventListener("input", (event) => {
  if (!event.target.matches?.(".chat-pane textarea.composer")) return;
  desk.changed(event.target);
  desk.canned.look(event.target);
});
document.addEventListener("focusout", (event) => {
  if (event.target.matches?.(".chat-pane textarea.composer")) desk.canned.close();
});
document.addEventListener("click", (event) => {
  const chosen = event.target.closest?.("desk-row[data-conversation]");
  if (chosen && chosen.dataset.conversation !== desk.conversation) desk.turn(chosen.dataset.conversation);
  const item = event.target.closest?.(".menu button");
  if (item) item.closest(".menu").hidePopover();
});
document.addEventListener("DOMContentLoaded", () => {
  setInterval(() => desk.retry(), 1000);
  new MutationObserver((changes) => {
    if (changes.some((change) => change.target.classList?.contains("log") && !change.target.classList.contains("pending"))) desk.showPending();
  }).observe(document.body, { childList: true, subtree: true });
  // What is suggested, and a growing draft, leave less room: the newest message stays in view.
  const resized = new ResizeObserver(() => desk.end && desk.settle());
  const wait = setInterval(() => {
    if (!desk.box()) return;
    clearInterval(wait);
    resized.observe(desk.box());
  }, 200);
});

{
  const move = (keys, name, zh, en) => shortcuts.add({ keys, group: "chat", zh, en, run: () => desk.press(name) });
  move("Alt+A", "take", "接入", "Take");
  move("Alt+T", "transfer", "转接", "Transfer");
  move("Alt+B", "hand-back", "交还机器人", "Hand back to the bot");
  move("Alt+C", "close", "结束会话", "Close");
  move("Alt+I", "invite", "邀请同事协助", "Invite a colleague");
  move("Alt+R", "ask-rating", "请顾客评分", "Ask for a rating");
  move("Alt+K", "make-ticket", "建工单", "Make a ticket");
  move("Alt+L", "leave", "退出协助", "Leave as a guest");
  move("Alt+Shift+T", "take-over", "接管（主管）", "Take over (supervisor)");
  move("Alt+Shift+A", "assign", "指派给同事（主管）", "Assign (supervisor)");
  move("Alt+Shift+B", "put-back", "放回排队（主管）", "Put back (supervisor)");
}
shortcuts.add(
  { keys: "r", group: "chat", zh: "写回复", en: "Write a reply", when: () => desk.composer()?.checkVisibility(), run: () => desk.mode("reply") },
  { keys: "Alt+J", group: "chat", zh: "在回复和备注间切换", en: "Between reply and note", when: () => desk.conversation, run: () => desk.mode(desk.noting() ? "reply" : "note") },
  ...[1, 2, 3].map((place) => ({ keys: `Alt+${place}`, group: "chat", zh: `填入推荐回复 ${place}`, en: `Suggested reply ${place}`, click: `[data-testid=suggestion-${place}]` })),
  { keys: "Alt+0", group: "chat", zh: "收起推荐回复", en: "Put the suggestions away", click: "[data-testid=suggestions-away]" },
  { keys: "/", group: "chat", zh: "快捷回复（在输入框里）", en: "Canned replies (in the composer)", when: () => false },
  { keys: "Enter", group: "chat", zh: "发送；Shift + Enter 换行", en: "Send; Shift + Enter breaks the line", when: () => false },
);

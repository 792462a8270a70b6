// The left column in the browser: rows, sound and notices, the search's keys, the agent's absence.

const make = (tag, classes = "", text = "") => {
  const made = document.createElement(tag);
  if (classes) made.className = classes;
  if (text) made.textContent = text;
  if (text) made.dir = "auto";
  return made;
};
const chip = ({ text, ...facts }) => {
  const made = make("span", "chip", text);
  for (const [name, value] of Object.entries(facts)) made.dataset[name] = value;
  return made;
};
const waiting = (row) => {
  const time = make("wait-time");
  time.dataset.waits = row.waits ? "yes" : "no";
  if (row.due) time.dataset.due = row.due;
  if (row.warn) time.dataset.warn = row.warn;
  time.setAttribute("since", row.since);
  return time;
};

// <desk-row row='{…}'>: one conversation of a list (rows.py says what is in it).
class DeskRow extends HTMLElement {
  static observedAttributes = ["row"];
  connectedCallback() {
    this.draw();
  }
  attributeChangedCallback() {
    if (this.isConnected) this.draw();
  }
  draw() {
    const row = JSON.parse(this.getAttribute("row") || "null");
    if (!row) return;
    const had = this.contains(document.activeElement);
    const button = make("button", "conv");
    button.type = "button";
    button.ariaCurrent = String(row.selected);
    button.dataset.unread = row.unread ? "yes" : "no";
    button.dataset.owner = row.owner;
    const face = make("span", "face", row.face);
    face.ariaHidden = "true";
    const body = make("span", "conv-body");
    const first = make("span", "row-line");
    first.append(make("span", "row-name", row.name));
    if (row.level) first.append(chip({ text: row.level, level: "yes" }));
    first.append(waiting(row));
    const second = make("span", "row-line");
    second.append(make("span", "row-last", row.said));
    if (row.unread) {
      const count = make("span", "unread", row.unread > 9 ? "9+" : String(row.unread));
      count.dataset.testid = "unread";
      second.append(count);
    }
    body.append(first, second);
    if (row.chips.length) {
      const third = make("span", "conv-chips");
      third.append(...row.chips.map(chip));
      body.append(third);
    }
    button.append(face, body);
    this.replaceChildren(button);
    if (had) button.focus();
  }
}
customElements.define("desk-row", DeskRow);

// <due-time at>: how long until then, or how long it is overdue.
class DueTime extends HTMLElement {
  static all = new Set();
  connectedCallback() {
    DueTime.all.add(this);
    this.tick();
  }
  disconnectedCallback() {
    DueTime.all.delete(this);
  }
  tick() {
    const left = Date.parse(this.getAttribute("at")) - Date.now();
    const minutes = Math.floor(Math.abs(left) / 60000);
    const [count, unit] =
      minutes < 60 ? [minutes, zh() ? "分钟" : "min"] : minutes < 2880 ? [Math.floor(minutes / 60), zh() ? "小时" : "h"] : [Math.floor(minutes / 1440), zh() ? "天" : "d"];
    const said = zh() ? `${left < 0 ? "超时" : "还有"} ${count} ${unit}` : `${count} ${unit} ${left < 0 ? "late" : "left"}`;
    if (this.textContent !== said) this.textContent = said;
    this.dataset.late = left < 0 ? "very" : left < 3600000 ? "yes" : "no";
  }
}
customElements.define("due-time", DueTime);
setInterval(() => DueTime.all.forEach((time) => time.tick()), 10000);

const lists = {
  pane: () => document.querySelector(".list-pane"),
  rows: () => [...document.querySelectorAll(".list-pane :is(desk-row > .conv, .ticket-row)")].filter((row) => row.checkVisibility()),
  // The next row of the list, or the one before.
  step(by) {
    const rows = this.rows();
    const at = rows.findIndex((row) => row.ariaCurrent === "true");
    const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by];
    next?.scrollIntoView({ block: "nearest" });
    next?.click();
  },
  stepUnread() {
    const rows = this.rows();
    const at = rows.findIndex((row) => row.ariaCurrent === "true");
    const next = [...rows.slice(at + 1), ...rows.slice(0, at + 1)].find((row) => row.dataset.unread === "yes");
    next?.scrollIntoView({ block: "nearest" });
    next?.click();
  },
  choose(conversation) {
    this.pane()?.dispatchEvent(new CustomEvent("choose", { detail: conversation }));
  },
  presence(wanted) {
    document.querySelector(".presence")?.dispatchEvent(new CustomEvent("wanted", { detail: wanted }));
  },
  signOut() {
    const form = document.querySelector("form.sign-out");
    form.dataset.go = "yes";
    form.requestSubmit();
  },

  // The search.
  search() {
    setTimeout(() => {
      const words = document.querySelector(".palette-words");
      words?.focus();
      words?.select();
      if (words?.value) this.ask(words);
    }, 60);
  },
  asking: null,
  ask(words) {
    clearTimeout(this.asking);
    this.asking = setTimeout(() => words.dispatchEvent(new CustomEvent("words", { detail: words.value })), 180);
  },

  // The agent's absence: no touch in any of her windows for so long.
  touched: Date.now(),
  idle: false,
  touch() {
    this.idle = false;
    if (Date.now() - this.touched < 5000) return;
    this.touched = Date.now();
    localStorage.setItem("desk.touched", String(this.touched));
  },
  lookIdle() {
    const pill = document.querySelector(".presence");
    if (!pill || this.idle || !["online", "busy"].includes(pill.dataset.presence)) return;
    const last = Math.max(this.touched, Number(localStorage.getItem("desk.touched") || 0));
    if (Date.now() - last < Number(pill.dataset.idleMinutes) * 60000) return;
    this.idle = true;
    pill.dispatchEvent(new CustomEvent("idle"));
  },
};
for (const kind of ["pointerdown", "pointermove", "keydown", "wheel"]) addEventListener(kind, () => lists.touch(), { passive: true, capture: true });
setInterval(() => lists.lookIdle(), 5000);

document.addEventListener("input", (event) => {
  if (event.target.matches?.(".palette-words")) lists.ask(event.target);
});
document.addEventListener("keydown", (event) => {
  const palette = event.target.closest?.(".palette");
  if (!palette || event.isComposing || event.keyCode === 229) return;
  const hits = [...palette.querySelectorAll(".hit")];
  const at = hits.indexOf(document.activeElement);
  if (event.key === "ArrowDown") (hits[at + 1] ?? hits[0])?.focus();
  else if (event.key === "ArrowUp") (at > 0 ? hits[at - 1] : palette.querySelector(".palette-words"))?.focus();
  else if (event.key === "Enter" && at < 0) hits[0]?.click();
  else return;
  event.preventDefault();
});
// Signing out ends the shift first, as long as there is an office to do it.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form.sign-out") || form.dataset.go === "yes" || !window.socket?.connected) return;
  event.preventDefault();
  form.dispatchEvent(new CustomEvent("leave"));
});

// Sound and desktop notices. Of several windows of one agent only one calls.
const alerts = {
  rung: [],
  audio: null,
  muted: () => localStorage.getItem("desk.muted") === "yes",
  granted: () => "Notification" in window && Notification.permission === "granted",
  first(key) {
    const rang = JSON.parse(localStorage.getItem("desk.rang") || "[]");
    if (rang.includes(key)) return false;
    localStorage.setItem("desk.rang", JSON.stringify([...rang.slice(-60), key]));
    return true;
  },
  ring(alert) {
    const looked = document.hasFocus() && !document.hidden;
    // The window that is looked at speaks first: it may show the conversation already.
    setTimeout(
      () => {
        if (!this.first(alert.key) || (alert.open && looked)) return;
        this.rung.push(`${alert.kind}:${alert.id}`);
        if (!this.muted()) this.sound(alert.kind);
        if (this.granted() && !looked) this.notify(alert);
      },
      looked ? 0 : 250,
    );
  },
  notify({ id, title, text }) {
    const notice = new Notification(title, { body: text, tag: id, icon: "/static/staff/icon.svg" });
    notice.onclick = () => {
      window.focus();
      if (lists.pane()) lists.choose(id);
      else location.assign(`/desk?c=${encodeURIComponent(id)}`);
      notice.close();
    };
  },
  // Two soft tones upwards for a new conversation, downwards for a missed deadline, one for a message.
  sound(kind) {
    this.audio ??= new AudioContext();
    if (this.audio.state === "suspended") this.audio.resume().catch(() => {});
    ({ new: [660, 880], breach: [660, 494] }[kind] ?? [740]).forEach((pitch, place) => {
      const tone = this.audio.createOscillator();
      const volume = this.audio.createGain();
      const start = this.audio.currentTime + place * 0.16;
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0, start);
      volume.gain.linearRampToValueAtTime(0.12, start + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.001, start + 0.3);
      tone.connect(volume).connect(this.audio.destination);
      tone.start(start);
      tone.stop(start + 0.32);
    });
  },
  async toggle() {
    if ("Notification" in window && Notification.permission === "default") {
      await Notification.requestPermission();
      localStorage.removeItem("desk.muted");
    } else {
      localStorage.setItem("desk.muted", this.muted() ? "no" : "yes");
    }
    if (!this.muted()) this.sound("said");
    document.querySelectorAll("sound-button").forEach((button) => button.draw());
  },
};

// <sound-button>: asks for desktop notices at first, then turns the sound off and on.
class SoundButton extends HTMLElement {
  connectedCallback() {
    this.draw();
    this.onclick = () => alerts.toggle();
  }
  draw() {
    const asks = "Notification" in window && Notification.permission === "default";
    const said = asks
      ? zh() ? "打开桌面通知" : "Turn on desktop notices"
      : alerts.muted()
        ? zh() ? "提示音：关（Alt+M）" : "Sound: off (Alt+M)"
        : zh() ? "提示音：开（Alt+M）" : "Sound: on (Alt+M)";
    const button = make("button", "icon-button bell");
    button.type = "button";
    button.title = button.ariaLabel = said;
    button.dataset.state = asks ? "ask" : alerts.muted() ? "off" : "on";
    this.replaceChildren(button);
  }
}
customElements.define("sound-button", SoundButton);

// <key-sheet>: all keys there are, in their groups.
class KeySheet extends HTMLElement {
  connectedCallback() {
    const language = zh() ? "zh" : "en";
    const parts = Object.entries(shortcuts.groups).map(([group, title]) => {
      const keys = shortcuts.all().filter((one) => one.group === group);
      const part = make("section");
      part.append(make("h3", "", title[language]));
      for (const one of keys) {
        const line = make("div", "key-line");
        const pressed = make("span", "keys");
        pressed.append(...one.keys.split("+").map((key) => make("kbd", "", { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→" }[key] ?? key)));
        line.append(make("span", "", one[language]), pressed);
        part.append(line);
      }
      return keys.length ? part : "";
    });
    this.replaceChildren(...parts);
  }
}
customElements.define("key-sheet", KeySheet);

shortcuts.add(
  { keys: "Ctrl+K", group: "desk", zh: "搜索会话和工单", en: "Search conversations and tickets", click: "[data-testid=search]" },
  { keys: "/", group: "desk", zh: "搜索", en: "Search", click: "[data-testid=search]" },
  { keys: "?", group: "desk", zh: "快捷键一览", en: "This sheet", click: "[data-testid=help]" },
  { keys: "Alt+P", group: "desk", zh: "接待状态菜单，或开始接待", en: "Presence menu, or start the shift", click: ".shift-start, .presence" },
  { keys: "Alt+Shift+O", group: "desk", zh: "在线", en: "Online", run: () => lists.presence("online") },
  { keys: "Alt+Shift+M", group: "desk", zh: "忙碌", en: "Busy", run: () => lists.presence("busy") },
  { keys: "Alt+Shift+L", group: "desk", zh: "离开", en: "Away", run: () => lists.presence("away") },
  { keys: "Alt+Shift+E", group: "desk", zh: "下班", en: "End the shift", run: () => lists.presence("offline") },
  { keys: "Alt+M", group: "desk", zh: "提示音开关", en: "Sound on or off", run: () => void alerts.toggle() },
  { keys: "Alt+ArrowDown", group: "list", zh: "下一个会话", en: "Next conversation", run: () => lists.step(1) },
  { keys: "Alt+ArrowUp", group: "list", zh: "上一个会话", en: "Previous conversation", run: () => lists.step(-1) },
  { keys: "j", group: "list", zh: "下一个会话", en: "Next conversation", run: () => lists.step(1) },
  { keys: "k", group: "list", zh: "上一个会话", en: "Previous conversation", run: () => lists.step(-1) },
  { keys: "Alt+N", group: "list", zh: "下一个未读", en: "Next unread", run: () => lists.stepUnread() },
  { keys: "Alt+Shift+1", group: "list", zh: "我的", en: "Mine", click: "[data-testid=tab-mine]" },
  { keys: "Alt+Shift+2", group: "list", zh: "排队", en: "Queue", click: "[data-testid=tab-queue]" },
  { keys: "Alt+Shift+3", group: "list", zh: "全部", en: "All", click: "[data-testid=tab-all]" },
  { keys: "Alt+Shift+4", group: "list", zh: "工单", en: "Tickets", click: "[data-testid=tab-tickets]" },
);

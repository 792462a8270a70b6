// What the desk does in the browser alone: times that tick, scrolling, the title.

const zh = () => !document.cookie.includes("language=en");

// <wait-time since until?>: how long somebody waits or waited.
class WaitTime extends HTMLElement {
  static observedAttributes = ["since", "until", "data-waits"];
  static all = new Set();
  connectedCallback() {
    WaitTime.all.add(this);
    this.tick();
  }
  disconnectedCallback() {
    WaitTime.all.delete(this);
  }
  attributeChangedCallback() {
    if (this.isConnected) this.tick();
  }
  tick() {
    const since = Date.parse(this.getAttribute("since"));
    if (Number.isNaN(since)) return;
    const until = this.getAttribute("until");
    const seconds = Math.max(0, Math.round(((until ? Date.parse(until) : Date.now()) - since) / 1000));
    const minutes = Math.floor(seconds / 60);
    const hours = Math.floor(minutes / 60);
    const days = Math.floor(hours / 24);
    const pad = (n) => String(n).padStart(2, "0");
    let said = `${minutes}:${pad(seconds % 60)}`;
    if (this.dataset.waits === "no" && minutes < 60) said = minutes ? `${minutes}${zh() ? " 分钟" : " min"}` : zh() ? "刚刚" : "now";
    else if (days) said = zh() ? `${days} 天` : `${days} d`;
    else if (hours) said = this.dataset.waits === "no" ? `${hours}${zh() ? " 小时" : " h"}` : `${hours}:${pad(minutes % 60)}:${pad(seconds % 60)}`;
    if (this.textContent !== said) this.textContent = said;
    const { due, warn } = this.dataset;
    const past = (moment) => Date.now() >= Date.parse(moment);
    const [very, late] = due ? [past(due), past(warn)] : [seconds >= 180, seconds >= 60];
    this.dataset.late = very ? "very" : late ? "yes" : "no";
  }
}
customElements.define("wait-time", WaitTime);
setInterval(() => WaitTime.all.forEach((time) => time.tick()), 1000);

// Times are told in the shop's zone, as the bot's sentences tell them.
const inShop = (at) => new Date(new Date(at).toLocaleString("en-US", { timeZone: "Asia/Shanghai" }));

// <local-time at>: a moment; the day is named where it is not today.
class LocalTime extends HTMLElement {
  static observedAttributes = ["at"];
  connectedCallback() {
    this.show();
  }
  attributeChangedCallback() {
    if (this.isConnected) this.show();
  }
  show() {
    const at = inShop(this.getAttribute("at"));
    if (Number.isNaN(at.getTime())) return;
    const now = inShop(new Date());
    const pad = (n) => String(n).padStart(2, "0");
    const clock = `${pad(at.getHours())}:${pad(at.getMinutes())}`;
    const today = now.toDateString() === at.toDateString();
    const year = now.getFullYear() === at.getFullYear() ? "" : `${at.getFullYear()}-`;
    this.textContent = today ? clock : `${year}${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${clock}`;
    this.title = at.toLocaleString();
  }
}
customElements.define("local-time", LocalTime);

const desk = {
  title_: null,
  end: true, // whether the newest message is in view
  fromEnd: null, // the distance to keep while older messages come in above

  box: () => document.querySelector(".messages"),

  // How many call for attention: in the lists, and said here while the tab was out of sight.
  calling: 0,
  away: 0,
  title(count) {
    this.title_ ??= document.title;
    this.calling = count;
    const all = this.calling + this.away;
    document.title = all ? `(${all}) ${this.title_}` : this.title_;
  },

  toEnd() {
    this.end = true;
    this.settle();
  },
  settle() {
    const box = this.box();
    if (!box) return;
    if (this.fromEnd !== null) box.scrollTop = box.scrollHeight - this.fromEnd;
    else if (this.end) box.scrollTop = box.scrollHeight;
    box.parentElement.dataset.more = this.end || this.fromEnd !== null ? "no" : "yes";
  },
};

document.addEventListener(
  "scroll",
  (event) => {
    const box = event.target;
    if (!box.classList?.contains("messages")) return;
    desk.end = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
    if (desk.end) box.parentElement.dataset.more = "no";
  },
  true,
);
document.addEventListener(
  "click",
  (event) => {
    const older = event.target.closest?.(".older");
    if (!older) return;
    desk.fromEnd = desk.box().scrollHeight - desk.box().scrollTop;
    setTimeout(() => (desk.fromEnd = null), 1500);
  },
  true,
);
document.addEventListener("DOMContentLoaded", () => {
  new MutationObserver((changes) => {
    const grown = changes.filter((change) => change.target.classList?.contains("log"));
    if (grown.length) desk.settle();
    if (!document.hidden) return;
    const said = grown.flatMap((change) => [...change.addedNodes]);
    desk.away += said.filter((node) => node.dataset?.from === "shopper").length;
    desk.title(desk.calling);
  }).observe(document.body, { childList: true, subtree: true });
  document.addEventListener("visibilitychange", () => {
    desk.away = 0;
    desk.title(desk.calling);
  });
});

// What is cut short is told whole where the pointer rests.
{
  const told = new WeakSet();
  document.addEventListener("mouseover", ({ target }) => {
    if (getComputedStyle(target).textOverflow !== "ellipsis" || (target.title && !told.has(target))) return;
    told.add(target);
    target.title = target.scrollWidth > target.clientWidth ? target.textContent : "";
  });
}

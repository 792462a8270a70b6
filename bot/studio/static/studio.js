// What all of the studio's pages share: language, theme, times in the shop's zone, and calls that change something.
"use strict";

const studio = {
  // POST (or another method) with JSON; an answer that is no success throws its sentence.
  async send(path, body, method = "POST") {
    const response = await fetch(path, {
      method,
      headers: { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const answer = response.status === 204 ? null : await response.json().catch(() => ({}));
    if (!response.ok) throw Object.assign(new Error(answer.detail || answer.title || response.statusText), { status: response.status, answer });
    return answer;
  },
  // A sentence at the foot of the page, for some seconds; `bad`: until it is tapped.
  tell(sentence, bad = false) {
    document.querySelector(".toast")?.remove();
    const toast = document.createElement("p");
    toast.className = bad ? "toast bad" : "toast";
    toast.setAttribute("role", bad ? "alert" : "status");
    toast.textContent = sentence;
    toast.addEventListener("click", () => toast.remove());
    document.body.append(toast);
    if (!bad) setTimeout(() => toast.remove(), 4000);
  },
  // Times are written as on the desk, in the shop's zone.
  times(root = document) {
    for (const time of root.querySelectorAll("time[datetime]")) {
      const at = new Date(time.dateTime);
      time.textContent = at.toLocaleString(document.documentElement.lang, { timeZone: "Asia/Shanghai", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false });
      time.title = at.toLocaleString();
    }
  },
};

document.querySelector("[data-language]").addEventListener("click", (event) => office.language(event.currentTarget.dataset.language));
document.querySelector("[data-theme-next]").addEventListener("click", () => {
  const dark = getComputedStyle(document.documentElement).colorScheme === "dark"
    || (document.documentElement.dataset.theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  office.theme(dark ? "light" : "dark");
});
studio.times();
// On a phone the places scroll: where one is stands in view.
document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

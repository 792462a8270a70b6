// A comparison: how far it is, and judging its changed outcomes by keys.
"use strict";

const running = document.querySelector("[data-state]");
if (running) {
  const name = (kind, key) => running.querySelector(`[data-${kind}="${CSS.escape(key || "-")}"]`)?.textContent || "";
  const look = async () => {
    try {
      const response = await fetch(`/studio/compare/${running.dataset.state}/state`);
      const told = await response.json();
      if (response.ok && !["waiting", "running"].includes(told.state)) return location.reload();
      running.querySelector("progress").value = told.percent;
      const step = told.step;
      if (step) {
        const count = step.of > 1 ? ` ${step.done} / ${step.of}` : "";
        running.querySelector("[data-step]").textContent = [name("side", step.model), name("name", step.step) + count].filter(Boolean).join(" · ");
      }
    } catch { /* The office may be starting anew; the next look tells. */ }
    setTimeout(look, 1000);
  };
  look();
}

const changes = document.querySelector(".changes");
if (changes) {
  const all = [...changes.querySelectorAll(".change")];
  let here = -1;

  const move = (to) => {
    all[here]?.classList.remove("here");
    here = Math.max(0, Math.min(all.length - 1, to));
    all[here]?.classList.add("here");
    all[here]?.scrollIntoView({ block: "nearest" });
    all[here]?.focus({ preventScroll: true });
  };

  const show = (change, judged) => {
    change.dataset.judged = judged || "";
    for (const button of change.querySelectorAll("[data-judge]")) {
      button.setAttribute("aria-pressed", String(button.dataset.judge === judged));
    }
  };

  const told = ({ passed, reasons, counts }) => {
    const verdict = document.querySelector("[data-testid=compare-verdict]");
    verdict.classList.toggle("passed", passed);
    verdict.classList.toggle("stopped", !passed);
    verdict.dataset.passed = String(passed);
    verdict.querySelector("ul").replaceChildren(...reasons.map((reason) => {
      const line = document.createElement("li");
      line.dir = "auto";
      line.textContent = reason;
      return line;
    }));
    verdict.querySelector(".open-note")?.remove();
    for (const [name, n] of Object.entries(counts)) document.querySelector(`[data-count="${name}"] b`).textContent = n;
  };

  const judge = async (change, judged) => {
    const before = change.dataset.judged;
    show(change, judged);
    try {
      told(await studio.send(`/studio/compare/${changes.dataset.comparison}/judge`, { key: change.dataset.key, judged }));
    } catch (error) {
      show(change, before);
      studio.tell(error.message || changes.dataset.failed, true);
    }
  };

  changes.addEventListener("click", (event) => {
    const change = event.target.closest(".change");
    const button = event.target.closest("[data-judge]");
    if (!change) return;
    move(all.indexOf(change));
    if (button) judge(change, change.dataset.judged === button.dataset.judge ? null : button.dataset.judge);
  });

  const judged = { 1: "better", 2: "worse", 3: "same", 0: null };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    if (event.key === "j" || event.key === "k") {
      event.preventDefault();
      move(here + (event.key === "j" ? 1 : -1));
    } else if (event.key in judged && all[here]) {
      event.preventDefault();
      judge(all[here], judged[event.key]);
      if (event.key !== "0") move(here + 1);
    }
  });
}

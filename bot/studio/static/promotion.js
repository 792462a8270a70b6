// Promoting and going back, on whatever page has the fragment: what is under way is looked at each second.
"use strict";

(() => {
  const LOOK_MS = 1000;
  const section = () => document.getElementById("promotion");
  let looking = null;

  async function look() {
    looking = null;
    try {
      const response = await fetch("/studio/promotion", { headers: { Accept: "text/html" } });
      if (!response.ok) throw new Error(response.statusText);
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("promotion");
      const ended = section().hasAttribute("data-under-way") && !fresh.hasAttribute("data-under-way");
      if (!section().querySelector("dialog[open]")) {
        section().replaceWith(document.adoptNode(fresh));
        studio.times(section());
      }
      if (ended) tell(fresh);
      if (ended) document.dispatchEvent(new CustomEvent("promotion-ended"));
    } catch { /* the office is away for a moment: the next look tells */ }
    if (section().hasAttribute("data-under-way")) looking = setTimeout(look, LOOK_MS);
  }

  function tell(fresh) {
    const row = fresh.querySelector('[data-testid="promotion-row"]');
    if (row?.dataset.outcome === "live") studio.tell(fresh.querySelector('[data-testid="serves"]').textContent);
    else if (row) studio.tell(row.querySelector(".said").textContent, true);
  }

  function ask(name, path, model) {
    const dialog = section().querySelector(`dialog[data-dialog="${name}"]`);
    const error = dialog.querySelector("[data-error]"), why = dialog.querySelector("[data-why]"), send = dialog.querySelector("[data-send]");
    if (model) dialog.querySelector("[data-name]").textContent = model;
    why.value = "";
    error.hidden = true;
    send.disabled = false;
    send.textContent = send.dataset.label;
    send.onclick = async () => {
      send.disabled = true;
      try {
        await studio.send(path, { why: why.value });
        dialog.close();
        section().setAttribute("data-under-way", "");
        clearTimeout(looking);
        look();
      } catch (failed) {
        error.textContent = failed.message;
        error.hidden = false;
        if (failed.answer?.type === "against") {
          send.textContent = send.dataset.overrule;
          why.focus();
        }
        send.disabled = false;
      }
    };
    dialog.showModal();
  }

  document.addEventListener("click", (event) => {
    const promote = event.target.closest("[data-promote]");
    if (promote) ask("promote", `/studio/models/${encodeURIComponent(promote.dataset.promote)}/promote`, promote.dataset.promote);
    if (event.target.closest("[data-roll-back]")) ask("roll-back", "/studio/rollback");
  });
  if (section()?.hasAttribute("data-under-way")) looking = setTimeout(look, LOOK_MS);
})();

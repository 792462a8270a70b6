// An answer's texts: edited with what customers see beside, and saved together; nothing typed is lost.
"use strict";

const form = find("form[data-answer]");
const error = find(".error", form);
const saving = find("[type=submit]", form);
const values = Object.fromEntries(all("[data-filling]").map((each) => [each.dataset.filling, each.dataset.value]));
let field = null; // where the cursor was last
let leaving = false;

const variants = () => all("[data-testid=variant]", form);
const texts = () =>
  variants().map((each) => ({
    text: find("[name=text]", each).value,
    channel: find("[name=channel]", each).value,
    since: find("[name=since]", each).value || null,
    until: find("[name=until]", each).value || null,
    was: each.dataset.was === undefined ? null : Number(each.dataset.was),
  }));
const before = JSON.stringify(texts());

// The text with policies as they are, and what is known later in its place.
function preview(variant) {
  const text = find("[name=text]", variant).value;
  const shown = text.split(/(\{[^{}\n]*\})/).map((part) => {
    const name = /^\{([^{}\n]*)\}$/.exec(part)?.[1];
    return name === undefined ? part : made("span", values[name] || `〔${name}〕`, { className: "filled" });
  });
  find("[data-preview]", variant).replaceChildren(...shown);
}

function changed() {
  find("[data-unsaved]", form).hidden = JSON.stringify(texts()) === before;
  for (const button of all("[data-without]", form)) button.hidden = variants().length === 1;
}

async function save(dropping) {
  const body = { version: form.dataset.version, texts: texts(), dropping };
  find("[data-anyway]", form).hidden = true;
  find("[data-changed]", form).hidden = true;
  leaving = true;
  try {
    await write(`/studio/language/answers/${encodeURIComponent(form.dataset.answer)}`, body, { error, buttons: [saving] });
  } catch (problem) {
    leaving = false;
    find("[data-anyway]", form).hidden = problem.answer?.type !== "lost";
    find("[data-changed]", form).hidden = !["changed-meanwhile", "no-answer-there"].includes(problem.answer?.type);
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  save(false);
});
form.addEventListener("input", (event) => {
  const variant = event.target.closest("[data-testid=variant]");
  if (variant) preview(variant);
  changed();
});
form.addEventListener("focusin", (event) => {
  if (event.target.matches("[name=text]")) field = event.target;
});
document.addEventListener("click", (event) => {
  const on = (selector) => event.target.closest(selector);
  let hit;
  if (on("[data-another]")) {
    const fresh = find("#variant").content.cloneNode(true);
    find("[data-variants]", form).append(fresh);
    find("[name=text]", variants().at(-1)).focus();
    changed();
  } else if ((hit = on("[data-without]"))) {
    hit.closest("[data-testid=variant]").remove();
    changed();
  } else if (on("[data-anyway]")) save(true);
  else if ((hit = on("[data-filling]"))) {
    field ??= find("[name=text]", form);
    field.focus();
    field.setRangeText(`{${hit.dataset.filling}}`, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
});
addEventListener("beforeunload", (event) => {
  if (!leaving && JSON.stringify(texts()) !== before) event.preventDefault();
});

variants().forEach(preview);
changed();

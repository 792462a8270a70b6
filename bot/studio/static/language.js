// What the pages of 语言 share: forms in sheets, calls that write, what was told before the page was rendered anew.
"use strict";

const said = Object.fromEntries(
  ["#said-language", "#said"].flatMap((id) => [...(document.querySelector(id)?.content.children ?? [])].map((each) => [each.dataset.key, each.textContent])),
);
const find = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const made = (name, text, more = {}) => Object.assign(document.createElement(name), { textContent: text ?? "" }, more);
const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

// Waits until the typing pauses.
function pausing(act) {
  let waiting;
  return () => {
    clearTimeout(waiting);
    waiting = setTimeout(act, 350);
  };
}

function complain(place, sentence) {
  place.textContent = sentence;
  place.hidden = !sentence;
  if (sentence) place.scrollIntoView({ block: "nearest" });
}

// Write something; then the page is rendered anew, or another opened. What was typed stays where it failed.
async function write(path, body, { error, buttons = [], kept } = {}) {
  if (error) complain(error, "");
  for (const button of buttons) button.disabled = true;
  studio.tell(said.writing);
  try {
    const answer = await studio.send(path, body);
    sessionStorage.setItem("language-told", answer.told);
    kept?.();
    if (answer.to) location.assign(answer.to);
    else location.reload();
    return answer;
  } catch (problem) {
    find(".toast")?.remove();
    if (error) complain(error, problem.message);
    else studio.tell(problem.message, true);
    for (const button of buttons) button.disabled = false;
    throw problem;
  }
}
const quietly = (promise) => promise.catch(() => undefined); // it was told already

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) {
    const sheet = document.getElementById(opener.dataset.open);
    sheet.showModal();
    find("input, textarea", sheet)?.focus();
  }
  event.target.closest("[data-close]")?.closest("dialog").close();
});

// A form that is sent as it is; its texts of many lines are lists.
for (const form of all("form[data-post]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const body = Object.fromEntries(new FormData(form));
    if ("examples" in body) body.examples = body.examples.split("\n").map((each) => each.trim()).filter(Boolean);
    quietly(write(form.dataset.post, body, { error: find(".error", form), buttons: all("[type=submit]", form) }));
  });
}

if (sessionStorage.getItem("language-told")) studio.tell(sessionStorage.getItem("language-told"));
sessionStorage.removeItem("language-told");

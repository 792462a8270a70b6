// A new intent: its sentences are compared as they are typed, and what the bot does is found by what it says.
"use strict";

const form = find("#new-intent form");

// -- sentences -------------------------------------------------------------------------------------------

// What is to be told of a sentence: how bad, the sentence about it, and what it is like; nothing where it is new.
function judged(looked, earlier) {
  const there = looked.near.find((each) => each.same);
  if (there) return ["bad", fill(said.same_there, there), there.text];
  if (earlier.has(looked.text)) return ["warn", said.given_twice, ""];
  const like = looked.near[0];
  return like ? ["warn", fill(said.like_there, like), like.text] : null;
}

function drawn(looked, [kind, sentence, like]) {
  const line = made("div", "", { className: "line" });
  line.dataset.testid = "clash";
  const about = made("p", "", { className: "near" });
  about.append(made("span", sentence, { className: `chip ${kind}` }), made("span", like === looked.text ? "" : like, { dir: "auto" }));
  line.append(made("p", looked.text, { className: "sentence", dir: "auto" }), about);
  return line;
}

let asked = 0;
async function compare() {
  const pane = find("[data-looked]", form);
  const { most, shown } = find("#said").dataset;
  const texts = form.examples.value.split("\n").map((each) => each.trim()).filter(Boolean);
  const number = ++asked;
  if (!texts.length) return pane.replaceChildren();
  if (texts.length > most) return pane.replaceChildren(made("p", said.too_many, { className: "error" }));
  if (!pane.children.length) pane.replaceChildren(made("p", said.comparing, { className: "hint" }));
  try {
    const { looked } = await studio.send("/studio/language/intents/look", { texts: texts.map((each) => each.slice(0, 2000)) });
    if (number !== asked) return undefined;
    const earlier = new Set();
    const told = [];
    for (const each of looked) {
      const found = judged(each, earlier);
      earlier.add(each.text);
      if (found) told.push([each, found]);
    }
    told.sort((one, other) => (one[1][0] === "bad" ? 0 : 1) - (other[1][0] === "bad" ? 0 : 1));
    const lines = told.slice(0, shown).map(([each, found]) => drawn(each, found));
    if (told.length > shown) lines.push(made("p", fill(said.more_clashes, { count: told.length - shown }), { className: "hint" }));
    if (!told.some(([, found]) => found[0] === "bad")) lines.push(made("p", fill(said.all_clear, { count: texts.length }), { className: "hint" }));
    pane.replaceChildren(...lines);
  } catch (error) {
    if (number === asked) pane.replaceChildren(made("p", error.message, { className: "error" }));
  }
  return undefined;
}
form?.examples.addEventListener("input", pausing(compare));

// -- what the bot does -----------------------------------------------------------------------------------

const SHOWN = 80; // of those that fit
const opener = find("[data-doing]");
const choosing = find("#doings");
let offered;

function choose(each) {
  find("[name=action]", form).value = each.name;
  find("#doing").textContent = each.title || each.says || each.name;
  find("[data-answer]", form).hidden = Boolean(each.name);
  show(false);
  opener.focus();
}

function show(open) {
  choosing.hidden = !open;
  opener.setAttribute("aria-expanded", open);
}

async function offer() {
  offered ??= fetch("/studio/language/doings").then((response) => {
    if (!response.ok) throw new Error(response.statusText);
    return response.json();
  });
  const pane = find(".targets", choosing);
  let there;
  try {
    there = await offered;
  } catch (error) {
    offered = null;
    return pane.replaceChildren(made("p", error.message, { className: "error" }));
  }
  const words = find("input", choosing).value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const fits = there.filter((each) => words.every((word) => `${each.group} ${each.title} ${each.says} ${each.name}`.toLowerCase().includes(word)));
  const rows = [];
  let last = "";
  const add = (each, group) => {
    if (group !== last) rows.push(made("h3", group));
    last = group;
    const button = made("button", "", { type: "button" });
    button.dataset.name = each.name;
    button.dataset.testid = "choice";
    const label = made("span", each.title || each.says || each.name, { dir: "auto" });
    button.append(label);
    if (each.title && each.says) label.append(made("i", each.says, { dir: "auto" }));
    if (each.name) button.append(made("small", each.name));
    button.addEventListener("click", () => choose(each));
    rows.push(button);
  };
  if (!words.length) add({ name: "", title: said.does_say }, "");
  for (const each of fits.slice(0, words.length ? SHOWN : fits.length)) add(each, each.group);
  if (!fits.length) rows.push(made("p", said.does_none, { className: "hint" }));
  if (words.length && fits.length > SHOWN) rows.push(made("p", fill(said.does_more, { count: fits.length - SHOWN }), { className: "hint" }));
  pane.replaceChildren(...rows);
  pane.scrollTop = 0;
  return undefined;
}

opener?.addEventListener("click", () => {
  show(choosing.hidden);
  if (choosing.hidden) return;
  find("input", choosing).value = "";
  offer().then(() => choosing.scrollIntoView({ block: "nearest" }));
  find("input", choosing).focus();
});
choosing?.addEventListener("input", offer);
choosing?.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  const buttons = all(".targets button", choosing);
  const at = buttons.indexOf(document.activeElement);
  if (event.key === "Escape") {
    // The list is shut, and the sheet stays.
    event.preventDefault();
    show(false);
    opener.focus();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const to = at + (event.key === "ArrowDown" ? 1 : -1);
    (buttons[to] ?? (to < 0 ? find("input", choosing) : buttons.at(-1)))?.focus();
  } else if (event.key === "Enter" && at < 0) {
    event.preventDefault();
    buttons[0]?.click();
  }
});

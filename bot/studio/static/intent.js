// An intent's examples: added with their words and what is like them shown, marked, edited, moved, removed.
"use strict";

const place = find("[data-intent]");
const base = `/studio/language/intents/${encodeURIComponent(place.dataset.intent)}`;
const most = Number(place.dataset.most);
const DRAWN = 20; // sentences of which the words are shown
const LONGEST = 2000; // characters of a line that are sent; far more than an example may have
let known;

// Intents, topics and entities to choose from.
async function learn() {
  known ??= fetch("/studio/review/known").then((response) => {
    if (!response.ok) throw new Error(response.statusText);
    return response.json();
  });
  try {
    return await known;
  } catch (error) {
    known = null;
    throw error;
  }
}

// -- sentences looked at ---------------------------------------------------------------------------------

// What is to be told of a sentence, worst first: [class, sentence, what it is like].
function judged(looked, earlier) {
  const same = looked.near.find((each) => each.same);
  if ((same && !same.elsewhere) || earlier.has(looked.text)) return ["warn", said.status_already, ""];
  const there = looked.near.find((each) => each.same && each.elsewhere);
  if (there) return ["bad", fill(said.status_elsewhere, there), there.text];
  const like = looked.near.find((each) => each.elsewhere) ?? looked.near[0];
  if (like?.elsewhere) return ["warn", fill(said.status_near, like), like.text];
  return like ? ["", said.status_repeated, like.text] : ["good", said.status_new, ""];
}

function drawLine(looked, sentence, told, change) {
  const line = made("div", "", { className: "line" });
  const words = made("p", "", { className: "words", dir: "auto" });
  words.setAttribute("aria-label", said.words);
  words.dataset.testid = "words";
  marking.draw(words, sentence, looked.words, said.unmark);
  const marks = made("div", "", { className: "row marks", hidden: true });
  const near = made("p", "", { className: "near" });
  near.append(made("span", told[1], { className: `chip ${told[0]}` }), made("span", told[2], { dir: "auto" }));
  line.append(words, marks, near);
  const offer = async () => {
    const range = marking.chosen(words);
    if (!range) return;
    const { entities } = await learn();
    const buttons = entities.map((entity) => {
      const button = made("button", entity, { type: "button" });
      button.addEventListener("click", () => change(marking.mark(sentence, range, entity)));
      return button;
    });
    marks.replaceChildren(made("span", said.mark_as, { className: "hint" }), ...buttons);
    marks.hidden = false;
  };
  for (const name of ["mouseup", "keyup", "touchend"]) words.addEventListener(name, () => offer().catch((error) => studio.tell(error.message, true)));
  words.addEventListener("click", (event) => {
    const mark = event.target.closest("mark");
    if (mark) change(marking.unmark(sentence, Number(mark.dataset.at)));
  });
  return line;
}

// Looks at the sentences that `given()` has, and shows them in `pane`; `change(number, sentence)` writes one back.
function looking(pane, given, change, but, done) {
  let asked = 0;
  return async () => {
    const texts = given();
    const number = ++asked;
    if (!texts.length) {
      pane.replaceChildren();
      return done?.([]);
    }
    if (texts.length > most) {
      pane.replaceChildren(made("p", said.too_many, { className: "error" }));
      return done?.([]);
    }
    if (!pane.children.length) pane.replaceChildren(made("p", said.comparing, { className: "hint" }));
    try {
      const { looked } = await studio.send(`${base}/look`, { texts, but: but?.() });
      if (number !== asked) return undefined;
      const earlier = new Set();
      const told = looked.map((each) => {
        const found = judged(each, earlier);
        earlier.add(each.text);
        return but && found[0] === "good" ? ["", said.nothing_near, ""] : found;
      });
      const many = texts.length > DRAWN;
      const lines = looked
        .map((each, at) => (many && told[at][0] === "good" ? null : drawLine(each, each.text, told[at], (sentence) => change(at, sentence))))
        .filter(Boolean);
      if (many && !lines.length) lines.push(made("p", fill(said.all_clear, { count: texts.length }), { className: "hint" }));
      else if (many) lines.unshift(made("p", said.only_told, { className: "hint" }));
      pane.replaceChildren(...lines);
      return done?.(looked.filter((_, at) => told[at][1] !== said.status_already && told[at][0] !== "bad"));
    } catch (error) {
      if (number === asked) pane.replaceChildren(made("p", error.message, { className: "error" }));
      return undefined;
    }
  };
}

// -- added -----------------------------------------------------------------------------------------------

const adding = find("form[data-add]");
if (adding) {
  const input = find("textarea", adding);
  const button = find("[type=submit]", adding);
  const lines = () => input.value.split("\n").map((each) => each.trim().slice(0, LONGEST)).filter(Boolean);
  const ready = (fresh) => {
    button.disabled = !fresh.length;
    button.textContent = fill(said.add_button, { count: fresh.length });
  };
  const change = (number, sentence) => {
    const all = lines();
    all[number] = sentence;
    input.value = all.join("\n");
    look();
  };
  const look = looking(find(".looked", adding), lines, change, null, ready);
  const later = pausing(look);
  input.addEventListener("input", () => {
    input.rows = Math.min(12, Math.max(2, input.value.split("\n").length));
    button.disabled = true;
    later();
  });
  adding.addEventListener("submit", (event) => {
    event.preventDefault();
    quietly(write(`${base}/add`, { texts: lines() }, { error: find(".error", adding), buttons: [button], kept: () => (input.value = "") }));
  });
  addEventListener("beforeunload", (event) => {
    if (input.value.trim()) event.preventDefault();
  });
}

// -- chosen: edited, moved, removed ------------------------------------------------------------------------

const picked = () => all("[data-pick]:checked").map((box) => box.closest("[data-example]").dataset.example);
function count() {
  const number = picked().length;
  find("[data-chosen]").hidden = !number;
  find("[data-count]").textContent = fill(said.chosen, { count: number });
}
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-every]")) for (const box of all("[data-pick]")) box.checked = event.target.checked;
  if (event.target.matches("[data-every], [data-pick]")) count();
});

const editing = find("#edit form");
let edited = "";
const lookEdited = looking(
  find(".looked", editing),
  () => [editing.new.value.trim()].filter(Boolean),
  (_, sentence) => {
    editing.new.value = sentence;
    lookEdited();
  },
  () => edited,
  null,
);
editing.new.addEventListener("input", pausing(lookEdited));
function edit(text) {
  edited = text;
  editing.new.value = text;
  complain(find(".error", editing), "");
  find(".looked", editing).replaceChildren();
  find("#edit").showModal();
  lookEdited();
}
editing.addEventListener("submit", (event) => {
  event.preventDefault();
  quietly(write(`${base}/replace`, { old: edited, new: editing.new.value }, { error: find(".error", editing), buttons: [find("[type=submit]", editing)] }));
});

// Those that are edited or picked go together.
const going = (from) => (from.closest("#edit") ? [edited] : picked());
let moving = [];
async function move(from) {
  moving = going(from);
  const sheet = find("#move");
  complain(find(".error", sheet), "");
  sheet.showModal();
  find("[name=q]", sheet).value = "";
  await offerTargets();
  find("[name=q]", sheet).focus();
}
async function offerTargets() {
  const { choices } = await learn();
  const asked = find("#move [name=q]").value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const found = choices.filter((each) => each.name !== place.dataset.intent && asked.every((word) => `${each.title} ${each.name}`.toLowerCase().includes(word)));
  find("#move .targets").replaceChildren(
    ...found.slice(0, 60).map((each) => {
      const button = made("button", "", { type: "button" });
      button.append(made("span", each.title), made("small", each.name));
      button.addEventListener("click", () => {
        const buttons = all("#move .targets button");
        quietly(write(`${base}/move`, { texts: moving, to: each.name }, { error: find("#move .error"), buttons }));
      });
      const row = made("li");
      row.append(button);
      return row;
    }),
    ...(found.length ? [] : [made("li", said.no_choice, { className: "hint" })]),
  );
}
find("#move [name=q]").addEventListener("input", () => offerTargets().catch((error) => complain(find("#move .error"), error.message)));
find("#move form").addEventListener("submit", (event) => {
  event.preventDefault();
  find("#move .targets button")?.click();
});

document.addEventListener("click", (event) => {
  const on = (selector) => event.target.closest(selector);
  let hit;
  if ((hit = on("[data-edit]"))) edit(hit.closest("[data-example]").dataset.example);
  else if ((hit = on("[data-move]"))) move(hit).catch((error) => complain(find("#move .error"), error.message));
  else if ((hit = on("[data-remove]"))) {
    const texts = going(hit);
    const error = hit.closest("#edit") ? find(".error", editing) : undefined;
    if (confirm(fill(said.remove_sure, { count: texts.length }))) quietly(write(`${base}/remove`, { texts }, { error, buttons: [hit] }));
  } else if ((hit = on("[data-drop]")) && confirm(hit.dataset.sure)) quietly(write(`${base}/drop`, {}, { buttons: [hit] }));
});

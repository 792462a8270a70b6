// The list of topics: searched as one types, in all that is asked and answered, and narrowed by marks.
"use strict";

const find = document.querySelector("[data-words]");
const said = Object.fromEntries([...document.querySelector("#said").content.children].map((each) => [each.dataset.key, each.textContent]));
const rows = [...document.querySelectorAll("[data-name]")].map((element) => ({
  element,
  name: element.dataset.name,
  marks: element.dataset.marks.split(" "),
  hit: element.querySelector(".hit"),
  texts: [{ kind: "", text: element.querySelector(".name").textContent }, { kind: "", text: element.dataset.name }, { kind: "", text: element.querySelector(".about").textContent }],
}));
const foldedText = (text) => text.normalize("NFKC").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
const fold = (each) => Object.assign(each, { folded: foldedText(each.text) });
for (const row of rows) row.texts.forEach(fold);

// What was asked and answered comes after the page.
async function load() {
  const response = await fetch(find.dataset.words);
  if (!response.ok) return;
  const words = new Map((await response.json()).map((each) => [each.name, each]));
  for (const row of rows) {
    const { questions = [], answers = [] } = words.get(row.name) ?? {};
    row.texts.push(...questions.map((text) => fold({ kind: "question", text })), ...answers.map((text) => fold({ kind: "answer", text })));
  }
  show();
}

function show() {
  const terms = find.value.trim().split(/\s+/).map(foldedText).filter(Boolean);
  const marks = [...document.querySelectorAll("[data-mark][aria-pressed=true]")].map((each) => each.dataset.mark);
  let count = 0;
  for (const row of rows) {
    const hits = terms.map((term) => row.texts.find((each) => each.folded.includes(term)));
    const there = hits.every(Boolean) && marks.every((mark) => row.marks.includes(mark));
    row.element.hidden = !there;
    count += there;
    const hit = there && hits.find((each) => each.kind);
    row.hit.hidden = !hit;
    if (hit) shown(row.hit, hit, find.value.trim());
  }
  for (const area of document.querySelectorAll(".area")) {
    const many = area.querySelectorAll("[data-name]:not([hidden])").length;
    area.hidden = !many;
    const told = area.querySelector("[data-count]");
    if (told) told.textContent = many;
  }
  document.querySelector("[data-testid=knowledge-none]").hidden = count > 0;
  const narrowed = terms.length > 0 || marks.length > 0;
  const told = document.querySelector(".found");
  told.dataset.usual ??= told.textContent;
  told.textContent = narrowed ? said.found.replace("{count}", count) : told.dataset.usual;
  document.querySelector("[data-new]").href = `/studio/knowledge/new?question=${encodeURIComponent(find.value.trim())}`;
}

// The text around what was typed, which is marked where it stands there in so many letters.
function shown(place, { kind, text }, typed) {
  const at = text.toLowerCase().indexOf(typed.toLowerCase());
  const start = Math.max(0, at - 24);
  const parts = [`${said[`found_${kind}`]} · ${start ? "…" : ""}`];
  if (at < 0) parts.push(text.slice(0, 90));
  else parts.push(text.slice(start, at), Object.assign(document.createElement("mark"), { textContent: text.slice(at, at + typed.length) }), text.slice(at + typed.length, at + typed.length + 60));
  place.replaceChildren(...parts);
}

// What is looked for stays when the order changes or the page is loaded anew.
function keep() {
  const query = find.value.trim();
  history.replaceState(null, "", query ? `#${encodeURIComponent(query)}` : location.pathname + location.search);
}

if (find) {
  find.value = decodeURIComponent(location.hash.slice(1));
  find.addEventListener("input", () => {
    show();
    keep();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input, textarea, select")) {
      event.preventDefault();
      find.focus();
    }
  });
  document.addEventListener("click", (event) => {
    const mark = event.target.closest("[data-mark]");
    if (mark) {
      mark.setAttribute("aria-pressed", mark.getAttribute("aria-pressed") !== "true");
      show();
    }
    const sort = event.target.closest("[data-sort]");
    if (sort) sort.hash = location.hash;
  });
  show();
  load();
}
const told = sessionStorage.getItem("told");
sessionStorage.removeItem("told");
if (told) studio.tell(told);

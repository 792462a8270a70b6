// The shop's numbers: what is typed is seen at once in the answers that say it, and saved as one change.
"use strict";

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const said = Object.fromEntries([...(document.querySelector("#said")?.content.children ?? [])].map((each) => [each.dataset.key, each.textContent]));
const search = document.querySelector("[data-find]");
const foldedText = (text) => text.normalize("NFKC").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
const policies = all("[data-policy]").map((element) => ({
  element,
  name: element.dataset.policy,
  was: element.dataset.was,
  input: element.querySelector("[data-input]"),
  folded: foldedText(`${element.closest(".entry").dataset.label} ${element.textContent} ${element.dataset.was}`),
}));
const shownValues = new Map();
for (const place of all("[data-value]")) shownValues.set(place.dataset.value, [...(shownValues.get(place.dataset.value) ?? []), place]);
const changedOnes = () => policies.filter((each) => each.input.value.trim() !== each.was);
let leaving = false;

function show(each) {
  const value = each.input.value.trim();
  const changed = value !== each.was;
  each.input.classList.toggle("changed", changed);
  for (const place of shownValues.get(each.name) ?? []) {
    place.textContent = value;
    place.classList.toggle("new", changed);
  }
  const chip = each.element.querySelector("[data-was-shown]");
  chip.hidden = !changed;
  chip.textContent = said.was.replace("[value]", () => each.was);
  each.element.querySelector("[data-restore]").hidden = !changed;
  const count = changedOnes().length;
  document.querySelector(".savebar").hidden = !count;
  document.querySelector("[data-unsaved]").textContent = said.unsaved.replace("[count]", count);
}

function narrow() {
  const terms = search.value.trim().split(/\s+/).map(foldedText).filter(Boolean);
  for (const each of policies) each.element.hidden = !terms.every((term) => each.folded.includes(term));
  for (const kind of [".entry", ".group"]) for (const holder of all(kind)) holder.hidden = !holder.querySelector("[data-policy]:not([hidden])");
  document.querySelector("[data-none]").hidden = policies.some((each) => !each.element.hidden);
}

async function save() {
  const button = document.querySelector("[data-save]");
  const wrong = document.querySelector(".wrong");
  const name = button.textContent;
  const values = Object.fromEntries(changedOnes().map((each) => [each.name, { was: each.was, value: each.input.value }]));
  if (button.disabled || !Object.keys(values).length) return;
  wrong.hidden = true;
  button.disabled = true;
  button.textContent = said.writing;
  try {
    const { told } = await studio.send("/studio/knowledge/policies", { values });
    sessionStorage.setItem("told", told);
    leaving = true;
    return location.reload();
  } catch (error) {
    wrong.textContent = error.message;
    wrong.hidden = false;
    wrong.scrollIntoView({ block: "center" });
    if (error.status === 409) await meanwhile();
  }
  button.disabled = false;
  button.textContent = name;
}

// What others have saved meanwhile is what is changed from now on; what was typed stays.
async function meanwhile() {
  const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
  for (const each of policies) {
    const now = page.querySelector(`[data-policy="${CSS.escape(each.name)}"]`)?.dataset.was;
    if (now === undefined || now === each.was) continue;
    if (each.input.value.trim() === each.was) each.input.value = now;
    each.was = now;
    show(each);
  }
}

if (search) {
  search.addEventListener("input", narrow);
  for (const each of policies) {
    each.input.addEventListener("input", () => show(each));
    each.element.querySelector("[data-restore]").addEventListener("click", () => {
      each.input.value = each.was;
      show(each);
    });
    show(each); // what a browser has kept of an earlier visit
  }
  document.querySelector("[data-save]").addEventListener("click", save);
  document.querySelector("[data-discard]").addEventListener("click", () => {
    leaving = true;
    for (const each of policies) each.input.value = each.was;
    location.reload();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "s" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      save();
    }
  });
  addEventListener("beforeunload", (event) => {
    if (!leaving && changedOnes().length) event.preventDefault();
  });
}
const told = sessionStorage.getItem("told");
sessionStorage.removeItem("told");
if (told) studio.tell(told);

// The review inbox: moving between groups, entities marked in a sentence, decisions by one key, and undo.
"use strict";

const review = {
  known: null,
  undone: [], // decisions of this page that may be taken back, the newest last
  busy: false,
  number: 0, // of the group that was asked for last
  opening: Promise.resolve(),
  said: Object.fromEntries([...document.querySelector("#said").content.children].map((each) => [each.dataset.key, each.textContent])),
  pane: document.querySelector("#opened"),
};
const find = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const made = (name, text, more = {}) => Object.assign(document.createElement(name), { textContent: text ?? "" }, more);

// -- groups ---------------------------------------------------------------------------------------------

const rows = () => all(".group");
const current = () => find(".group[aria-current]");

// What is asked for by a key meanwhile waits: it is meant for the group that comes.
function open(group, item) {
  review.opening = load(group, item, (review.number += 1));
  return review.opening;
}

async function load(group, item, number) {
  busy(true);
  try {
    const response = await fetch(`/studio/review/groups/${group}${item ? `?item=${item}` : ""}`);
    if (!response.ok) throw new Error((await response.json().catch(() => ({}))).detail || response.statusText);
    const content = await response.text();
    if (number !== review.number) return;
    const picked = item && picks();
    review.pane.innerHTML = content; // made by the server, which escapes what people wrote
    if (picked) for (const box of all("[data-pick]")) box.checked = picked.includes(box.dataset.pick);
    for (const row of rows()) row.toggleAttribute("aria-current", row.dataset.group === String(group));
    current()?.scrollIntoView({ block: "nearest" });
    shown();
  } catch (error) {
    studio.tell(error.message, true);
  } finally {
    if (number === review.number) busy(false);
  }
}

function busy(is) {
  review.pane.toggleAttribute("aria-busy", is);
  review.pane.inert = is;
}

function move(by) {
  const listed = rows();
  const next = listed[listed.indexOf(current()) + by];
  if (next) open(next.dataset.group);
}

const opened = () => find("[data-opened]");
const picks = () => all("[data-pick]:checked").map((box) => box.dataset.pick);
const example = (key) => find(`[data-pick="${CSS.escape(key)}"]`)?.dataset.example ?? "";

function shown() {
  studio.times(review.pane);
  const one = opened();
  if (!one) return;
  const sentence = find("[data-sentence]");
  sentence.value = one.dataset.edited ?? example(one.dataset.key);
  sentence.addEventListener("input", () => later(look));
  look();
}

// -- the sentence: its words, its entities, and what is like it ----------------------------------------------

let waiting;
const later = (act) => {
  clearTimeout(waiting);
  waiting = setTimeout(act, 350);
};
let looked = 0;

async function look() {
  const sentence = find("[data-sentence]").value;
  const number = ++looked;
  const near = find(".near");
  hideMarks();
  drawWords(sentence, [marking.plain(sentence)]);
  near.replaceChildren(made("p", review.said.comparing, { className: "hint" }));
  if (!sentence.trim()) return near.replaceChildren();
  try {
    const answer = await studio.send("/studio/review/near", { text: sentence.slice(0, 2000) });
    if (number !== looked || !near.isConnected) return;
    drawWords(sentence, answer.words);
    drawNear(near, answer.near);
  } catch (error) {
    if (number === looked) near.replaceChildren(made("p", error.message, { className: "error" }));
  }
}

const drawWords = (sentence, words) => marking.draw(find(".words"), sentence, words, review.said.unmark);

function drawNear(near, found) {
  if (!found.length) return near.replaceChildren(made("p", review.said.nothing_near, { className: "hint" }));
  const same = found.some((each) => each.percent === 100);
  const list = made("ul");
  for (const each of found) {
    const row = made("li", "", { className: each.percent === 100 ? "same" : "", title: each.place });
    row.append(made("span", each.text), made("span", each.title, { className: "chip" }), made("b", `${each.percent}%`));
    list.append(row);
  }
  near.replaceChildren(made("h4", same ? review.said.same_elsewhere : review.said.near_elsewhere), list);
}

function hideMarks() {
  const marks = find(".marks");
  if (marks) marks.hidden = true;
}

async function offerMarks(range) {
  const { entities } = await learn();
  const marks = find(".marks");
  const buttons = entities.map((entity) => {
    const button = made("button", entity, { type: "button" });
    button.addEventListener("click", () => markAs(range, entity));
    return button;
  });
  marks.replaceChildren(made("span", review.said.mark_as, { className: "hint" }), ...buttons);
  marks.hidden = false;
}

function markAs(range, entity) {
  const input = find("[data-sentence]");
  input.value = marking.mark(input.value, range, entity);
  getSelection().removeAllRanges();
  look();
}

function unmark(mark) {
  const input = find("[data-sentence]");
  input.value = marking.unmark(input.value, Number(mark.dataset.at));
  look();
}

// -- decisions -------------------------------------------------------------------------------------------

async function learn() {
  review.known ??= fetch("/studio/review/known").then((response) => {
    if (!response.ok) throw new Error(response.statusText);
    return response.json();
  });
  try {
    return await review.known;
  } catch (error) {
    review.known = null;
    throw error;
  }
}

function examples() {
  const one = opened();
  const value = find("[data-sentence]").value;
  return value === example(one.dataset.key) ? {} : { [one.dataset.key]: value };
}

function complain(sentence, place = find(".choices .error")) {
  place.textContent = sentence;
  place.hidden = !sentence;
  if (sentence) place.scrollIntoView({ block: "nearest" });
}

async function decide(wish, complained) {
  const one = opened();
  if (!one || review.busy) return false;
  const keys = picks();
  if (!keys.length) return complain(review.said.no_key, complained), false;
  review.busy = true;
  complain("", complained);
  if (wish.kind !== "ignore") studio.tell(review.said.writing);
  for (const button of all("button", one)) button.disabled = true;
  busy(true);
  let answer;
  try {
    const group = Number(one.dataset.opened);
    answer = await studio.send("/studio/review/decide", { group, keys, examples: examples(), ...wish });
  } catch (error) {
    find(".toast")?.remove();
    complain(error.message, complained);
    for (const button of all("button", one)) button.disabled = false;
    busy(false);
    return false;
  } finally {
    review.busy = false; // before the next group is there: a key that follows waits for it
  }
  review.undone.push(answer.id);
  if (wish.kind === "new_topic") review.known = null;
  sessionStorage.setItem("review-undo", JSON.stringify(review.undone));
  studio.tell(answer.told);
  await leave(answer.left, answer.told);
  return true;
}

// On to what is left of the group, or to the next one.
async function leave(left, told) {
  const row = current();
  if (left) return open(opened().dataset.opened);
  const next = row?.closest("li").nextElementSibling ?? row?.closest("li").previousElementSibling;
  row?.closest("li").remove();
  const group = next && find(".group", next).dataset.group;
  if (!group || matchMedia("(max-width: 720px)").matches) {
    sessionStorage.setItem("review-told", told);
    location.assign(find(".back").href);
    return undefined;
  }
  return open(group);
}

async function undo(id) {
  const decision = id ?? review.undone.at(-1);
  if (!decision || review.busy) return decision || studio.tell(review.said.nothing_to_undo);
  review.busy = true;
  studio.tell(review.said.writing);
  try {
    const answer = await studio.send(`/studio/review/undo/${decision}`);
    review.undone = review.undone.filter((each) => each !== decision);
    sessionStorage.setItem("review-undo", JSON.stringify(review.undone));
    sessionStorage.setItem("review-told", answer.told);
    if (id) return location.reload();
    const address = new URL(location);
    address.searchParams.set("group", answer.group);
    location.assign(address);
  } catch (error) {
    studio.tell(error.message, true);
  } finally {
    review.busy = false;
  }
  return undefined;
}

// The question before was misread: it is here from now on.
async function moveBack(item) {
  if (review.busy) return;
  review.busy = true;
  try {
    const answer = await studio.send(`/studio/review/earlier/${item}`);
    sessionStorage.setItem("review-told", answer.told);
    const address = new URL(location);
    address.searchParams.set("group", answer.group);
    address.searchParams.set("item", answer.item);
    location.assign(address);
  } catch (error) {
    complain(error.message);
  } finally {
    review.busy = false;
  }
}

const kind = (name) => (name.includes("/") ? "topic" : "intent");

const LAST = "review-file"; // where the last new topic went

async function newTopic(answer) {
  const sheet = find("#new-topic");
  const form = find("form", sheet);
  const one = opened();
  const sentence = marking.plain(find("[data-sentence]").value);
  const readings = all("[data-reading]").map((each) => each.dataset.target);
  const offered = await studio.send("/studio/review/place", { text: sentence.slice(0, 2000), readings });
  const file = ({ name, title, intent, free }) => {
    const option = made("option", title, { value: name });
    Object.assign(option.dataset, { intent, free });
    return option;
  };
  form.file.replaceChildren(...offered.files.map(file));
  form.intent.replaceChildren(...offered.intents.map((each) => made("option", each.title, { value: each.name })));
  const last = localStorage.getItem(LAST);
  form.file.value = offered.file ?? (offered.files.some((each) => each.name === last) ? last : offered.files[0]?.name);
  placed(form, offered.intent);
  form.questions.value = picks().map((key) => (key === one.dataset.key ? sentence : example(key))).join("\n");
  const given = all(".answer p").map((each) => each.textContent);
  // The longest is most likely the answer, and not the greeting.
  form.answer.value = answer ?? given.sort((a, b) => b.length - a.length)[0] ?? "";
  complain("", find(".error", sheet));
  form.answer.numbersAsked?.(false);
  sheet.showModal();
  form.questions.focus();
}

// In another file a topic counts as most of those there do, and is called as they are.
function placed(form, intent) {
  const chosen = form.file.selectedOptions[0];
  if (!chosen) return;
  find("[data-path]", form).textContent = `data/nlu/faq/${chosen.value}.yml`;
  if (intent || chosen.dataset.intent) form.intent.value = intent || chosen.dataset.intent;
  form.elements.name.value = chosen.dataset.free;
}
find("#new-topic [name=file]").addEventListener("change", (event) => placed(event.target.form));

find("#new-topic form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const send = find("[type=submit]", form);
  complain("", find(".error", form));
  try {
    if (!(await numbers.settle(form.answer))) return;
  } catch (error) {
    complain(error.message, find(".error", form));
    return;
  }
  send.disabled = true;
  const questions = form.questions.value.split("\n").map((each) => each.trim()).filter(Boolean);
  const topic = { file: form.file.value, name: form.elements.name.value.trim(), intent: form.intent.value, answer: form.answer.value, questions };
  if (await decide({ kind: "new_topic", topic }, find(".error", form))) {
    localStorage.setItem(LAST, topic.file);
    find("#new-topic").close();
  }
  send.disabled = false;
});
find("#new-topic [data-close]").addEventListener("click", () => find("#new-topic").close());

// -- search ----------------------------------------------------------------------------------------------

async function search(input) {
  const list = find("#matches");
  let choices;
  try {
    ({ choices } = await learn());
  } catch (error) {
    return complain(error.message);
  }
  if (document.activeElement !== input) return undefined;
  const asked = input.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const read = all("[data-reading]").map((each) => each.dataset.target);
  const rank = (each) => (read.includes(each.name) ? read.indexOf(each.name) : read.length);
  const found = choices
    .filter((each) => asked.every((word) => `${each.title} ${each.name}`.toLowerCase().includes(word)))
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, 30);
  list.replaceChildren(
    ...found.map((each, number) => {
      const row = made("li");
      row.setAttribute("role", "option");
      row.setAttribute("aria-selected", String(number === 0));
      row.dataset.target = each.name;
      row.append(made("span", each.title), made("small", each.name));
      return row;
    }),
  );
  if (!found.length) list.append(made("li", review.said.no_match, { className: "hint" }));
  list.hidden = false;
  input.setAttribute("aria-expanded", "true");
  return undefined;
}

function closeSearch() {
  const list = find("#matches");
  if (list) list.hidden = true;
  find("[data-search]")?.setAttribute("aria-expanded", "false");
}

function searchKey(event) {
  const rowsFound = all("#matches [data-target]");
  const at = rowsFound.findIndex((row) => row.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const next = rowsFound[at + (event.key === "ArrowDown" ? 1 : -1)];
    if (!next) return;
    rowsFound[at].setAttribute("aria-selected", "false");
    next.setAttribute("aria-selected", "true");
    next.scrollIntoView({ block: "nearest" });
  } else if (event.key === "Enter" && !event.isComposing && rowsFound[at]) {
    event.preventDefault();
    const { target } = rowsFound[at].dataset;
    event.target.blur();
    closeSearch();
    decide({ kind: kind(target), target });
  } else if (event.key === "Escape") {
    event.target.blur();
    closeSearch();
  }
}

// -- hands and keys ----------------------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  const on = (selector) => event.target.closest(selector);
  let hit;
  if ((hit = on(".group")) && !matchMedia("(max-width: 720px)").matches && !event.metaKey && !event.ctrlKey) {
    event.preventDefault();
    open(hit.dataset.group);
  } else if ((hit = on("[data-item]"))) open(opened().dataset.opened, hit.dataset.item);
  else if ((hit = on("[data-reading]"))) decide({ kind: kind(hit.dataset.target), target: hit.dataset.target });
  else if ((hit = on("#matches [data-target]"))) {
    closeSearch();
    decide({ kind: kind(hit.dataset.target), target: hit.dataset.target });
  } else if ((hit = on("[data-kind]"))) decide({ kind: hit.dataset.kind });
  else if (on("[data-new]")) newTopic().catch((error) => complain(error.message));
  else if ((hit = on("[data-answer]"))) newTopic(find("p", hit.closest(".answer")).textContent).catch((error) => complain(error.message));
  else if ((hit = on("[data-undo]"))) undo(Number(hit.dataset.undo));
  else if ((hit = on("[data-earlier]"))) moveBack(hit.dataset.earlier);
  else if ((hit = on("mark"))) unmark(hit);
  if (!on(".search")) closeSearch();
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-every]")) for (const box of all("[data-pick]")) box.checked = event.target.checked;
  else if (event.target.matches("[data-pick]") && find("[data-every]")) find("[data-every]").checked = all("[data-pick]").every((box) => box.checked);
});

document.addEventListener("input", (event) => event.target.matches("[data-search]") && search(event.target));
document.addEventListener("focusin", (event) => event.target.matches("[data-search]") && search(event.target));
document.addEventListener("keydown", (event) => event.target.matches?.("[data-search]") && searchKey(event));
// Pointer and keyboard both select.
for (const name of ["mouseup", "keyup", "touchend"]) {
  document.addEventListener(name, (event) => {
    if (event.target.closest?.(".marks")) return;
    const range = marking.chosen(find(".words"));
    if (range) offerMarks(range).catch((error) => complain(error.message));
  });
}

document.addEventListener("keydown", (event) => {
  if (event.metaKey || event.ctrlKey || event.altKey || event.isComposing || event.repeat) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select, dialog")) {
    if (event.key === "Escape") event.target.blur?.();
    return;
  }
  const keys = {
    j: () => move(1),
    k: () => move(-1),
    "/": () => find("[data-search]")?.focus(),
    n: () => find("[data-new]")?.click(),
    o: () => find("[data-kind=out_of_scope]")?.click(),
    i: () => find("[data-kind=ignore]")?.click(),
    p: () => find("[data-earlier]")?.click(),
    u: () => undo(),
    "?": () => find("#help").showModal(),
    1: () => find("[data-reading='1']")?.click(),
    2: () => find("[data-reading='2']")?.click(),
    3: () => find("[data-reading='3']")?.click(),
  };
  if (Object.hasOwn(keys, event.key)) {
    event.preventDefault();
    review.opening.then(keys[event.key]);
  }
});

// What was decided before the page was left can still be taken back.
review.undone = JSON.parse(sessionStorage.getItem("review-undo") ?? "[]");
if (sessionStorage.getItem("review-told")) studio.tell(sessionStorage.getItem("review-told"));
sessionStorage.removeItem("review-told");
if (review.pane) shown();

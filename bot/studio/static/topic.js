// One topic: its wordings beside what the shopper sees, its questions beside what is like them, saved as one change.
"use strict";

const find = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const made = (name, className, ...children) => {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...children);
  return element;
};
const said = Object.fromEntries([...(find("#said")?.content.children ?? [])].map((each) => [each.dataset.key, each.textContent]));
const say = (key, values = {}) => said[key].replace(/\[(\w+)\]/g, (whole, name) => values[name] ?? whole);
const foldedText = (text) => text.normalize("NFKC").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "") || text;
const state = JSON.parse(find("#state")?.textContent ?? "null"); // the topic as it was when the page was made; null: a new one
const offered = JSON.parse(find("#offered")?.textContent ?? "{}");
const policies = new Map((offered.policies ?? []).map((each) => [each.name, each]));
const edits = { removed: new Set(), moved: new Map(), replaced: new Map(), taken: new Map(), first: null };
let saving = false;

// ---- wordings ----

const wordings = () => all(".wording").map((element) => ({
  element,
  text: find("[data-text]", element).value.trim(),
  channel: find("[data-channel]", element).value,
  since: find("[data-since]", element).value,
  until: find("[data-until]", element).value,
  number: element.dataset.number === undefined ? null : Number(element.dataset.number),
}));
const PLACE = /\{([^{}\n]*)\}/g;
const filled = (text) => text.replace(PLACE, (whole, name) => policies.get(name)?.value ?? whole);
const within = (each, day) => (!each.since || each.since <= day) && (!each.until || day <= each.until);

// Of which the bot takes one in a channel today; what goes before what: see bot/validity.py.
function sayable(listed, channel) {
  const there = listed.filter((each) => each.text && within(each, offered.today));
  const own = there.filter((each) => each.channel === channel);
  const fitting = own.length ? own : there.filter((each) => !each.channel);
  const dated = fitting.filter((each) => each.since || each.until);
  return dated.length ? dated : fitting;
}

function answersChanged() {
  const now = wordings().map(({ text, channel, since, until, number }) => [text, channel, since, until, number]);
  const before = (state?.answers ?? []).map((each, number) => [each.text.trim(), each.channel, each.since, each.until, number]);
  return JSON.stringify(now) !== JSON.stringify(before);
}

function judge(each, number, listed) {
  const { element } = each;
  find("[data-title]", element).textContent = say("number", { count: number + 1 });
  find("[data-drop]", element).hidden = all(".wording").length < 2;
  const over = each.until && each.until < offered.today;
  const later = each.since && each.since > offered.today;
  const term = find("[data-term]", element);
  const behind = each.text && within(each, offered.today) && !sayable(listed, each.channel).includes(each);
  term.hidden = !over && !later && !behind;
  term.className = over ? "chip warn" : "chip info";
  term.textContent = over ? said.over_one : later ? said.later_one : behind ? said.behind_one : "";
  element.classList.toggle("over", Boolean(over));
  const size = find("[data-size]", element);
  const most = looks?.wechat?.bytes;
  const bytes = new TextEncoder().encode(filled(each.text)).length;
  const parts = most ? Math.ceil(bytes / most) : 1;
  size.hidden = !most || !each.text || (each.channel && each.channel !== "wechat");
  size.classList.toggle("over", parts > 1);
  size.textContent = most ? say(parts > 1 ? "parts" : "bytes", { count: bytes, most, parts }) : "";
  const unknown = [...each.text.matchAll(PLACE)].map((match) => match[1]).find((name) => !policies.has(name) && !offered.slots.includes(name));
  const wrong = find("[data-wrong]", element);
  wrong.textContent = unknown !== undefined ? say("unknown", { name: unknown })
    : each.since && each.until && each.until < each.since ? said.wrong_days
    : each.text.length > offered.longest ? say("long", { most: offered.longest })
    : "";
  wrong.hidden = !wrong.textContent;
}

// ---- what the shopper sees ----

let looks = null;
let channel = offered.channels?.[0];
let current = null; // the wording that is shown: the one that was touched last

// Only ASCII may belong to an address, as in the widget.
function linked(text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(/https?:\/\/[\w\-.~:/?#[\]@!$&'()*+,;=%]*[\w/]/g)) {
    const link = made("a", "", match[0]);
    link.href = match[0];
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    parts.push(text.slice(end, match.index), link);
    end = match.index + match[0].length;
  }
  return [...parts, text.slice(end)];
}

const drawn = {
  web(asks, answers) {
    const message = (from, name, text) => {
      const element = made("div", "message first", made("div", from === "shopper" ? "sr" : "name", name), made("div", "bubble", ...linked(text)));
      element.dataset.from = from;
      return element;
    };
    const log = made("div", "log", message("shopper", "", asks), ...answers.map((text) => message("bot", said.bot, text)));
    return [made("div", "root", made("div", "middle", log))];
  },
  wechat(asks, answers) {
    const row = (mine, text) => made("div", mine ? "row mine" : "row", made("div", "face", mine ? "我" : "店"), made("div", "bubble", ...linked(text)));
    return [made("div", "screen", row(true, asks), ...answers.map((text) => row(false, text)))];
  },
};
// The styles are for a whole window; here they fill a place on the page.
const PLACED = {
  web: ".root{background:var(--bg)}.log{max-height:420px;padding:4px 14px 16px}",
  wechat: ":host{display:block;background:var(--chat);color:var(--ink);font:16px/1.5 system-ui,'PingFang SC','Noto Sans CJK SC','Noto Sans SC',sans-serif}.screen{max-height:420px}",
};

function place(name) {
  const host = find(`[data-shown="${name}"]`);
  if (!looks?.[name]) return null;
  if (!host.shadowRoot) {
    const root = host.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [looks[name].style, PLACED[name]].map((style) => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(style);
      return sheet;
    });
    shade(root);
  }
  return host.shadowRoot;
}

// Light or dark as the office is, not as the system has it.
function shade(root) {
  const chosen = document.documentElement.dataset.theme;
  const dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  for (const rule of root.adoptedStyleSheets.flatMap((sheet) => [...sheet.cssRules])) {
    if (!(rule instanceof CSSMediaRule)) continue;
    rule.asked ??= rule.media.mediaText;
    if (rule.asked.includes("prefers-color-scheme")) rule.media.mediaText = dark ? "all" : "not all";
  }
}

function preview(listed) {
  if (!offered.channels) return;
  const possible = sayable(listed, channel);
  const touched = listed.find((each) => each.element === current && each.text && ["", channel].includes(each.channel));
  const shown = touched ?? possible[0];
  for (const each of listed) each.element.classList.toggle("current", each === shown && listed.length > 1);
  const numbers = possible.map((each) => say("number", { count: listed.indexOf(each) + 1 })).join(said.joiner);
  find("[data-says]").textContent = !listed.some((each) => each.text) ? said.says_later : !possible.length ? said.says_nothing : say(possible.length > 1 ? "says_any" : "says_one", { numbers });
  const asks = state?.questions[0] ?? find("[data-add]").value.trim().split("\n")[0];
  const text = shown ? filled(shown.text.slice(0, offered.longest)) : "";
  const name = channel;
  const root = place(name);
  const answers = text ? (name === "wechat" ? inParts(text, looks?.wechat?.bytes) : [text]) : [];
  root?.replaceChildren(...drawn[name](plain(asks) || said.shopper_asks, answers));
}

const plain = (text) => text.replace(/\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})/g, "$1");

// As the channel breaks a long text: between lines or sentences.
function inParts(text, most) {
  const size = (part) => new TextEncoder().encode(part).length;
  const parts = [];
  let rest = text;
  while (most && size(rest) > most) {
    let head = "";
    for (const sign of rest) {
      if (size(head + sign) > most) break;
      head += sign;
    }
    const half = Math.floor(head.length / 2);
    const line = head.lastIndexOf("\n");
    const sentence = Math.max(...["。", "！", "？", "；"].map((mark) => head.lastIndexOf(mark))) + 1;
    head = head.slice(0, line > half ? line : sentence > half ? sentence : undefined);
    parts.push(head);
    rest = rest.slice(head.length).replace(/^\n/, "");
  }
  return [...parts, rest];
}

// ---- questions ----

const lines = () => find("[data-add]").value.split("\n").map((line) => line.trim().replace(/\s+/g, " ")).filter(Boolean);
const row = (written) => all(".asked li").find((each) => each.dataset.question === written);

function mark(item) {
  const written = item.dataset.question;
  const fate = find("[data-fate]", item);
  const removed = edits.removed.has(written);
  const moved = edits.moved.get(written);
  const replaced = edits.replaced.get(written);
  const taken = edits.taken.get(written);
  const leads = edits.first === written;
  fate.textContent = removed ? said.removed_mark : moved ? say("moved_mark", { title: moved.title }) : taken ? say("taken_mark", { title: taken.title }) : leads ? said.lead_mark : replaced ? said.edited_mark : "";
  fate.hidden = !fate.textContent;
  item.classList.toggle("gone", removed || Boolean(moved));
  item.classList.toggle("changed", Boolean(fate.textContent));
  find(".text", item).textContent = replaced ?? written;
  for (const act of all("[data-edit], [data-lead]", item)) act.hidden = removed || Boolean(moved) || Boolean(taken);
  find("[data-undo]", item).hidden = !fate.textContent;
}

function restore(written) {
  edits.removed.delete(written);
  edits.moved.delete(written);
  edits.replaced.delete(written);
  if (edits.first === written) edits.first = null;
  const item = row(written);
  if (edits.taken.delete(written)) return item.remove();
  find("[data-like]", item).hidden = true;
  mark(item);
}

function edit(item) {
  const written = item.dataset.question;
  const text = find(".text", item);
  const input = made("input", "field");
  input.value = edits.replaced.get(written) ?? written;
  input.dir = "auto";
  input.maxLength = 1000;
  text.hidden = true;
  text.after(input);
  input.focus();
  let over = false;
  const done = (kept) => {
    if (over) return;
    over = true;
    const value = input.value.trim().replace(/\s+/g, " ");
    input.remove();
    text.hidden = false;
    if (!kept || !value) return;
    if (value === written) edits.replaced.delete(written);
    else edits.replaced.set(written, value);
    mark(item);
    changed();
    if (value !== written) likeEdited(item, value);
  };
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter") done(true);
    if (event.key === "Escape") done(false);
  });
  input.addEventListener("blur", () => done(true));
}

async function likeEdited(item, text) {
  const [{ near }] = await studio.send("/studio/knowledge/near", { texts: [text], topic: state.name });
  const other = near.find((each) => each.elsewhere);
  const place = find("[data-like]", item);
  place.hidden = !other;
  if (!other) return;
  place.classList.toggle("same", other.same);
  place.textContent = say(other.same ? "same_there" : "like_there", other);
}

// What is pasted is compared with all that is taught, some at a time.
let asked = 0;
let waiting;
async function compare() {
  const number = (asked += 1);
  const unique = [...new Map(lines().map((line) => [foldedText(line), line])).values()];
  const place = find("[data-compared]");
  if (!unique.length) return place.replaceChildren();
  const here = new Set((state?.questions ?? []).map((each) => foldedText(plain(each))));
  const results = [];
  try {
    for (let start = 0; start < unique.length; start += 50) {
      results.push(...(await studio.send("/studio/knowledge/near", { texts: unique.slice(start, start + 50), topic: state?.name ?? "" })));
      if (number !== asked) return;
    }
  } catch (error) {
    return studio.tell(error.status === 413 ? said.too_large : error.message, true);
  }
  const list = made("ul");
  let free = 0;
  for (const { text, near } of results) {
    const other = near.find((each) => each.elsewhere);
    if (here.has(foldedText(plain(text)))) list.append(made("li", "known", made("b", "", text), ` · ${said.known_here}`));
    else if (!other) free += 1;
    else {
      const item = made("li", other.same ? "same" : "like", made("b", "", text), ` · ${say(other.same ? "same_there" : "like_there", other)} `);
      if (other.same && state) {
        const button = made("button", "link", said.take);
        button.type = "button";
        button.addEventListener("click", () => take(text, other));
        item.append(button);
      } else if (!other.same) free += 1;
      list.append(item);
    }
  }
  const told = made("p", "hint", say("all_new", { count: free }));
  place.replaceChildren(...(list.children.length ? [list] : []), ...(free ? [told] : []));
}

function take(text, other) {
  const box = find("[data-add]");
  box.value = box.value.split("\n").filter((line) => foldedText(line) !== foldedText(text)).join("\n");
  edits.taken.set(other.written, { from: other.intent, title: other.title });
  const item = find(".asked li").cloneNode(true);
  item.dataset.question = other.written;
  find("[data-first]", item)?.remove();
  find("input", item).checked = false;
  find("[data-like]", item).hidden = true;
  find(".asked").prepend(item);
  mark(item);
  changed();
  compare();
}

function picked() {
  const boxes = all(".asked li > input:checked").map((box) => box.parentElement.dataset.question);
  if (!state) return boxes;
  find("[data-picked]").textContent = boxes.length ? say("picked", { count: boxes.length }) : "";
  for (const button of all("[data-move], [data-remove-picked]")) button.disabled = !boxes.length;
  return boxes;
}

function unpick() {
  for (const box of all(".asked li > input, [data-every]")) box.checked = false;
  picked();
}

// ---- what is not saved yet ----

function pending() {
  const fresh = lines().length;
  const intent = state && find("[data-intent]").value !== state.intent;
  return [
    answersChanged() && said.unsaved_answers,
    fresh && say("unsaved_added", { count: fresh }),
    edits.taken.size && say("unsaved_taken", { count: edits.taken.size }),
    edits.replaced.size && say("unsaved_edited", { count: edits.replaced.size }),
    edits.removed.size && say("unsaved_removed", { count: edits.removed.size }),
    edits.moved.size && say("unsaved_moved", { count: edits.moved.size }),
    edits.first && said.unsaved_first,
    intent && said.unsaved_intent,
  ].filter(Boolean);
}

function changed() {
  const listed = wordings();
  listed.forEach(judge);
  preview(listed);
  const parts = pending();
  if (state) find(".savebar").hidden = !parts.length;
  find("[data-unsaved]").textContent = parts.length && state ? say("unsaved", { parts: parts.join(said.joiner) }) : "";
}

const address = state && `/studio/knowledge/topics/${state.name}`;
const chosenArea = () => find("[data-area]").value || find("[data-area-name]").value.trim();

function body() {
  const answers = wordings().map(({ text, channel: to, since, until, number }) => ({ text, channel: to, since: since || null, until: until || null, number }));
  if (!state) {
    return {
      area: chosenArea(),
      area_title: find("[data-area]").value ? "" : find("[data-area-title]").value.trim(),
      name: find("[data-name]").value.trim(),
      intent: find("[data-intent]").value,
      questions: lines(),
      answers,
    };
  }
  const intent = find("[data-intent]").value;
  return {
    seen: state.seen,
    answers: answersChanged() ? answers : null,
    intent: intent === state.intent ? null : intent,
    added: lines(),
    taken: Object.fromEntries([...edits.taken].map(([written, { from }]) => [written, from])),
    removed: [...edits.removed],
    replaced: Object.fromEntries([...edits.replaced].filter(([written]) => !edits.removed.has(written) && !edits.moved.has(written))),
    moved: Object.fromEntries([...edits.moved].map(([written, { name }]) => [written, name])),
    first: edits.first,
  };
}

async function save() {
  if (saving || (state && !pending().length)) return;
  const wrong = find(".wrong");
  const before = new Set((state?.answers ?? []).map((each) => each.text.trim()));
  try {
    for (const { element, text } of wordings()) {
      if (!before.has(text) && !(await numbers.settle(find("[data-text]", element)))) return;
    }
  } catch (error) {
    wrong.textContent = error.message;
    wrong.hidden = false;
    return;
  }
  if (saving) return;
  saving = true;
  const button = find("[data-save]");
  const name = button.textContent;
  wrong.hidden = true;
  button.disabled = true;
  button.textContent = said.writing;
  try {
    const done = await studio.send(address ?? "/studio/knowledge/new", body());
    sessionStorage.setItem("saved", JSON.stringify(done));
    leaving = true;
    if (done.address) location.assign(done.address);
    else location.reload();
    return;
  } catch (error) {
    if (state && (error.status === 409 || error.status === 404)) await conflict(error.message);
    else {
      wrong.textContent = error.status === 413 ? said.too_large : error.message;
      wrong.hidden = false;
      wrong.scrollIntoView({ block: "center" });
    }
  }
  saving = false;
  button.disabled = false;
  button.textContent = name;
}

// ---- two admins at once: what was typed stays, beside what the other has saved ----

let theirs = null;
async function conflict(sentence) {
  const box = find(".conflict");
  find("[data-what]", box).textContent = sentence;
  const list = find("[data-theirs]", box);
  theirs = null;
  try {
    const response = await fetch(`${address}/now`);
    if (response.ok) theirs = await response.json();
  } catch { /* it is told that it is not known */ }
  const item = (text) => Object.assign(made("li", "", text), { dir: "auto" });
  const before = new Set(state.questions);
  list.replaceChildren(
    ...(theirs?.answers ?? []).map((each) => item(each.text)),
    ...(theirs?.questions ?? []).filter((each) => !before.has(each)).map((text) => item(say("conflict_question_added", { text }))),
    ...(theirs ? state.questions.filter((each) => !theirs.questions.includes(each)) : []).map((text) => item(say("conflict_question_removed", { text }))),
  );
  if (!theirs) list.replaceChildren(item(said.conflict_gone));
  find("[data-overwrite]", box).hidden = !theirs;
  box.hidden = false;
  box.scrollIntoView({ block: "start" });
}

// Mine are the words that count; what the other did elsewhere in the topic stays.
function overwrite() {
  const mine = answersChanged();
  const there = new Set(theirs.questions);
  const kept = lines();
  for (const [written, text] of edits.replaced) {
    if (!there.has(written)) {
      edits.replaced.delete(written);
      kept.push(text);
    }
  }
  find("[data-add]").value = kept.join("\n");
  for (const written of edits.removed) if (!there.has(written)) edits.removed.delete(written);
  for (const written of edits.moved.keys()) if (!there.has(written)) edits.moved.delete(written);
  state.seen = theirs.seen;
  state.answers = theirs.answers;
  if (!mine) lay(theirs.answers);
  else all(".wording").forEach((element, number) => {
    if (number < theirs.answers.length) element.dataset.number = number;
    else delete element.dataset.number;
  });
  state.questions = theirs.questions;
  find(".conflict").hidden = true;
  save();
}

// The wordings as they are saved by now.
function lay(answers) {
  find(".wordings").replaceChildren(...answers.map((each, number) => {
    const element = document.importNode(find("#wording").content, true).firstElementChild;
    element.dataset.number = number;
    for (const name of ["text", "channel", "since", "until"]) find(`[data-${name}]`, element).value = each[name];
    return element;
  }));
}

// ---- choosing from a list ----

function choose(dialog, choices, then) {
  const input = find("input", dialog);
  const list = find("ul", dialog);
  let shown = [];
  const draw = () => {
    const terms = input.value.trim().split(/\s+/).map((term) => foldedText(term)).filter(Boolean);
    shown = choices.filter((each) => terms.every((term) => each.folded.includes(term))).slice(0, 60);
    list.replaceChildren(...shown.map((each, number) => {
      const item = made("li", "", made("span", "", each.title, made("small", "", each.about)), ...(each.value ? [made("b", "", each.value)] : []));
      item.setAttribute("aria-selected", number === 0);
      item.addEventListener("click", () => take_(each));
      return item;
    }));
    if (!shown.length) list.append(made("li", "hint", said.no_match));
  };
  const take_ = (each) => {
    dialog.close();
    then(each);
  };
  input.value = "";
  input.oninput = draw;
  input.onkeydown = (event) => {
    if (event.isComposing) return;
    const at = shown.findIndex((_, number) => list.children[number].getAttribute("aria-selected") === "true");
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key];
    if (to !== undefined && shown[to]) {
      event.preventDefault();
      list.children[at].setAttribute("aria-selected", false);
      list.children[to].setAttribute("aria-selected", true);
      list.children[to].scrollIntoView({ block: "nearest" });
    }
    if (event.key === "Enter" && shown[at]) {
      event.preventDefault();
      take_(shown[at]);
    }
  };
  draw();
  dialog.showModal();
  input.focus();
}

function insert(element) {
  const text = find("[data-text]", element);
  const [start, end] = [text.selectionStart, text.selectionEnd];
  const choices = [...policies.values()].map(({ name, value, label }) => ({ title: label, about: `{${name}}`, value, name, folded: foldedText(label) + foldedText(name) + foldedText(value) }));
  choose(find("#numbers"), choices, ({ name }) => {
    text.setRangeText(`{${name}}`, start, end, "end");
    text.focus();
    current = element;
    changed();
  });
}

let known = null;
async function move() {
  const written = picked();
  try {
    known ??= (await (await fetch(offered.words)).json()).map(({ name, title }) => ({ name, title, about: name, folded: foldedText(title) + foldedText(name) }));
  } catch (error) {
    return studio.tell(error.message, true);
  }
  choose(find("#topics"), known.filter((each) => each.name !== state.name), ({ name, title }) => {
    for (const each of written) {
      if (edits.taken.has(each)) continue;
      restore(each);
      edits.moved.set(each, { name, title });
      mark(row(each));
    }
    unpick();
    changed();
  });
}

// ---- acts ----

const acts = {
  "add-wording"() {
    const added = document.importNode(find("#wording").content, true).firstElementChild;
    find(".wordings").append(added);
    find("[data-text]", added).focus();
  },
  drop: (element) => element.closest(".wording").remove(),
  insert: (element) => insert(element.closest(".wording")),
  look(element) {
    channel = element.dataset.look;
    showChannel();
  },
  edit: (element) => edit(element.closest("li")),
  lead(element) {
    const before = edits.first;
    edits.first = element.closest("li").dataset.question;
    if (before) mark(row(before));
    mark(element.closest("li"));
  },
  undo: (element) => restore(element.closest("li").dataset.question),
  move: () => move(),
  "remove-picked"() {
    for (const written of picked()) {
      if (edits.taken.has(written)) {
        restore(written);
        continue;
      }
      restore(written);
      edits.removed.add(written);
      mark(row(written));
    }
    unpick();
  },
  save: () => save(),
  discard() {
    leaving = true;
    location.reload();
  },
  overwrite: () => overwrite(),
  "give-up"() {
    leaving = true;
    location.reload();
  },
  close: (element) => element.closest("dialog").close(),
  remove: () => {
    find("#sure").returnValue = "";
    find("#sure").showModal();
  },
};

function showArea() {
  for (const label of all("[data-new-area]")) label.hidden = Boolean(find("[data-area]").value);
}

function showChannel() {
  for (const button of all("[data-look]")) button.setAttribute("aria-pressed", button.dataset.look === channel);
  for (const host of all("[data-shown]")) host.hidden = host.dataset.shown !== channel;
}

async function removeTopic() {
  try {
    const { told, address: to } = await studio.send(`${address}/remove`, { seen: state.seen });
    sessionStorage.setItem("told", told);
    leaving = true;
    location.assign(to);
  } catch (error) {
    if (error.status === 409) conflict(error.message);
    else studio.tell(error.message, true);
  }
}

let leaving = false;
if (offered.channels) {
  document.addEventListener("click", (event) => {
    const name = Object.keys(acts).find((act) => event.target.closest(`[data-${act}]`));
    if (!name || event.target.closest("[data-every], .asked li > input")) return;
    acts[name](event.target.closest(`[data-${name}]`));
    changed();
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-add]")) {
      clearTimeout(waiting);
      waiting = setTimeout(compare, 300);
    }
    changed();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-every]")) for (const box of all(".asked li > input")) box.checked = event.target.checked;
    if (event.target.matches(".asked li > input, [data-every]")) picked();
    if (event.target.matches("[data-area]")) {
      showArea();
      const { free, usual } = event.target.selectedOptions[0].dataset;
      find("[data-name]").value = free ?? "";
      if (usual) find("[data-intent]").value = usual;
    }
  });
  document.addEventListener("focusin", (event) => {
    const element = event.target.closest(".wording");
    if (!element || element === current) return;
    current = element;
    const own = find("[data-channel]", element).value;
    if (offered.channels.includes(own)) {
      channel = own;
      showChannel();
    }
    changed();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "s" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      save();
    }
  });
  find("#sure")?.addEventListener("close", () => find("#sure").returnValue === "yes" && removeTopic());
  addEventListener("beforeunload", (event) => {
    if (!leaving && (state ? pending().length : lines().length || wordings().some((each) => each.text))) event.preventDefault();
  });
  new MutationObserver(() => all("[data-shown]").forEach((host) => host.shadowRoot && shade(host.shadowRoot))).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  const done = JSON.parse(sessionStorage.getItem("saved") ?? "null");
  sessionStorage.removeItem("saved");
  if (done?.trains && state) {
    find(".notice p").textContent = done.told;
    find(".notice").hidden = false;
  } else if (done) studio.tell(done.told);
  if (!state) showArea();
  changed();
  if (lines().length) compare();
  fetch("/channels/looks").then((response) => response.json()).then((given) => {
    looks = given;
    changed();
  }).catch(() => {});
}

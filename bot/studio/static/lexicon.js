// The lexicon: words added and removed, and a sentence read with and without what is being typed.
"use strict";

const dictionary = find("[data-list]").dataset.list;
const form = find("form[data-word]");
const input = find("[data-try]");
const pane = find("[data-tried]");

const typed = () => {
  const word = form && { dictionary, ...Object.fromEntries(new FormData(form)) };
  return word && word.name.trim() && word.typed?.trim() !== "" ? word : null;
};

// The words; names of the lexicon marked, whatever words they reach over.
function draw(title, sentence, read) {
  const line = made("p", "", { className: "words", dir: "auto" });
  const ends = new Set();
  let end = 0;
  for (const word of read.words) ends.add((end += word.length));
  let at = 0;
  while (at < sentence.length) {
    const hit = read.hits.find((each) => each.start === at);
    if (hit) {
      const mark = made("mark", sentence.slice(hit.start, hit.end));
      mark.append(made("small", `${hit.kind} ${hit.name}`));
      line.append(mark, " ");
      at = hit.end;
      continue;
    }
    let until = at + 1;
    while (until < sentence.length && !ends.has(until) && !read.hits.some((each) => each.start === until)) until += 1;
    line.append(made("span", sentence.slice(at, until), { className: "word" }));
    at = until;
  }
  const none = read.hits.length ? [] : [made("p", said.no_hits, { className: "hint" })];
  return [made("h4", title), line, ...none];
}

let asked = 0;
async function attempt() {
  const sentence = input.value;
  const number = ++asked;
  if (!sentence.trim()) return pane.replaceChildren();
  try {
    const answer = await studio.send("/studio/language/lexicon/try", { sentence, word: typed() });
    if (number !== asked) return undefined;
    const after = answer.after ? draw(said.after, sentence, answer.after) : [];
    const why = answer.why ? [made("p", answer.why, { className: "hint" })] : [];
    pane.replaceChildren(...draw(said.now, sentence, answer.now), ...after, ...why);
  } catch (error) {
    if (number === asked) pane.replaceChildren(made("p", error.message, { className: "error" }));
  }
  return undefined;
}
const later = pausing(attempt);
input.addEventListener("input", later);
form?.addEventListener("input", later);
form?.addEventListener("submit", (event) => {
  event.preventDefault();
  const body = { dictionary, ...Object.fromEntries(new FormData(form)) };
  quietly(write("/studio/language/lexicon/add", body, { error: find(".error", form), buttons: [find("[type=submit]", form)] }));
});

document.addEventListener("click", (event) => {
  const gone = event.target.closest("[data-gone]");
  if (gone && confirm(gone.dataset.sure)) {
    const body = { dictionary, name: gone.dataset.name, typed: gone.dataset.typed ?? "" };
    quietly(write("/studio/language/lexicon/remove", body, { buttons: [gone] }));
  }
  const wanted = event.target.closest("[data-for]");
  if (wanted) {
    form.elements.name.value = wanted.dataset.for;
    form.scrollIntoView({ block: "nearest" });
    form.elements.typed.focus();
  }
});

// A sentence's words as jieba sees them, and its entities: marked by choosing words, unmarked by a tap.
"use strict";

const marking = {
  MARK: /\[([^[\]]+)\](?:\((\w+)(?::[^()]+)?\)|\{[^{}]*"entity"\s*:\s*"(\w+)"[^{}]*\})/g,

  // The sentence in parts: plain text, or text that is an entity, which knows how it is written.
  parts(sentence) {
    const found = [];
    let at = 0;
    for (const mark of sentence.matchAll(marking.MARK)) {
      if (mark.index > at) found.push({ text: sentence.slice(at, mark.index) });
      found.push({ text: mark[1], entity: mark[2] ?? mark[3], source: mark[0] });
      at = mark.index + mark[0].length;
    }
    if (at < sentence.length) found.push({ text: sentence.slice(at) });
    return found;
  },
  written: (parts) => parts.map((part) => part.source ?? (part.entity ? `[${part.text}](${part.entity})` : part.text)).join(""),
  plain: (sentence) => sentence.replace(marking.MARK, "$1"),

  // The sentence with the words from one offset of its plain text to another marked.
  mark(sentence, { from, to }, entity) {
    let at = 0;
    const after = [];
    for (const part of marking.parts(sentence)) {
      const end = at + part.text.length;
      if (!part.entity && from >= at && to <= end) {
        const [first, last] = [from - at, to - at];
        after.push({ text: part.text.slice(0, first) }, { text: part.text.slice(first, last), entity }, { text: part.text.slice(last) });
      } else after.push(part);
      at = end;
    }
    return marking.written(after);
  },
  // The sentence without the mark that begins at this offset of its plain text.
  unmark(sentence, offset) {
    let at = 0;
    return marking.written(
      marking.parts(sentence).map((part) => {
        const here = part.entity && at === offset;
        at += part.text.length;
        return here ? { text: part.text } : part;
      }),
    );
  },

  // Show the words of a sentence in the element `line`; a mark's title says what a tap does.
  draw(line, sentence, words, title) {
    const ends = [];
    let end = 0;
    for (const word of words) ends.push((end += word.length));
    let at = 0;
    const drawn = [];
    const add = (name, text) => {
      const each = Object.assign(document.createElement(name), { textContent: text });
      each.dataset.at = at;
      drawn.push(each);
      at += text.length;
      return each;
    };
    for (const part of marking.parts(sentence)) {
      if (part.entity) {
        const mark = Object.assign(add("mark", part.text), { title });
        mark.append(Object.assign(document.createElement("small"), { textContent: part.entity }));
        continue;
      }
      let left = part.text;
      while (left) {
        const until = ends.find((each) => each > at) ?? at + left.length;
        const word = add("span", left.slice(0, until - at));
        word.className = "word";
        left = left.slice(word.textContent.length);
      }
    }
    line.replaceChildren(...drawn);
  },
  // What is chosen of the words in `line`, as offsets in the plain sentence; null where it reaches beyond or holds a mark.
  chosen(line) {
    const selection = getSelection();
    if (!line || !selection.rangeCount || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0);
    if (!line.contains(range.commonAncestorContainer)) return null;
    const place = (node, offset) => {
      if (node === line) {
        const word = line.children[Math.min(offset, line.children.length - 1)];
        return Number(word.dataset.at) + (offset < line.children.length ? 0 : word.textContent.length);
      }
      const word = (node.nodeType === Node.TEXT_NODE ? node.parentElement : node).closest(".word");
      return word ? Number(word.dataset.at) + (node.nodeType === Node.TEXT_NODE ? offset : offset ? word.textContent.length : 0) : NaN;
    };
    const from = place(range.startContainer, range.startOffset);
    const to = place(range.endContainer, range.endOffset);
    return to > from ? { from, to } : null;
  },
};

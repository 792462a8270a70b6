// Numbers in an answer that may be the shop's own: asked about once, before the answer is written.
"use strict";

const numbers = {
  LONGEST: 4000,
  kept: new WeakMap(), // by textarea, the numbers that are to stay words

  // Ask below the textarea; whether all is answered. What is the shop's own stands there by its name then.
  async settle(area) {
    area.numbersAsked?.(false);
    const kept = numbers.kept.get(area) ?? new Set();
    numbers.kept.set(area, kept);
    const text = area.value;
    // What is too long is told of where it is written.
    if (!/\d/.test(text) || text.length > numbers.LONGEST) return true;
    const found = await studio.send("/studio/knowledge/numbers", { text });
    const open = found.filter((each) => !kept.has(each.text));
    if (area.value !== text) return numbers.settle(area);
    if (!open.length) return true;
    return numbers.ask(area, open, kept);
  },

  ask(area, open, kept) {
    const box = Object.assign(document.createElement("div"), { className: "numbers" });
    box.dataset.testid = "numbers-asked";
    box.setAttribute("role", "group");
    (area.closest("label") ?? area).after(box);
    const taken = [];
    return new Promise((done) => {
      const end = (all) => {
        box.remove();
        area.removeEventListener("input", changed);
        area.numbersAsked = null;
        done(all);
      };
      const changed = () => end(false);
      area.numbersAsked = end;
      area.addEventListener("input", changed);
      for (const each of open) {
        box.append(numbers.question(each, (choice) => {
          if (choice) taken.push(choice);
          else kept.add(each.text);
          if (box.children.length) return box.querySelector("button").focus();
          area.removeEventListener("input", changed);
          numbers.put(area, taken);
          return end(true);
        }));
      }
      box.scrollIntoView({ block: "nearest" });
      box.querySelector("button").focus();
    });
  },

  question(each, answered) {
    const row = document.createElement("div");
    const choices = Object.assign(document.createElement("div"), { className: "row" });
    for (const choice of [...each.choices, null]) {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: choice ? choice.label : each.keep });
      if (choice) button.append(Object.assign(document.createElement("small"), { textContent: `{${choice.name}}` }));
      else button.className = "keep";
      button.addEventListener("click", () => {
        row.remove();
        answered(choice);
      });
      choices.append(button);
    }
    row.append(Object.assign(document.createElement("p"), { textContent: each.ask }), choices);
    return row;
  },

  // From the end on, as each changes what is behind it. Offsets count characters and not UTF-16.
  put(area, taken) {
    const signs = [...area.value];
    for (const { name, start, end } of taken.sort((a, b) => b.start - a.start)) signs.splice(start, end - start, `{${name}}`);
    area.value = signs.join("");
    if (taken.length) area.dispatchEvent(new Event("input", { bubbles: true }));
  },
};

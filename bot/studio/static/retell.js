// The story is made anew by the server with each choice.
"use strict";

const retell = document.getElementById("retell");

const story = {
  asked: 0,
  named: false,
  saving: false,
  pause: 0,

  // What the form says now.
  wish() {
    const kept = [...retell.querySelectorAll("[data-turn]")].filter((turn) => turn.querySelector("[data-keep]").checked);
    const bot = (turn) => {
      const chosen = turn.querySelector("[data-bot]").value;
      return chosen === "other" ? turn.querySelector("[data-action]").value.trim() : chosen;
    };
    const intents = kept.map((turn) => turn.querySelector("[data-intent]").value);
    const lines = retell.querySelector("[data-examples]").value.split("\n").map((line) => line.trim());
    return {
      intent: intents.includes("+")
        ? { name: retell.querySelector("[data-intent-name]").value.trim(), title: retell.querySelector("[data-intent-title]").value.trim(), examples: lines.filter(Boolean) }
        : null,
      conversation: retell.dataset.conversation,
      seq: retell.dataset.seq ? Number(retell.dataset.seq) : null,
      name: story.named ? retell.querySelector("[data-name]").value : "",
      choices: kept.map((turn) => ({ number: Number(turn.dataset.turn), intent: turn.querySelector("[data-intent]").value, bot: bot(turn) })),
      answer: kept.some((turn) => turn.querySelector("[data-bot]").value === "new")
        ? { name: retell.querySelector("[data-answer-name]").value.trim(), text: retell.querySelector("[data-answer-text]").value }
        : null,
    };
  },

  settle() {
    for (const turn of retell.querySelectorAll("[data-turn]")) {
      turn.classList.toggle("left-out", !turn.querySelector("[data-keep]").checked);
      turn.querySelector("[data-which]").hidden = turn.querySelector("[data-bot]").value !== "other";
    }
    const wish = story.wish();
    document.getElementById("answer").hidden = !wish.answer;
    document.getElementById("intent").hidden = !wish.intent;
  },

  // The field that a refusal speaks of.
  field(type) {
    const title = retell.querySelector("[data-intent-title]");
    const examples = retell.querySelector("[data-examples]");
    return {
      "answer-name": retell.querySelector("[data-answer-name]"),
      "answer-taken": retell.querySelector("[data-answer-name]"),
      "no-answer": retell.querySelector("[data-answer-text]"),
      personal: retell.querySelector("[data-answer-text]"),
      "intent-name": retell.querySelector("[data-intent-name]"),
      "intent-taken": retell.querySelector("[data-intent-name]"),
      "intent-empty": title.value.trim() ? examples : title,
      "example-long": examples,
      "example-personal": examples,
      "unknown-action": [...retell.querySelectorAll("[data-action]")].find((each) => each.offsetParent),
    }[type];
  },

  // The sentence stands at its field, or above the story where it has none.
  fail(sentence, type = "") {
    const error = document.getElementById("refused");
    retell.querySelector("[aria-describedby=refused]")?.removeAttribute("aria-describedby");
    retell.querySelector("[aria-invalid]")?.removeAttribute("aria-invalid");
    error.textContent = sentence || "";
    error.hidden = !sentence;
    const field = sentence ? story.field(type) : null;
    if (!field) retell.querySelector(".path").before(error);
    else {
      field.after(error);
      field.setAttribute("aria-invalid", "true");
      field.setAttribute("aria-describedby", "refused");
    }
    return field;
  },

  async show() {
    story.settle();
    const number = ++story.asked;
    const wish = story.wish();
    // Another that is being chosen, and an answer without a name, are not there yet.
    for (const choice of wish.choices) choice.bot ||= "rule";
    if (wish.answer) wish.answer.name ||= retell.querySelector("[data-answer-name]").placeholder;
    if (wish.intent) wish.intent.name ||= retell.querySelector("[data-intent-name]").placeholder;
    let made = null;
    try {
      made = await studio.send("/studio/retell/preview", wish);
    } catch (error) {
      if (number === story.asked) story.fail(error.message, error.answer?.type);
    }
    if (number !== story.asked) return;
    story.draw(made);
  },

  draw(made) {
    const steps = retell.querySelector(".path");
    steps.replaceChildren(...(made?.steps || []).map(story.step));
    retell.querySelector("[data-source]").textContent = made?.source || "";
    retell.querySelector("[data-path]").textContent = made?.path || "";
    if (made && !story.named) retell.querySelector("[data-name]").value = made.name;
    for (const turn of retell.querySelectorAll("[data-turn]")) {
      turn.querySelector("[data-unclear]").hidden = !made?.unclear.includes(Number(turn.dataset.turn));
      turn.querySelector("[data-clash]").hidden = !made?.clashes.includes(Number(turn.dataset.turn));
    }
    const save = retell.querySelector("[data-save]");
    if (save && !story.saving) save.disabled = !made || made.unclear.length + made.clashes.length > 0;
    retell.querySelector("[data-rule]").hidden = made?.kind !== "rule";
    retell.querySelector("[data-edit]").disabled = !made || made.fresh;
    retell.querySelector("[data-fresh]").hidden = !made?.fresh;
    retell.querySelector("[name=source]").value = made?.source || "";
  },

  step(each) {
    const row = document.createElement("li");
    const kind = document.createElement("span");
    kind.className = `chip ${{ user: "info", bot: "good" }[each.kind] || ""}`;
    kind.textContent = document.getElementById("kinds").content.querySelector(`[data-kind="${each.kind}"]`).textContent;
    const what = document.createElement("span");
    const name = document.createElement("code");
    name.textContent = each.name;
    if (each.title && each.title !== each.name) what.append(`${each.title} `);
    what.append(name);
    for (const more of each.more) what.append(` · ${more}`);
    row.append(kind, what);
    return row;
  },

  async save(button) {
    const called = button.textContent;
    const answer = retell.querySelector("[data-answer-text]");
    story.fail("");
    try {
      if (story.wish().answer && !(await numbers.settle(answer))) return;
    } catch (error) {
      story.fail(error.message);
      return;
    }
    clearTimeout(story.pause);
    story.saving = button.disabled = true;
    button.textContent = retell.dataset.saving;
    // What was typed last is shown first; no older answer comes behind it.
    await story.show();
    try {
      const saved = await studio.send("/studio/retell/save", story.wish());
      studio.tell(saved.told);
      const link = document.createElement("a");
      link.className = "quiet";
      link.dataset.testid = "story-saved";
      link.href = saved.commit ? `/studio/history/${saved.commit}` : "/studio/history";
      link.textContent = retell.dataset.leaving;
      button.replaceWith(link);
      retell.querySelector("[data-edit]").disabled = true;
    } catch (error) {
      button.textContent = called;
      button.disabled = false;
      const field = story.fail(error.message, error.answer?.type);
      field?.scrollIntoView({ block: "center" });
      field?.focus({ preventScroll: true });
    } finally {
      story.saving = false;
    }
  },
};

if (retell) {
  retell.addEventListener("input", (event) => {
    story.fail("");
    if (event.target.matches("[data-name]")) story.named = event.target.value.trim() !== "";
    clearTimeout(story.pause);
    story.pause = setTimeout(story.show, event.target.matches("select, [type=checkbox]") ? 0 : 350);
  });
  retell.addEventListener("change", (event) => {
    if (!event.target.matches("[data-intent]")) return;
    // What it did was done for another intent.
    const turn = event.target.closest("[data-turn]");
    const bot = turn.querySelector("[data-bot]");
    const was = event.target.value === turn.dataset.was;
    const examples = retell.querySelector("[data-examples]");
    if (event.target.value === "+") {
      bot.value = "new";
      examples.value ||= turn.dataset.example;
    } else if (bot.value === "own" && !was) bot.value = "rule";
    else if (bot.value === "rule" && was && bot.querySelector("[value=own]")) bot.value = "own";
  });
  retell.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if ("use" in button.dataset) {
      button.closest("[data-turn]").querySelector("[data-bot]").value = "new";
      retell.querySelector("[data-answer-text]").value = button.dataset.use;
      story.show();
    } else if ("save" in button.dataset) story.save(button);
  });
  const first = JSON.parse(document.getElementById("first").textContent);
  story.settle();
  if (first) story.draw(first);
  else story.show();
}

// The sandbox chat: what it shows comes from the server after each turn.
"use strict";

const sandbox = document.getElementById("sandbox");

const chat = {
  busy: false,

  get state() {
    return sandbox.querySelector(".state");
  },

  // Shows the chat as it is now; what is being typed stays.
  async show() {
    const typed = sandbox.querySelector("[data-text]")?.value || "";
    const answer = await fetch("/studio/sandbox/talk");
    if (answer.redirected || answer.status === 401) return location.reload();
    if (!answer.ok) throw new Error(sandbox.dataset.lost);
    sandbox.innerHTML = await answer.text();
    const text = sandbox.querySelector("[data-text]");
    if (text) text.value = typed;
    chat.settle();
  },

  settle() {
    const start = document.querySelector("#start button");
    const runs = ["starting", "ready"].includes(chat.state.dataset.state);
    const same = runs && chat.state.dataset.running === document.querySelector("#start select").value;
    start.textContent = runs ? start.dataset.again : start.dataset.first;
    start.className = runs ? "quiet" : "primary";
    start.disabled = same;
    // On a phone only the last turn is unfolded.
    if (matchMedia("(max-width: 900px)").matches) {
      const strips = [...sandbox.querySelectorAll(".strip")];
      for (const strip of strips.slice(0, -1)) strip.open = false;
    }
    const turns = sandbox.querySelectorAll(".turn");
    if (turns.length) turns[turns.length - 1].scrollIntoView({ block: "nearest" });
    for (const area of sandbox.querySelectorAll("textarea")) chat.grow(area);
  },

  grow(area) {
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight + 2, 160)}px`;
  },

  // One wish after the other; the text that could not be said stays.
  async wish(what, body) {
    if (chat.busy) return null;
    chat.busy = true;
    sandbox.setAttribute("aria-busy", "true");
    try {
      return await studio.send(`/studio/sandbox/${what}`, body ?? {});
    } catch (error) {
      studio.tell(error.message, true);
      return null;
    } finally {
      try {
        await chat.show();
      } catch (error) {
        studio.tell(error.message, true);
      }
      sandbox.removeAttribute("aria-busy");
      chat.busy = false;
      sandbox.querySelector("[data-text]")?.focus({ preventScroll: true });
    }
  },

  async say(text) {
    const area = sandbox.querySelector("[data-text]");
    if (!text.trim() || chat.busy) return;
    if (area.value === text) area.value = "";
    chat.pending(text);
    if (!(await chat.wish("say", { text }))) {
      const now = sandbox.querySelector("[data-text]");
      if (now && !now.value) now.value = text;
    }
  },

  // Shown until the answer is there.
  pending(text) {
    document.querySelector(".nothing")?.remove();
    const turn = document.createElement("li");
    turn.className = "turn pending";
    const bubbles = document.createElement("div");
    bubbles.className = "bubbles";
    for (const [kind, said] of [["hers", text], ["bot waiting", "…"]]) {
      const bubble = document.createElement("p");
      bubble.className = `bubble ${kind}`;
      bubble.dir = "auto";
      bubble.textContent = said;
      bubbles.append(bubble);
    }
    turn.append(bubbles);
    const turns = sandbox.querySelector(".turns");
    turns.append(turn);
    turn.scrollIntoView({ block: "nearest" });
  },

  async events(button) {
    const log = button.nextElementSibling;
    if (log.hidden && !log.textContent) {
      try {
        const answer = await fetch(`/studio/sandbox/events/${button.dataset.events}`);
        if (!answer.ok) throw new Error(sandbox.dataset.lost);
        log.textContent = JSON.stringify((await answer.json()).events, null, 2);
      } catch (error) {
        return studio.tell(error.message, true);
      }
    }
    log.hidden = !log.hidden;
    button.textContent = log.hidden ? sandbox.dataset.show : sandbox.dataset.hide;
  },

  anew() {
    return chat.wish("anew", {
      customer: sandbox.querySelector("[data-as]").value || null,
      channel: sandbox.querySelector("[data-channel]").value,
    });
  },

  // While it starts, and to see that it has ended.
  async look() {
    const starting = chat.state.dataset.state === "starting";
    if (!document.hidden && !chat.busy && chat.state.dataset.state) {
      try {
        const answer = await fetch("/studio/sandbox/state");
        if (answer.redirected || answer.status === 401) return location.reload();
        const now = await answer.json();
        if (now.key !== chat.state.dataset.key && !chat.busy) await chat.show();
        if (sandbox.dataset.gone) document.querySelector(".toast")?.remove();
        delete sandbox.dataset.gone;
      } catch {
        if (!sandbox.dataset.gone) studio.tell(sandbox.dataset.lost, true);
        sandbox.dataset.gone = "yes";
      }
    }
    chat.timer = setTimeout(chat.look, starting ? 400 : 5000);
  },
};

if (sandbox) {
  document.getElementById("start").addEventListener("submit", async (event) => {
    event.preventDefault();
    await chat.wish("start", { model: event.target.model.value });
    clearTimeout(chat.timer);
    chat.look();
  });
  document.querySelector("#start select").addEventListener("change", chat.settle);
  sandbox.addEventListener("submit", (event) => {
    event.preventDefault();
    chat.say(sandbox.querySelector("[data-text]").value);
  });
  sandbox.addEventListener("keydown", (event) => {
    if (event.target.matches("[data-text]") && event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      chat.say(event.target.value);
    }
  });
  sandbox.addEventListener("input", (event) => {
    if (event.target.matches("textarea")) chat.grow(event.target);
  });
  sandbox.addEventListener("change", (event) => {
    if (event.target.matches("[data-as], [data-channel]")) chat.anew();
  });
  sandbox.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.payload) {
      chat.pending(button.textContent);
      await chat.wish("say", { payload: button.dataset.payload });
    } else if (button.dataset.say) await chat.say(button.dataset.say);
    else if (button.dataset.events) await chat.events(button);
    else if (button.dataset.do === "anew") await chat.anew();
    else if (button.dataset.do === "back") {
      const taken = await chat.wish("back");
      const text = sandbox.querySelector("[data-text]");
      if (taken?.text && text && !text.value) {
        text.value = taken.text;
        chat.grow(text);
      }
    } else if (button.dataset.do) await chat.wish(button.dataset.do);
  });
  chat.settle();
  chat.look();
}

// Rules and stories: searched, edited in a form and as text (the text is what counts), checked.
"use strict";

const byId = (id) => document.getElementById(id);
const later = (seconds, what) => {
  let timer;
  return () => { clearTimeout(timer); timer = setTimeout(what, seconds * 1000); };
};
const told = sessionStorage.getItem("said");
sessionStorage.removeItem("said");
if (told) studio.tell(told);

// ---- contradictions: the server tells each step as a line of JSON ----

const box = byId("check");

const check = async (button, about) => {
  button.disabled = true;
  const step = Object.assign(document.createElement("p"), { className: "hint", textContent: box.dataset.begins });
  box.replaceChildren(document.createElement("progress"), step);
  box.hidden = false;
  let ended = null;
  try {
    const response = await fetch("/studio/stories/check", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(about),
    });
    if (!response.ok) throw new Error((await response.json().catch(() => ({}))).detail || response.statusText);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        const said = JSON.parse(line);
        if (said.step) step.textContent = said.step;
        else ended = said;
      }
    }
    if (!ended) throw new Error(box.dataset.broken);
    if (ended.failed) throw new Error(ended.failed);
    box.innerHTML = ended.html;
  } catch (error) {
    box.replaceChildren(Object.assign(document.createElement("p"), { className: "error", textContent: error.message }));
  }
  button.disabled = false;
};

// ---- the list ----

const filters = byId("filters");
if (filters) {
  let asked = 0;
  const show = async () => {
    const wanted = new URLSearchParams(new FormData(filters));
    const mine = (asked += 1);
    history.replaceState(null, "", `?${wanted}`);
    wanted.set("part", "list");
    const response = await fetch(`/studio/stories?${wanted}`).catch(() => null);
    if (mine !== asked || !response) return;
    if (response.redirected || !response.ok) location.reload();
    else byId("list").innerHTML = await response.text();
  };
  filters.addEventListener("submit", (event) => { event.preventDefault(); show(); });
  filters.elements.q.addEventListener("input", later(0.2, show));
  filters.elements.kind.addEventListener("change", show);
  // The graph of a file comes with the whole page.
  filters.elements.file.addEventListener("change", () => location.assign(`?${new URLSearchParams(new FormData(filters))}`));
  document.querySelector("[data-check]").addEventListener("click", (event) => check(event.currentTarget, {}));
}

// ---- the editor ----

const editor = byId("editor");
if (editor) {
  const area = byId("source"), form = byId("panel-form"), adds = () => byId("adds");
  const about = editor.dataset;
  const begun = area.value;
  let saved = about.kind ? begun : null, checked = null, touchedPath = false, leaving = false, wrongLines = new Set();

  // -- the text with its numbers --

  const drawNumbers = () => {
    const lines = area.value.split("\n").length;
    byId("numbers").replaceChildren(...Array.from({ length: lines }, (_, i) => {
      const tag = document.createElement(wrongLines.has(i + 1) ? "b" : "span");
      tag.textContent = tag.tagName === "B" ? i + 1 : `${i + 1}\n`;
      return tag;
    }));
    area.style.height = `${Math.min(Math.max(lines + 1, 9), 32) * (parseFloat(getComputedStyle(area).lineHeight) || 20) + 16}px`;
    byId("numbers").scrollTop = area.scrollTop;
  };
  area.addEventListener("scroll", () => { byId("numbers").scrollTop = area.scrollTop; });
  area.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    // The next line begins where this one does.
    const line = area.value.slice(0, area.selectionStart).split("\n").pop();
    const indent = line.match(/^ */)[0];
    event.preventDefault();
    area.setRangeText(`\n${indent}`, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input"));
  });

  const goTo = (number) => {
    open("text");
    const lines = area.value.split("\n");
    const start = lines.slice(0, number - 1).reduce((sum, line) => sum + line.length + 1, 0);
    area.focus();
    area.setSelectionRange(start, start + (lines[number - 1] || "").length);
    area.scrollTop = Math.max(0, (number - 5) * 20);
  };

  const showState = () => {
    const changed = area.value !== saved;
    byId("state").textContent = changed ? about.unsaved : about.saved;
    byId("state").classList.toggle("unsaved", changed);
    editor.querySelector("[type=submit]").disabled = !changed;
  };

  // -- what the server makes of the text --

  let asked = 0, chain = Promise.resolve();

  const showProblems = (wrong) => {
    const place = byId("problems");
    wrongLines = new Set(wrong.map((each) => each.line));
    if (!wrong.length) {
      place.replaceChildren(Object.assign(document.createElement("p"), { className: "fine", textContent: about.noProblems }));
      return;
    }
    const list = document.createElement("ul");
    for (const each of wrong) {
      const go = Object.assign(document.createElement("button"), { type: "button", className: "link", textContent: about.line.replace("{line}", each.line) });
      go.dataset.go = each.line;
      const said = Object.assign(document.createElement("span"), { dir: "auto", textContent: ` ${each.said}` });
      const item = document.createElement("li");
      item.append(go, said);
      list.append(item);
    }
    place.replaceChildren(list);
  };

  const render = (seen) => {
    const active = document.activeElement;
    const within = form.contains(active) ? [active.dataset.keys, active.dataset.do, active.dataset.op, active.dataset.part] : null;
    form.innerHTML = seen.form;
    if (within) {
      const same = [...form.querySelectorAll("input, button, select")].find((each) =>
        [each.dataset.keys, each.dataset.do, each.dataset.op, each.dataset.part].every((value, i) => value === within[i]));
      if (same) focusQuietly(same);
    }
    byId("graph").innerHTML = seen.graph;
    showProblems(seen.wrong);
    if (byId("path") && !touchedPath && seen.path) byId("path").value = seen.path;
    drawNumbers();
    showState();
    if (area.value !== checked) box.hidden = true;
  };

  const look = async (op) => {
    const source = area.value, mine = (asked += 1);
    form.setAttribute("aria-busy", "true");
    try {
      const seen = await studio.send("/studio/stories/look", { source, kind: about.kind || null, name: about.name, op });
      if (!op && (mine !== asked || source !== area.value)) return null;
      if (op) area.value = seen.source;
      render(seen);
      if (seen.refused) studio.tell(seen.refused, true);
      return seen;
    } catch (error) {
      studio.tell(error.status ? error.message : about.notLooked, true);
      return null;
    } finally {
      form.removeAttribute("aria-busy");
    }
  };
  // Edits go one after the other: each is of the text that the one before has made.
  const edit = (op) => (chain = chain.then(async () => look(await op)));
  const lookSoon = later(0.25, () => { chain = chain.then(() => look()); });
  area.addEventListener("input", () => { drawNumbers(); showState(); lookSoon(); });

  // -- the form --

  const keysOf = (place) => JSON.parse(place.dataset.keys);
  const stepAt = (keys) => [...form.querySelectorAll("[data-keys]")].find((each) => each.matches(".step, .branch") && JSON.stringify(keysOf(each)) === JSON.stringify(keys));

  form.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.addHere) {
      adds().dataset.at = button.dataset.addHere;
      button.replaceWith(adds());
      adds().querySelector("button").focus();
      return;
    }
    const { op, sort, number } = button.dataset;
    if (!op) return;
    const keys = keysOf(button);
    if (op === "add") {
      const inSteps = keys[0] === "steps" && keys.length === 1;
      const at = inSteps ? Number(adds().dataset.at ?? adds().dataset.count) : 10000;
      if (await edit({ do: "add", keys, sort, number: at, name: "" })) chooseIn(inSteps ? stepAt([...keys, at]) : form.querySelector("[data-testid=condition] .step:last-child"));
    } else if (op === "branch") {
      if (await edit({ do: "branch", keys, name: "" })) chooseIn(stepAt(keys)?.querySelector(".branch:last-child"));
    } else if (op === "named") {
      const step = keys.slice(0, -1);
      if (await edit({ do: "named", keys, name: "", value: null })) chooseIn([...(stepAt(step)?.querySelectorAll("[data-named]") || [])].pop());
    } else {
      await edit({ do: op, keys, number: number === undefined ? null : Number(number) });
      if (op === "move") stepAt([...keys.slice(0, -1), Number(number)])?.querySelector(".tool[data-op=move]")?.focus();
    }
  });

  const chooseIn = (place) => place?.querySelector("input, select")?.focus();

  form.addEventListener("change", (event) => {
    const { target } = event;
    if (target.matches("[data-turn]")) edit({ do: "kind", kind: target.value });
    else if (target.matches("[data-flag]")) edit({ do: "flag", flag: target.dataset.flag, on: target.checked !== "turned" in target.dataset });
    else if (target.matches("[data-loop]")) {
      const input = target.closest(".row").querySelector(".choose");
      input.parentElement.hidden = target.value === "ends";
      if (target.value === "ends") edit({ do: "choice", keys: keysOf(input), name: "" });
      else input.focus();
    } else if (target.dataset.picked !== target.value) commit(target);
  });

  // What an input now says becomes an edit.
  const commit = (input) => {
    const named = input.closest("[data-named]");
    if (named) {
      const [name, value] = ["name", "value"].map((part) => named.querySelector(`[data-part=${part}]`).value.trim());
      edit({ do: "named", keys: JSON.parse(named.dataset.list), number: Number(named.dataset.number), name, value: value === "" ? null : value });
    } else if (input.dataset.do === "name") edit({ do: "name", name: input.value.trim() });
    else if (input.dataset.do === "choice") {
      const keys = keysOf(input), { choose } = input.dataset;
      edit(meant(choose, input.value.trim()).then((name) => ({ do: "choice", keys, name })));
    }
  };
  // Who types a title means its name.
  const meant = async (what, typed) => {
    const all = what ? await offers(what) : [];
    return (all.find((each) => each.name === typed) || all.find((each) => each.title === typed))?.name ?? typed;
  };

  // -- choosing a name from what there is --

  let known = null, list = null, chosen = -1, quiet = false;
  const focusQuietly = (place) => { quiet = true; place.focus(); quiet = false; };
  const offers = async (what) => {
    known ??= fetch("/studio/stories/known").then((answer) => answer.json()).catch(() => { known = null; return {}; });
    return (await known)[what] || [];
  };
  const shut = () => {
    list?.remove();
    list = null;
    chosen = -1;
    form.querySelector("[aria-expanded=true]")?.setAttribute("aria-expanded", "false");
  };
  const mark = (number) => {
    if (!list?.children.length) return;
    chosen = (number + list.children.length) % list.children.length;
    [...list.children].forEach((each, i) => each.setAttribute("aria-selected", i === chosen));
    list.children[chosen].scrollIntoView({ block: "nearest" });
  };
  const fitting = async (input, typed) => {
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    return (await offers(input.dataset.choose)).filter((each) =>
      words.every((word) => [each.name, each.title, each.words].some((part) => part?.toLowerCase().includes(word))));
  };
  const offer = async (input, typed) => {
    const fits = await fitting(input, typed);
    if (document.activeElement !== input || (typed && input.value !== typed)) return;
    shut();
    if (!fits.length) return;
    list = Object.assign(document.createElement("ul"), { id: "choices" });
    list.setAttribute("role", "listbox");
    list.dataset.testid = "choices";
    for (const each of fits.slice(0, 80)) {
      const item = document.createElement("li");
      item.setAttribute("role", "option");
      item.dataset.name = each.name;
      item.append(Object.assign(document.createElement("b"), { dir: "auto", textContent: each.title || each.name }));
      if (each.title && each.title !== each.name) item.append(Object.assign(document.createElement("code"), { textContent: each.name }));
      if (each.words) item.append(Object.assign(document.createElement("small"), { dir: "auto", textContent: each.words }));
      item.addEventListener("pointerdown", (event) => { event.preventDefault(); pick(input, each.name); });
      list.append(item);
    }
    const place = input.getBoundingClientRect(), width = Math.min(Math.max(place.width, 300), innerWidth - 24);
    list.style.width = `${width}px`;
    list.style.left = `${Math.max(12, Math.min(place.left, innerWidth - width - 12)) + scrollX}px`;
    list.style.top = `${place.bottom + scrollY}px`;
    document.body.append(list);
    input.setAttribute("aria-expanded", "true");
    if (typed) mark(0);
  };
  const pick = (input, name) => {
    input.value = input.dataset.picked = name;
    shut();
    commit(input);
  };
  form.addEventListener("focusin", ({ target }) => { if (!quiet && target.matches(".choose")) offer(target, ""); });
  form.addEventListener("focusout", shut);
  form.addEventListener("input", ({ target }) => {
    // It is read once she leaves the field; that there is something to keep shows at once.
    editor.querySelector("[type=submit]").disabled = false;
    if (target.matches(".choose")) offer(target, target.value);
  });
  form.addEventListener("keydown", async (event) => {
    const input = event.target;
    if (event.isComposing) return;
    if (event.key === "Enter" && input.matches("input")) {
      event.preventDefault();
      if (list && chosen >= 0) pick(input, list.children[chosen].dataset.name);
      else if (input.matches(".choose") && input.value.trim()) pick(input, (await fitting(input, input.value))[0]?.name ?? input.value.trim());
      else input.blur();
    } else if (event.key === "Escape" && list) shut();
    else if (input.matches(".choose") && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      if (list) mark(chosen + (event.key === "ArrowDown" ? 1 : -1));
      else offer(input, "");
    }
  });

  // -- form or text --

  const open = (what) => {
    for (const each of ["form", "text"]) {
      const on = each === what, tab = byId(`tab-${each}`);
      tab.setAttribute("aria-selected", on);
      tab.tabIndex = on ? 0 : -1;
      byId(`panel-${each}`).hidden = !on;
    }
    if (what === "text") drawNumbers();
  };
  for (const what of ["form", "text"]) {
    byId(`tab-${what}`).addEventListener("click", () => open(what));
    byId(`tab-${what}`).addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      const other = what === "form" ? "text" : "form";
      open(other);
      byId(`tab-${other}`).focus();
    });
  }
  document.addEventListener("click", (event) => {
    const go = event.target.closest("[data-go]");
    if (go) goTo(Number(go.dataset.go));
  });
  byId("path")?.addEventListener("change", () => { touchedPath = true; });

  // -- keeping it --

  const fail = (sentence) => {
    byId("failed").textContent = sentence;
    byId("failed").hidden = !sentence;
  };
  const go = (address, sentence) => {
    leaving = true;
    if (sentence) sessionStorage.setItem("said", sentence);
    location.assign(address);
  };
  const clash = (error) => {
    const { theirs, version } = error.answer;
    byId("clash").hidden = false;
    byId("clash-said").textContent = error.message;
    byId("theirs").textContent = theirs ?? "";
    byId("theirs").hidden = byId("theirs").previousElementSibling.hidden = theirs === null;
    editor.querySelector("[data-take]").hidden = editor.querySelector("[data-keep]").hidden = theirs === null;
    editor.querySelector("[data-keep-new]").hidden = theirs !== null;
    byId("clash").dataset.version = version;
    byId("clash").scrollIntoView({ block: "nearest" });
  };
  const save = async () => {
    await chain;
    const button = editor.querySelector("[type=submit]");
    button.disabled = true;
    fail("");
    try {
      const path = byId("path")?.value ?? about.path;
      const kept = await studio.send("/studio/stories/save", { source: area.value, kind: about.kind || null, name: about.name, path, version: about.version });
      saved = area.value;
      go(`/studio/stories/${kept.kind}?name=${encodeURIComponent(kept.name)}&saved=yes`, kept.said);
    } catch (error) {
      if (error.answer?.type === "changed-meanwhile") clash(error);
      else fail(error.message);
      button.disabled = false;
    }
  };
  editor.addEventListener("submit", (event) => {
    event.preventDefault();
    document.activeElement?.blur();
    save();
  });
  editor.querySelector("[data-take]").addEventListener("click", () => {
    area.value = saved = byId("theirs").textContent;
    about.version = byId("clash").dataset.version;
    byId("clash").hidden = true;
    chain = chain.then(() => look());
  });
  editor.querySelector("[data-keep]").addEventListener("click", () => {
    about.version = byId("clash").dataset.version;
    byId("clash").hidden = true;
    save();
  });
  editor.querySelector("[data-keep-new]").addEventListener("click", () => {
    about.kind = about.name = "";
    byId("clash").hidden = true;
    save();
  });
  editor.querySelector("[data-check]").addEventListener("click", async (event) => {
    const button = event.currentTarget;
    await chain;
    const changed = area.value !== saved;
    checked = area.value;
    check(button, { source: changed ? area.value : "", kind: about.kind || null, name: about.name, path: byId("path")?.value ?? about.path });
  });

  editor.querySelector("[data-remove]")?.addEventListener("click", () => byId("sure").showModal());
  byId("sure").addEventListener("close", async () => {
    if (byId("sure").returnValue !== "yes") return;
    try {
      const { said } = await studio.send("/studio/stories/remove", { kind: about.kind, name: about.name, path: about.path, version: about.version });
      go("/studio/stories", said);
    } catch (error) {
      if (error.answer?.type === "changed-meanwhile") clash(error);
      else fail(error.message);
    }
  });
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && area.value !== (saved ?? begun)) event.preventDefault();
  });

  showProblemsOf();
  // A contradiction would stop the next training of everybody's: what was just saved is checked by itself.
  const address = new URL(location.href);
  if (address.searchParams.has("saved")) {
    address.searchParams.delete("saved");
    history.replaceState(null, "", address);
    editor.querySelector("[data-check]").click();
  }
  function showProblemsOf() {
    wrongLines = new Set([...byId("problems").querySelectorAll("[data-go]")].map((each) => Number(each.dataset.go)));
    drawNumbers();
    showState();
  }
}

// The supervisor's board: drawn from what the office counts (live_facts.py), piece by piece as it changes.

// Keeps one element for each item, drawn anew only when the item has changed.
const keyed = (box, items, key, draw) => {
  box.kept ??= new Map();
  const wanted = new Set(items.map((item) => String(item[key])));
  for (const [id, { element }] of box.kept)
    if (!wanted.has(id)) {
      element.remove();
      box.kept.delete(id);
    }
  items.forEach((item, place) => {
    const id = String(item[key]);
    const state = JSON.stringify(item);
    let kept = box.kept.get(id);
    if (kept?.state !== state) {
      const element = draw(item);
      kept?.element.replaceWith(element);
      kept = { state, element };
      box.kept.set(id, kept);
    }
    if (box.children[place] !== kept.element) box.insertBefore(kept.element, box.children[place] ?? null);
  });
};
const ticking = (since, waits = "yes") => {
  const time = make("wait-time");
  if (!since) return make("span", "none", "–");
  time.dataset.waits = waits;
  time.setAttribute("since", since);
  return time;
};
const number = (count, style = "") => make("span", `number ${style}`, String(count));

// <live-board facts='{…}' words='{…}'>
class LiveBoard extends HTMLElement {
  static observedAttributes = ["facts"];
  connectedCallback() {
    this.draw();
  }
  attributeChangedCallback() {
    if (this.isConnected) this.draw();
  }
  draw() {
    const facts = JSON.parse(this.getAttribute("facts") || "null");
    if (!facts) return;
    this.words = JSON.parse(this.getAttribute("words"));
    if (!this.parts) this.build();
    keyed(this.parts.figures, this.figures(facts.figures), "name", (item) => this.figure(item));
    keyed(this.parts.queues, facts.queues, "code", (queue) => this.queue(queue));
    keyed(this.parts.moods, ["waiting", "served"].map((name) => ({ name, moods: facts.moods[name] })), "name", (item) => this.moods(item));
    keyed(this.parts.agents, facts.agents, "id", (agent) => this.agent(agent));
    keyed(this.parts.rows, facts.rows, "id", (row) => this.row(row));
    this.parts.noAgents.hidden = facts.agents.length > 0;
    this.parts.noRows.hidden = facts.rows.length > 0;
    this.parts.more.textContent = facts.more ? this.words.more.replace("%", facts.more) : "";
  }
  build() {
    const box = (name, title, ...inside) => {
      const part = make("section", `live-box live-${name}`);
      part.dataset.testid = `live-${name}`;
      part.append(make("h2", "", title), ...inside);
      return part;
    };
    const words = this.words;
    const parts = (this.parts = {
      figures: make("div", "live-figures"),
      queues: make("div", "live-lines"),
      moods: make("div", "live-mood-lines"),
      agents: make("div", "live-lines"),
      rows: make("div", "live-lines"),
      noAgents: make("p", "hint", words.none),
      noRows: make("p", "hint", words.empty),
      more: make("p", "hint"),
    });
    const heads = make("div", "live-line live-queue live-heads");
    heads.append(...["queue", "waiting", "longest", "median", "overdue", "served", "agents"].map((word) => make("span", "", words[word])));
    const side = make("div", "live-side");
    side.append(
      box("queues", words.queues, heads, parts.queues),
      box("moods", words.moods, parts.moods),
      box("agents", words.agents, parts.agents, parts.noAgents),
    );
    const columns = make("div", "live-columns");
    columns.append(side, box("conversations", words.conversations, parts.rows, parts.noRows, parts.more));
    this.replaceChildren(parts.figures, columns);
  }
  figures({ waiting, longest, overdue, served, there, load, places }) {
    return [
      { name: "waiting", value: waiting, alert: waiting > 0 && "warn" },
      { name: "longest", since: longest },
      { name: "overdue", value: overdue, alert: overdue > 0 && "bad" },
      { name: "served", value: served },
      { name: "there", value: there, alert: !there && waiting > 0 && "bad" },
      { name: "load", value: `${load}/${places}`, alert: load >= places && waiting > 0 && "warn" },
    ];
  }
  figure({ name, value, since, alert }) {
    const figure = make("div", "live-figure");
    figure.dataset.testid = `figure-${name}`;
    figure.dataset.alert = alert || "no";
    const shown = make("strong");
    shown.append(value === undefined ? ticking(since) : number(value));
    figure.append(shown, make("span", "hint", this.words[name]));
    return figure;
  }
  queue({ code, title, waiting, longest, median, overdue, served, agents }) {
    const line = make("div", "live-line live-queue");
    line.dataset.testid = `queue-${code}`;
    line.append(
      make("strong", "", title),
      number(waiting, waiting ? "warn" : "none"),
      ticking(longest),
      ticking(median),
      number(overdue, overdue ? "bad" : "none"),
      number(served, served ? "" : "none"),
      number(agents, agents || !waiting ? "" : "bad"),
    );
    return line;
  }
  moods({ name, moods }) {
    const line = make("div", "live-mood-line");
    line.append(make("span", "hint", this.words[name]));
    const all = moods.reduce((sum, { count }) => sum + count, 0);
    const bar = make("div", "live-mood-bar");
    for (const { mood, text, count } of moods.filter(({ count }) => count)) {
      const part = make("span", "", `${text} ${count}`);
      part.dataset.mood = mood;
      part.style.flexGrow = count;
      bar.append(part);
    }
    line.append(all ? bar : make("span", "none", "–"));
    return line;
  }
  agent(agent) {
    const line = make("div", "live-line live-agent");
    line.dataset.testid = `agent-${agent.id}`;
    const face = make("span", "face", agent.face);
    face.ariaHidden = "true";
    const who = make("div", "live-who");
    const first = make("span", "live-name");
    first.append(make("strong", "", agent.name));
    if (agent.overdue) first.append(chip({ text: `${this.words.overdue} ${agent.overdue}`, mood: "angry" }));
    const second = make("span", "hint live-state");
    const dot = make("i", "presence-dot");
    dot.dataset.presence = agent.presence;
    second.append(dot, make("span", "", agent.lost ? this.words.lost : agent.said), ticking(agent.since, "no"), make("span", "live-skills", agent.skills));
    who.append(first, second);
    const load = make("div", "live-load");
    const bar = make("div", "live-load-bar");
    const filled = make("i");
    filled.style.width = `${Math.min(100, agent.capacity ? (100 * agent.load) / agent.capacity : 100)}%`;
    bar.append(filled);
    bar.dataset.full = agent.load >= agent.capacity ? "yes" : "no";
    load.append(number(`${agent.load}/${agent.capacity}`), bar);
    const ways = make("div", "live-ways");
    ways.append(this.way("setup", agent.id));
    if (agent.presence !== "offline") ways.append(this.way("offline", agent.id, "bad"));
    line.append(face, who, load, ways);
    line.dataset.presence = agent.presence;
    return line;
  }
  row(row) {
    const line = make("div", "live-line live-row");
    line.dataset.testid = "live-row";
    line.dataset.conversation = row.id;
    const who = make("div", "live-who");
    const first = make("span", "live-name");
    first.append(make("strong", "", row.name));
    if (row.level) first.append(chip({ text: row.level, level: "yes" }));
    first.append(...row.chips.map(chip));
    const second = make("span", "hint live-said", [row.why, row.said].filter(Boolean).join(" · "));
    who.append(first, second);
    const state = make("div", "live-holder");
    const holder = make("span", "chip", row.who || this.words.waiting);
    holder.dataset.owner = row.owner;
    state.append(waiting(row), holder);
    const ways = make("div", "live-ways");
    const look = make("a", "live-way", this.words.look);
    look.href = `/desk?c=${encodeURIComponent(row.id)}`;
    ways.append(look);
    if (!row.mine) ways.append(this.way("take_over", row.id));
    ways.append(this.way("reassign", row.id));
    if (row.owner === "agent") ways.append(this.way("put_back", row.id));
    line.append(who, state, ways);
    return line;
  }
  way(name, id, style = "") {
    const way = make("button", `live-way ${style}`, this.words[name]);
    way.type = "button";
    way.dataset.testid = `do-${name}`;
    way.onclick = () => this.dispatchEvent(new CustomEvent("act", { detail: { do: name, id: String(id) } }));
    return way;
  }
}
customElements.define("live-board", LiveBoard);

// The desk's keys: one registry, of which the help sheet is drawn.
//
// shortcuts.add({ keys, group, zh, en, click | run, when?, dialog? })
//   keys   "Alt+T", "Ctrl+Enter", "Alt+Shift+S", or a single key ("?", "j", "ArrowDown"); those without
//          Ctrl or Alt do not fire while somebody types
//   click  a CSS selector; the first element of it that is on show is clicked
//   run    a function of the event; what answers false was not meant for it
//   when   whether it fires at all at present
//   dialog fires with a dialog open as well
const shortcuts = {
  groups: {
    desk: { zh: "工作台", en: "Desk" },
    list: { zh: "会话列表", en: "Lists" },
    chat: { zh: "当前会话", en: "Conversation" },
    sidebar: { zh: "顾客资料", en: "Customer" },
  },
  known: [],
  add(...more) {
    this.known.push(...more);
  },
  all() {
    return this.known.map(({ keys, group, zh, en }) => ({ keys, group, zh, en }));
  },

  typing: (target) => target?.matches?.("input, textarea, select, [contenteditable=true]") ?? false,
  // A letter or digit by its place on the keyboard: with Alt, some systems type another sign there.
  name(event) {
    const place = /^(?:Key|Digit|Numpad)([A-Z0-9])$/.exec(event.code);
    const modified = event.altKey || event.ctrlKey || event.metaKey;
    const key = modified && place ? place[1] : event.key.length === 1 && modified ? event.key.toUpperCase() : event.key;
    const shift = event.shiftKey && (modified || event.key.length > 1);
    const control = event.ctrlKey || event.metaKey;
    return [control && "Ctrl", event.altKey && "Alt", shift && "Shift", key].filter(Boolean).join("+");
  },
  visible: (selector) => [...document.querySelectorAll(selector)].find((one) => one.checkVisibility() && !one.disabled),
  dialog: () => document.querySelector(".q-dialog[aria-modal=true]"),
  fire(event) {
    if (event.isComposing || event.keyCode === 229 || event.repeat || event.defaultPrevented) return;
    // AltGr types signs on many keyboards.
    if (event.getModifierState?.("AltGraph")) return;
    if (!event.ctrlKey && !event.metaKey && !event.altKey && this.typing(event.target)) return;
    const pressed = this.name(event);
    const dialog = this.dialog();
    for (const one of this.known) {
      if (one.keys !== pressed || (dialog && !one.dialog) || (one.when && !one.when())) continue;
      const element = one.click && this.visible(one.click);
      if (one.click ? !element : one.run(event) === false) continue;
      event.preventDefault();
      element?.click();
      return;
    }
  },
};
document.addEventListener("keydown", (event) => shortcuts.fire(event));

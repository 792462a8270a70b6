// The right column's keys: each goes to a part of it, and to what is pressed there first.
const sidebar = {
  go(part, first) {
    if (!desk.conversation) return false;
    // Where only one column has room, this one must come to the front first.
    const narrow = shortcuts.visible("[data-testid=info]");
    narrow?.click();
    setTimeout(
      () => {
        const box = document.querySelector(`[data-testid=${part}]`);
        if (!box?.checkVisibility()) return;
        if (box.matches("details")) box.open = true;
        box.scrollIntoView({ block: "start", behavior: "smooth" });
        box.querySelector(first)?.focus({ preventScroll: true });
      },
      narrow ? 300 : 0,
    );
  },
};
shortcuts.add(
  { keys: "Alt+Y", group: "sidebar", zh: "填入建议回复", en: "Use the suggested reply", click: "[data-testid=use-reply]" },
  { keys: "Alt+U", group: "sidebar", zh: "顾客资料", en: "Customer", run: () => sidebar.go("profile", "[data-testid=phone-show]") },
  { keys: "Alt+O", group: "sidebar", zh: "订单", en: "Orders", run: () => sidebar.go("orders", "[data-testid=order-more]") },
  // With a key that nobody holds down by accident.
  {
    keys: "Ctrl+Enter",
    group: "sidebar",
    zh: "代办：下一步 / 确认",
    en: "Act for the customer: next, confirm",
    dialog: true,
    when: () => Boolean(document.querySelector(".act")),
    click: ".act .primary",
  },
  { keys: "Alt+H", group: "sidebar", zh: "过往会话", en: "Earlier conversations", run: () => sidebar.go("past-conversations", "summary") },
);
// A field that is being chosen from takes Enter for itself.
document.addEventListener(
  "keydown",
  (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !document.querySelector(".act")) return;
    shortcuts.fire(event);
    if (event.defaultPrevented) event.stopPropagation();
  },
  true,
);

"""An agent's and a shopper's page in Chromium, which note when something is seen on them."""

from types import TracebackType
from typing import Any, Self

from playwright.sync_api import Browser, Page

from bot.settings import Settings
from tests.offices import sign_in

PATIENCE = 30_000  # milliseconds

# Whatever is seen is noted when the frame is painted: requestAnimationFrame runs before, a task after it.
WATCH = """
window.bench = {
  rows: {}, texts: {}, entered: 0, measured: null,
  painted(then) { requestAnimationFrame(() => setTimeout(then)) },
  expect(event, condition) {
    const one = this.measured = {at: 0, took: null};
    const look = () => {
      if (!one.at || one.seen || !condition()) return;
      one.seen = true;
      observer.disconnect();
      this.painted(() => one.took = performance.now() - one.at);
    };
    const observer = new MutationObserver(look);
    observer.observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
    const begin = () => { one.at = performance.now(); queueMicrotask(look) };
    addEventListener(event, begin, {capture: true, once: true});
    addEventListener("input", look, {once: true});
  },
  watchRows() {
    new MutationObserver((changes) => {
      for (const node of changes.flatMap((change) => [...change.addedNodes]))
        for (const row of [node, ...(node.querySelectorAll?.("desk-row") ?? [])]) {
          const id = row.dataset?.conversation;
          if (id) this.painted(() => this.rows[id] ??= Date.now());
        }
    }).observe(document, {subtree: true, childList: true});
  },
  watchTexts(root) {
    new MutationObserver(() => {
      for (const message of [...root.querySelectorAll("[part~=message]")].slice(-3)) {
        const [word] = message.textContent.match(/#[0-9a-f]+#/) ?? [];
        if (word) this.painted(() => this.texts[word] ??= Date.now());
      }
    }).observe(root, {subtree: true, childList: true, characterData: true});
  },
};
addEventListener("keydown", (event) => { if (event.key === "Enter") bench.entered = Date.now() }, true);
"""


class _Screen:
    """A page of a person of her own."""

    def __init__(self, browser: Browser) -> None:
        self._context = browser.new_context(viewport={"width": 1440, "height": 900})
        self._context.set_default_timeout(PATIENCE)
        self._context.add_init_script(WATCH)
        self.page: Page = self._context.new_page()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._context.close()

    def seen(self, kind: str, name: str) -> float:
        """The moment at which a row or a word was seen, in milliseconds since 1970."""
        moment = self.page.wait_for_function(
            "([kind, name]) => bench[kind][name]", arg=[kind, name], polling=20
        )
        return float(moment.json_value())


class AgentScreen(_Screen):
    """The desk of an agent who has signed in."""

    def __init__(self, browser: Browser, office: str, name: str, password: str) -> None:
        super().__init__(browser)
        page = self.page
        page.goto(f"{office}/desk")
        sign_in(page, name, password)
        page.get_by_test_id("desk").wait_for()

    def begin(self) -> None:
        """Begin the shift, with her own conversations before her eyes."""
        self.page.get_by_test_id("shift-start").click()
        self.page.get_by_test_id("presence").wait_for()
        self.page.get_by_test_id("tab-mine").click()
        self.page.evaluate("bench.watchRows()")

    def open(self, conversation_id: str) -> None:
        """Open a conversation of hers, ready to write."""
        self.page.locator(f"desk-row[data-conversation='{conversation_id}']").click()
        self.page.locator(f".chat[data-conversation='{conversation_id}']").wait_for()
        self.page.get_by_test_id("composer").focus()
        self.page.wait_for_timeout(300)

    def say(self, text: str) -> float:
        """Write it and press Enter; the moment, in milliseconds since 1970."""
        self.page.get_by_test_id("composer").fill(text)
        self.page.keyboard.press("Enter")
        return float(self.page.evaluate("bench.entered"))

    def key(self, key: str, condition: str) -> float:
        """Milliseconds from pressing the key to where the condition holds on the screen."""
        return self._measured("keydown", condition, lambda: self.page.keyboard.press(key))

    def click(self, selector: str, condition: str) -> float:
        """Milliseconds from a click to where the condition holds on the screen."""
        return self._measured("click", condition, lambda: self.page.locator(selector).first.click())

    def _measured(self, event: str, condition: str, act: Any) -> float:
        self.page.evaluate(f"bench.expect({event!r}, () => {condition})")
        act()
        took = self.page.wait_for_function("bench.measured.took", polling=20)
        return float(took.json_value())


class ShopperScreen(_Screen):
    """A shop's page with its chat open; ``conversation`` is hers."""

    def __init__(self, browser: Browser, settings: Settings) -> None:
        super().__init__(browser)
        page = self.page
        page.goto(settings.shop)
        page.locator("#guitai-widget [part~=launcher]").click()
        page.locator("#guitai-widget [part~=input]").fill("你好")
        page.locator("#guitai-widget [part~=send]").click()
        page.locator("#guitai-widget [part~=message][data-from=bot]").first.wait_for()
        key = "Object.keys(localStorage).find((key) => key.startsWith('guitai:'))"
        self.conversation = str(page.evaluate(f"JSON.parse(localStorage.getItem({key})).conversation"))
        page.evaluate("bench.watchTexts(document.querySelector('#guitai-widget').shadowRoot)")

"""The widget as a guest: on hostile pages, in older browsers, by keyboard, and without being in the way."""

import json
import re
from collections.abc import Callable

import httpx
import opencc
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from bot.channels.web.widget import FILE
from bot.settings import ROOT

from .shop_page import Shop, messages, opened, part, say

Contexts = Callable[..., BrowserContext]
LIMIT = 40 * 1024

SOURCE = FILE.with_name("widget.js")

HOSTILE = """<!doctype html><meta charset="utf-8"><title>店</title><style>
    * { all: unset !important; font: 40px serif !important; color: red !important }
    div, section, button, svg, span { display: none !important; visibility: hidden !important }
    body > div { position: static !important; opacity: 0 !important; transform: scale(3) !important }
    .panel, .launcher, [hidden] { display: block !important; width: 9px !important }
</style><p id="page">店</p>"""

# What came with browsers later than Chrome 80 and Safari 13.1.
LATER = """
    delete Element.prototype.replaceChildren;
    delete HTMLDialogElement.prototype.showModal;
    delete HTMLDialogElement.prototype.close;
    delete CSSStyleSheet.prototype.replaceSync;
    delete Document.prototype.adoptedStyleSheets;
    delete ShadowRoot.prototype.adoptedStyleSheets;
    for (const name of ["structuredClone", "visualViewport"]) delete window[name];
    for (const name of ["at", "findLast", "toSorted"]) delete Array.prototype[name];
    for (const name of ["at", "replaceAll"]) delete String.prototype[name];
    for (const name of ["any", "timeout"]) { delete Promise[name]; delete AbortSignal[name]; }
    delete Object.hasOwn;
    delete Crypto.prototype.randomUUID;
"""
LATER_SYNTAX = re.compile(r"\?\.[a-zA-Z_$(\[]|\?\?|\|\|=|&&=|catch\{|(?<![\w.])\d+n\b|static\{|\(\?<[=!]")


def test_what_is_served_is_small_current_and_cached(shop: Shop) -> None:
    answer = httpx.get(f"{shop.front}/widget.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert len(answer.content) <= LIMIT
    assert "max-age" in answer.headers["cache-control"]
    tag = answer.headers["etag"]
    assert httpx.get(f"{shop.front}/widget.js", headers={"If-None-Match": tag}).status_code == 304
    assert httpx.get(f"{shop.front}/widget.js", headers={"If-None-Match": '"old"'}).status_code == 200


def test_what_is_served_was_made_from_the_source() -> None:
    pytest.importorskip("minify", reason="no minifier for this machine")
    from bot.channels.web import minify

    assert FILE.read_text() == minify.minified(minify.SOURCE.read_text()), "run `make widget`"


def test_the_bare_example_and_a_button_of_its_own(shop: Shop, context: Contexts) -> None:
    example = (ROOT / "docs/examples/bare.html").read_text().replace("http://127.0.0.1:8000", shop.front)
    page = context().new_page()
    page.goto(shop.page(example))
    part(page, "launcher").wait_for()
    (snippet,) = re.findall("```js\n(.*)\n```", (ROOT / "docs/embed.md").read_text())
    page.evaluate(snippet)
    say(page, "在吗")
    expect(messages(page, "bot")).to_have_count(1)


def test_no_syntax_is_newer_than_the_browsers_it_is_for() -> None:
    assert not LATER_SYNTAX.findall(FILE.read_text())


def test_an_older_browser_chats_too(shop: Shop, context: Contexts) -> None:
    old = context()
    old.add_init_script(LATER)
    page = opened(shop.page(f"<!doctype html><title>店</title>{shop.tag()}"), old)
    say(page, "在吗")
    expect(messages(page, "bot")).to_have_count(1)
    expect(part(page, "viewer")).to_be_hidden()
    assert part(page, "launcher").evaluate("button => getComputedStyle(button).borderRadius") == "50%"


def test_a_hostile_page_neither_changes_it_nor_is_changed(shop: Shop, context: Contexts) -> None:
    before = context().new_page()
    before.goto(shop.page(HOSTILE))
    look = """() => JSON.stringify([
        Object.keys(window).sort(),
        ...[document.documentElement, document.body, page].map((element) =>
            Object.entries({ ...getComputedStyle(element) }).filter(([name]) => isNaN(name))),
    ])"""
    untouched = before.evaluate(look)
    page = opened(shop.page(HOSTILE + shop.tag()), context(reduced_motion="reduce"))
    page.mouse.move(0, 0)
    say(page, "在吗")
    expect(messages(page, "bot")).to_have_count(1)
    page.set_viewport_size({"width": 1280, "height": 800})
    panel, launcher = part(page, "panel").bounding_box(), part(page, "launcher").bounding_box()
    assert panel and (panel["width"], panel["height"]) == (380, 600)
    assert launcher == {"x": 1280 - 24 - 56, "y": 800 - 24 - 56, "width": 56, "height": 56}
    assert page.evaluate(look) == untouched
    typed = part(page, "input")
    assert typed.evaluate("input => getComputedStyle(input).fontSize") == "15px"


def test_the_pages_shortcuts_do_not_hear_what_is_typed(shop: Shop, context: Contexts) -> None:
    listening = "<script>heard = []; onkeydown = (event) => heard.push(event.key)</script>"
    page = opened(shop.page(f"<!doctype html><title>店</title>{listening}{shop.tag()}"), context())
    part(page, "input").press_sequentially("abc")
    assert page.evaluate("heard") == []


CHOICES = {
    "replies": [{"text": "您想查哪一笔？", "buttons": [{"title": "最近一笔", "payload": "/last"}]}],
    "understanding": {"intent": "greet", "confidence": 0.9, "ranking": [], "entities": []},
    "handoff": None,
    "model": "m",
}


def test_the_whole_story_by_keyboard(shop: Shop, context: Contexts) -> None:
    page = context().new_page()
    page.goto(shop.page(f'<!doctype html><html lang="en"><title>Shop</title><p>Hello</p>{shop.tag()}'))
    part(page, "launcher").wait_for()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Open chat")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Customer service")).to_be_visible()
    expect(part(page, "input")).to_be_focused()
    shop.engine.body = json.dumps(CHOICES).encode()
    page.keyboard.type("My order")
    page.keyboard.press("Enter")
    choice = page.get_by_role("button", name="最近一笔")
    expect(choice).to_be_visible()
    shop.engine.body = None
    order = []
    for _ in range(4):
        page.keyboard.press("Shift+Tab")
        order.append(focused(page))
    assert order == ["attach", "choice", "log", "close"]
    page.keyboard.press("Shift+Tab")
    assert focused(page) == "human"
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("回答 /last")).to_be_visible()
    expect(choice).to_be_disabled()
    assert focused(page) != "none", "the focus is still in the chat"
    page.keyboard.press("Escape")
    expect(part(page, "panel")).to_be_hidden()
    expect(part(page, "launcher")).to_be_focused()


def test_a_page_in_traditional_characters_has_a_chat_in_them(shop: Shop, context: Contexts) -> None:
    page = opened(shop.page(f'<!doctype html><html lang="zh-HK"><title>店</title>{shop.tag()}'), context())
    expect(part(page, "human")).to_have_text("轉人工")
    expect(part(page, "empty")).to_contain_text("查訂單、查物流、退換貨，直接告訴我就好。")

    source = SOURCE.read_text()
    pairs = re.findall('SCRIPTS = "(.*)"', source)[0]
    table = str.maketrans(dict(zip(pairs[::2], pairs[1::2], strict=True)))
    texts = re.findall('"([^"]*)"', source[source.index("\tzh: {") : source.index("\ten: {")])
    convert = opencc.OpenCC("s2hk").convert
    assert [text.translate(table) for text in texts] == [convert(text) for text in texts]


def focused(page: Page) -> str:
    """The part that has the focus."""
    part = page.evaluate("""() => {
        const focused = document.getElementById("guitai-widget").shadowRoot.activeElement;
        return focused ? focused.getAttribute("part") : "none";
    }""")
    return str(part)


PAINT = """<!doctype html><meta charset="utf-8"><title>店</title><script>
    blocked = []; painted = new Promise((done) => {
        new PerformanceObserver((list) => blocked.push(...list.getEntries().map((task) => task.duration)))
            .observe({ type: "longtask", buffered: true });
        new MutationObserver(() => {
            if (document.getElementById("guitai-widget"))
                requestAnimationFrame(() => setTimeout(() => done(performance.now())));
        }).observe(document, { childList: true, subtree: true });
    });
</script><p>店</p>"""


def test_it_is_painted_soon_and_does_not_block_the_page(shop: Shop, context: Contexts) -> None:
    address = shop.page(PAINT + shop.tag())
    shopper, times, tasks = context(), [], []
    for _ in range(5):
        page = shopper.new_page()
        page.goto(address)
        part(page, "launcher").wait_for()
        times.append(
            page.evaluate("""async () => await painted - performance.getEntriesByType("resource")
                .find((loaded) => loaded.name.endsWith("/widget.js")).responseEnd""")
        )
        tasks += page.evaluate("blocked")
        page.close()
    print(f"painted {', '.join(f'{ms:.0f}' for ms in times)} ms after the script; long tasks: {tasks}")
    assert times

"""Markup and scripts in whatever people or the shop can write: shown as text, nothing of it runs.

In Chromium, on a page without a policy of its own, in the widget, on the desk and in the studio.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from bot.conversations import ratings
from bot.conversations.database import connect
from bot.handoff import agents
from bot.settings import Settings
from bot.shop.loading import load
from bot.staff import Accounts
from bot.studio.review.collecting import Collector
from tests.desk.conftest import Office
from tests.offices import sign_in
from tests.servers import free_port
from tests.shop_proxy import shop_proxy

from .calls import customer_token
from .shop_page import Shop, messages, opened, part, say

# Out of attributes, titles, text areas, scripts, template literals and Vue's braces.
EVIL = (
    '"\'`--></title></textarea></script><img src=x onerror="hacked=1"><script>hacked=1</script>'
    "<svg onload=hacked=1><a href=javascript:hacked=1>a</a>${hacked=1}{{hacked=1}}"
    "{{constructor.constructor('hacked=1')()}}"
)
SHORT = "<img src=x onerror=hacked=1>"  # where 32 characters are kept
NAME = SHORT + "\u202e`${hacked=1}{{hacked=1}}"
SAID = 'javascript:hacked=1 https://a.example/"onclick=hacked=1 ' + EVIL
LINKS = ["javascript:hacked=1", "data:text/html,<script>hacked=1</script>", "vbscript:hacked=1", f"x{EVIL}"]
PASSWORD = "a password for one test only"
ITEM = {"name": EVIL, "spec": EVIL, "qty": 1, "price_fen": 100}
CARDS = [
    {
        "kind": "order",
        "order_no": EVIL,
        "status": EVIL,
        "status_text": EVIL,
        "placed_at": EVIL,
        "total_fen": 1,
        "items": [{**ITEM, "image": link} for link in LINKS],
    },
    {"kind": "product", "name": EVIL, "summary": EVIL, "stock_text": EVIL, "price_fen": 1, "image": LINKS[0]},
    {
        "kind": "logistics",
        "courier": EVIL,
        "tracking_no": EVIL,
        "status_text": EVIL,
        "expected_at": EVIL,
        "events": [{"at": EVIL, "place": EVIL, "text": EVIL}],
    },
    {
        "kind": "return",
        "title": EVIL,
        "order_no": EVIL,
        "status_text": EVIL,
        "items": [{**ITEM, "image": LINKS[1]}],
        "target": ITEM,
        "return_address": {"name": EVIL, "phone": EVIL, "text": EVIL},
    },
    {"kind": EVIL, "order_no": EVIL},
]
ANSWER = {
    "replies": [
        {"text": SAID, "buttons": [{"title": EVIL, "payload": f"/x{EVIL}"}]},
        {"cards": CARDS[:-1]},
        {"text": EVIL, "card": CARDS[-1]},
    ],
    "understanding": {
        "intent": "nlu_fallback",
        "confidence": 0.4,
        "ranking": [{"name": EVIL, "confidence": 0.4}],
        "entities": [{"entity": EVIL, "value": EVIL}],
    },
    "handoff": {
        "reason": "low_confidence",
        "summary": EVIL,
        "slots": {"order_no": EVIL, EVIL: EVIL},
        "orders": [{"order_no": EVIL, "status": EVIL, "status_text": EVIL}],
    },
    "model": EVIL,
}
SHOP = {
    "products": [
        {
            "id": "evil",
            "name": EVIL,
            "summary": EVIL,
            "category": SHORT[:20],
            "variants": [{"spec": EVIL, "stock": 5, "sku": "evil-1", "price_fen": 100}],
        }
    ],
    "customers": [
        {
            "id": "evil",
            "name": NAME,
            "phone": "13900000000",
            "addresses": [{"region": EVIL, "street": EVIL, "name": NAME}],
        }
    ],
    "orders": [
        {
            "no": "evil-1",
            "customer": "evil",
            "status": "shipped",
            "placed": "now-2d",
            "paid": "now-2d",
            "shipped": "now-1d",
            "items": [{"sku": "evil-1"}],
            "shipments": [
                {
                    "courier": EVIL,
                    "tracking_no": EVIL,
                    "status": "in_transit",
                    "events": [["now-1d", EVIL, EVIL]],
                }
            ],
        }
    ],
}
# Elements and attributes that only markup of ours above could have made, in the page and in its shadow roots.
FOUND = """() => {
    const found = [];
    const look = (root) => root.querySelectorAll("*").forEach((element) => {
        if (element.shadowRoot) look(element.shadowRoot);
        for (const { name, value } of element.attributes) {
            if (name.startsWith("on") && value.includes("hacked")) found.push(`${element.tagName} ${name}`);
            if (!["href", "src", "action", "srcdoc"].includes(name)) continue;
            const address = new URL(value, location.href).href;
            if (!/^(https?:|blob:|data:(image|font))/.test(address)) found.push(`${name}=${value}`);
        }
        if (element.matches("img[src=x], svg[onload], iframe, object, embed")) found.push(element.outerHTML);
    });
    look(document);
    return window.hacked === undefined ? found : ["it ran", ...found];
}"""


@pytest.fixture(scope="module")
def office(shop: Shop) -> Iterator[Office]:
    settings = Settings(data_dir=shop.settings.data_dir, office_port=free_port(), shop_port=free_port())
    accounts = Accounts(connect(settings.database))
    accounts.add("admin", "evil", SHORT, PASSWORD)
    with ExitStack() as running:
        proxy = running.enter_context(shop_proxy(settings.shop))
        office = Office(settings, shop.store, accounts, {"evil": PASSWORD}, proxy)
        for module, url in (("bot.shop", settings.shop), ("bot.office", settings.office)):
            office.start(module, url)
            running.callback(office.kill, module)
        load(settings.shop_database, SHOP)
        yield office


def watched(page: Page, complaints: list[str]) -> Page:
    """Whatever would show that something ran, or was kept from it by a policy alone, is noted."""
    page.on("dialog", lambda dialog: (complaints.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("pageerror", lambda error: complaints.append(f"error {error}"))
    page.on(
        "console",
        lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None,
    )
    return page


def harmless(page: Page) -> None:
    page.wait_for_timeout(300)  # for what would still load or fail to
    assert page.evaluate(FOUND) == []


def photo() -> bytes:
    out = BytesIO()
    Image.new("RGB", (40, 30), "#b08968").save(out, "JPEG")
    return out.getvalue()


def test_nothing_that_is_written_runs_anywhere(
    shop: Shop, office: Office, context: Callable[..., BrowserContext]
) -> None:
    complaints: list[str] = []
    shop.engine.body = json.dumps(ANSWER).encode()
    token = customer_token(shop.settings, sub="evil", name=NAME)
    address = shop.page(
        f"<!doctype html><title>店</title>{shop.tag(title=EVIL, **{'customer-token': token})}"
    )
    page = watched(opened(address, context()), complaints)

    # The widget: what the shopper writes, and all that is said to her.
    agents.come(shop.store, 7, NAME, "busy")
    say(page, SAID)
    expect(messages(page, "bot")).to_have_count(3)
    assert messages(page, "shopper").first.inner_text().count("<script>") == 1
    assert "{{constructor" in messages(page, "bot").first.inner_text()
    expect(part(page, "card")).to_have_count(4)
    expect(part(page, "choice").first).to_have_text(EVIL)
    part(page, "choice").first.click()
    expect(messages(page, "shopper")).to_have_count(2)
    with page.expect_file_chooser() as chooser:
        part(page, "attach").click()
    chooser.value.set_files([{"name": f"{SHORT}.jpg", "mimeType": "image/jpeg", "buffer": photo()}])
    harmless(page)
    part(page, "send").click()
    expect(messages(page, "shopper")).to_have_count(3)
    key = page.evaluate("Object.keys(localStorage).find((key) => key.startsWith('guitai:'))")
    conversation = page.evaluate("key => JSON.parse(localStorage.getItem(key)).conversation", key)
    shop.store.ask_human(conversation)
    shop.store.take(conversation, 7, NAME)
    shop.store.say(conversation, 7, NAME, SAID, "agent-1")
    expect(messages(page, "agent")).to_contain_text("{{constructor")
    shop.store.close(conversation, 7)
    ratings.rate(shop.store, conversation, 1, EVIL)
    harmless(page)
    page.reload()
    part(page, "launcher").click()
    expect(messages(page, "agent")).to_be_visible()
    harmless(page)
    agents.seen(shop.store, 7)
    say(page, "还在吗" + EVIL)
    expect(part(page, "owner")).to_contain_text("排队")

    # The desk: the list, the conversation, the packet, the customer with her orders, the history.
    desk = watched(context().new_page(), complaints)
    desk.goto(f"{office.url}/desk?c={conversation}")
    sign_in(desk, "evil", PASSWORD)
    for _ in range(2):
        expect(desk.get_by_test_id("me")).to_have_text(SHORT)
        desk.locator(f'[data-conversation="{conversation}"]').first.click()
        expect(desk.get_by_test_id("messages")).to_contain_text("{{constructor")
        expect(desk.get_by_test_id("order").first).to_contain_text("{{constructor")
        expect(desk.get_by_test_id("packet")).to_contain_text("<script>")
        harmless(desk)
        desk.reload()

    # The studio.
    collector = Collector(office.store)
    while collector.look():
        pass
    desk.goto(f"{office.url}/studio")
    desk.get_by_test_id("review-group").filter(has_text="<script>").first.click()
    expect(desk.get_by_test_id("review-opened")).to_contain_text("<script>")
    harmless(desk)
    assert complaints == []

    # And this test would have seen it.
    page.evaluate("text => { document.body.innerHTML += text; }", EVIL)
    page.wait_for_function("window.hacked")
    assert "it ran" in page.evaluate(FOUND)

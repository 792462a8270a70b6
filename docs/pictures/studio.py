"""Takes the pictures of the admin's guide (docs/studio.md) of a running stack: ``make pictures``.

What is seen there truly happened in the stack: shoppers wrote, an agent answered, an admin taught,
trained and compared; only the days were set back, so that the figures have some.
"""

import sys
import tempfile
import time
from datetime import datetime, timedelta
from itertools import cycle, islice
from pathlib import Path

from playwright.sync_api import Browser, Page, TimeoutError, expect
from sqlalchemy import select

from bot.conversations import ratings
from bot.conversations.database import connect
from bot.conversations.models import Base, Conversation
from bot.conversations.steps import now
from bot.conversations.store import Store
from bot.handoff import agents
from bot.staff import Accounts
from docs.pictures.taking import DESK, PHONE, new_page, take
from tests.browser import chromium_browser
from tests.offices import sign_in
from tests.stack import Running, running_stack
from tests.studio import test_sandbox as sandbox
from tests.studio import test_teaching as teaching

QUESTIONS = ("多少钱包邮", "退货运费谁出", "怎么开发票", "几天能发货", "优惠券怎么用", "支持花呗吗", "转人工")
# What shoppers wanted and the bot did not know; some in several wordings.
UNKNOWN = (
    (teaching.PETS[0], None),
    (teaching.MENDING[0], None),
    ("门店可以带狗狗进去吗", teaching.PETS[1]),
    teaching.MENDING[:2],
    teaching.PETS[:2],
    ("你们有没有积木教室", None),
    ("能帮我写一段生日祝福吗", None),
)
DAYS = 14


def main() -> None:
    """Write studio-*.png; with a folder given, every page there in both sizes, light and dark."""
    with (
        tempfile.TemporaryDirectory() as folder,
        chromium_browser() as browser,
        running_stack(Path(folder), staffed=False) as running,
    ):
        _days(running)
        if sys.argv[1:]:
            _every(running, browser, Path(sys.argv[1]))
        else:
            _guide(running, browser)


# -- two weeks of a shop --------------------------------------------------------------------------------


def _days(running: Running) -> None:
    """Shoppers of some days, an agent who answers them, and ratings."""
    store = Store(connect(running.settings.database))
    accounts = Accounts(connect(running.settings.database))
    agent = next(id for id, name in accounts.display_names().items() if name == "小王")
    agents.come(store, agent, "小王", "busy")
    customers = cycle(running.customers)
    for day in range(DAYS, -1, -1):
        for question in islice(cycle(QUESTIONS), day % 3, day % 3 + 5):
            shopper = running.shopper()
            shopper.say("你好")
            shopper.say(question)
            if question == "转人工":
                _serve(store, shopper.conversation, agent, "您好，我是小王，请说。", 4 + day % 2)
            _set_back(store, shopper.conversation, timedelta(days=day, minutes=37 * (day % 5)))
    for question, answer in UNKNOWN:
        shopper = running.shopper(next(customers))
        shopper.say(question)
        shopper.say("转人工")
        if answer:
            _serve(store, shopper.conversation, agent, answer, 5)


def _serve(store: Store, conversation: str, agent: int, answer: str, score: int) -> None:
    store.take(conversation, agent, "小王")
    store.say(conversation, agent, "小王", answer, "1")
    store.ask_rating(conversation, agent)
    store.close(conversation, agent)
    ratings.rate(store, conversation, score)


def _set_back(store: Store, conversation: str, ago: timedelta) -> None:
    """All of it happened so much earlier; that it changed is seen now."""
    with store.writing() as session:
        for table in (mapper.class_ for mapper in Base.registry.mappers):
            key = "id" if table is Conversation else "conversation_id"
            if not hasattr(table, key):
                continue
            for row in session.scalars(select(table).where(getattr(table, key) == conversation)):
                for column in table.__table__.columns:
                    if isinstance(at := getattr(row, column.key), datetime):
                        setattr(row, column.key, at - ago)
        session.get_one(Conversation, conversation).updated_at = now()


# -- the pages ------------------------------------------------------------------------------------------

# Where each page is, and what is there once it is whole.
PAGES = {
    "review": ("/studio", "review-group"),
    "knowledge": ("/studio/knowledge", "topic"),
    "topic": ("/studio/knowledge/topics/faq/return_postage", "preview"),
    "policies": ("/studio/knowledge/policies", "policy"),
    "sheet": ("/studio/knowledge/sheet", "choose"),
    "stories": ("/studio/stories", "story-file"),
    "story": ("/studio/stories/rule?name=A+question+is+answered+with+the+written+answer", "save"),
    "story-file": ("/studio/stories?file=data/stories/return_request.yml", "file-graph"),
    "intents": ("/studio/language", "intent"),
    "intent": ("/studio/language/intents/return_request", "example"),
    "answers": ("/studio/language/answers", "answer"),
    "lexicon": ("/studio/language/lexicon", "word"),
    "uses": ("/studio/language/uses?name=return_request", "thing-intent"),
    "models": ("/studio/models", "model"),
    "figures": ("/studio/figures", "card-services"),
    "history": ("/studio/history", "change"),
    "people": ("/studio/people", "person-row"),
    "audit": ("/studio/audit", "audit-row"),
    "sandbox": ("/studio/sandbox", "sandbox-start"),
}


def _signed_in(running: Running, browser: Browser, **options: object) -> Page:
    page = new_page(browser, **({"viewport": DESK} | options))  # type: ignore[arg-type]
    page.goto(f"{running.settings.office}/studio")
    sign_in(page, "admin", running.password("admin"))
    return page


def _guide(running: Running, browser: Browser) -> None:
    page = _signed_in(running, browser)
    teaching.opened(running, page, teaching.PETS[0])
    expect(page.get_by_test_id("near")).not_to_contain_text("正在")
    take(page, "studio-review")
    for name in ("topic", "story", "intent", "figures"):
        _open(running, page, name)
        take(page, f"studio-{name}")
    _sandbox(running, page)
    _retold(running, page)

    teaching.taught_a_topic(running, page)
    model = teaching.trained(running, page)
    teaching.compared(running, page, model)
    take(page, "studio-compare")
    phone = _signed_in(running, browser, viewport=PHONE, color_scheme="dark", has_touch=True)
    _open(running, phone, "models")
    take(phone, "studio-phone")


def _sandbox(running: Running, page: Page) -> None:
    page.goto(f"{running.settings.office}/studio/sandbox")
    page.get_by_test_id("sandbox-start").click()
    page.get_by_test_id("sandbox-nothing").wait_for(timeout=120_000)
    sandbox.chosen(page, "sandbox-as", "c1003")
    sandbox.say(page, "退货的运费谁出")
    sandbox.say(page, "我要取消订单")
    take(page, "studio-sandbox")


def _retold(running: Running, page: Page) -> None:
    teaching.opened(running, page, teaching.MENDING[0])
    page.get_by_test_id("retell").click()
    page.get_by_test_id("told-turn").first.wait_for()
    page.wait_for_load_state()
    turn = page.get_by_test_id("told-turn").filter(has_text=teaching.MENDING[0])
    for each in page.get_by_test_id("told-turn").all():
        each.locator("[data-keep]").set_checked(teaching.MENDING[0] in each.inner_text())
    turn.get_by_test_id("told-intent").select_option("+")
    page.get_by_test_id("intent-name").fill("mending")
    page.get_by_test_id("intent-title").fill("缝补")
    page.get_by_test_id("answer-name").fill("utter_mending")
    page.get_by_test_id("answer-text").fill(teaching.MENDING[1])
    take(page, "studio-retell")


def _open(running: Running, page: Page, name: str) -> None:
    address, whole = PAGES[name]
    deadline = time.monotonic() + 60
    while True:  # what the worker gathers comes some seconds later
        page.goto(f"{running.settings.office}{address}")
        try:
            page.get_by_test_id(whole).first.wait_for(timeout=2000)
            return
        except TimeoutError:
            if time.monotonic() > deadline:
                raise


def _every(running: Running, browser: Browser, folder: Path) -> None:
    for size, name in ((DESK, "desk"), (PHONE, "phone")):
        for scheme in ("light", "dark"):
            page = _signed_in(running, browser, viewport=size, color_scheme=scheme)
            for each in PAGES:
                _open(running, page, each)
                page.wait_for_timeout(500)
                page.screenshot(path=folder / f"{each}-{name}-{scheme}.png")
                wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                if wide > 0:
                    print(f"{each} {name}: {wide} px too wide")


if __name__ == "__main__":
    main()

"""From what an agent answered to a bot that knows it, by the pages alone, while shoppers write all the time.

The project's own data is taught, trained, compared, promoted and rolled back; nothing is lost or doubled.
"""

import re
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from bot.conversations.database import connect
from bot.conversations.store import Store
from tests.conversations.test_story import begin_shift, open_desk, open_widget, said, say, widget
from tests.stack import Running, running_stack
from tests.traffic import Traffic

pytestmark = [pytest.mark.timeout(1800), pytest.mark.slow]

MINUTES = 60_000  # milliseconds
QUESTION, WORDED_OTHERWISE = "保温杯上能刻名字吗", "想在杯子上刻名字，可以吗"
ANSWER = "可以的，杯身最多刻六个字，刻字多等一天发货。"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_stack(tmp_path_factory.mktemp("teaching"), staffed=False) as running:
        yield running


def test_an_agents_answer_becomes_the_bots(
    running: Running, context: Callable[..., BrowserContext], capsys: pytest.CaptureFixture[str]
) -> None:
    shopper, agent, admin = (context().new_page() for _ in range(3))
    for page in (agent, admin):
        page.on("pageerror", lambda error: pytest.fail(f"the page failed: {error}"))
    an_agent_answers(running, shopper, agent)

    sign_in(running, admin)
    began = time.monotonic()
    taught_a_topic(running, admin)
    traffic = Traffic(running)
    try:
        traffic.mark("training")
        model = trained(admin)
        traffic.mark("comparing")
        compared(running, admin, model)
        traffic.mark("promotion")
        promoted(running, admin, model)
        took = time.monotonic() - began
        traffic.mark("after it")

        # The widget was open all the time.
        say(shopper, WORDED_OTHERWISE)
        expect(said(shopper, "bot").last).to_contain_text(ANSWER)
        time.sleep(5)
        traffic.mark("after the way back")
        rolled_back(running, admin)
        say(shopper, WORDED_OTHERWISE)
        expect(said(shopper, "bot").last).not_to_contain_text(ANSWER)
        time.sleep(5)
    finally:
        traffic.stop()
        with capsys.disabled():
            traffic.tell()
    with capsys.disabled():
        print(f"from the inbox to live in {took:.0f} s")
    store = Store(connect(running.settings.database))
    for ledger in traffic.ledgers:
        assert all(message.model for message in ledger.checked(store))


def an_agent_answers(running: Running, shopper: Page, agent: Page) -> None:
    open_desk(running, agent, "xiaowang")
    agent.get_by_test_id("tab-mine").click()
    begin_shift(agent)
    open_widget(running, shopper, "c1001")
    say(shopper, QUESTION)
    expect(said(shopper, "bot")).not_to_have_count(0)
    say(shopper, "转人工")
    expect(said(shopper, "system").last).to_contain_text("小王")
    agent.get_by_test_id("conversation-row").first.click()
    agent.get_by_test_id("composer").fill(ANSWER)
    agent.get_by_test_id("send").click()
    expect(said(shopper, "agent").last).to_contain_text(ANSWER)
    agent.get_by_test_id("hand-back").click()
    agent.get_by_test_id("confirm").click()
    expect(said(shopper, "system").last).to_contain_text("智能助手")


def sign_in(running: Running, page: Page) -> None:
    page.goto(f"{running.settings.office}/sign-in?next=%2Fstudio")
    page.get_by_test_id("sign-in-name").fill("admin")
    page.get_by_test_id("sign-in-password").fill(running.password("admin"))
    page.get_by_test_id("sign-in-submit").click()
    page.get_by_test_id("studio-review").wait_for()


def taught_a_topic(running: Running, page: Page) -> None:
    """A new topic of the shopper's question and the agent's answer, with two more wordings."""
    group = page.locator(".group", has_text=QUESTION)
    for _ in range(30):  # the worker collects what there is to review
        page.goto(f"{running.settings.office}/studio")
        if group.count():
            break
        time.sleep(1)
    group.click()
    expect(page.get_by_test_id("human-answers")).to_contain_text(ANSWER)
    page.keyboard.press("n")
    form = page.get_by_test_id("new-topic")
    form.locator("[name=questions]").fill(f"{QUESTION}\n杯子可以刻字不\n刻字要加钱吗，想刻个名字在杯身上")
    expect(form.locator("[name=answer]")).to_have_value(ANSWER)
    form.locator("[name=name]").fill("engraving")
    form.locator("[name=file]").select_option("goods")
    form.locator("[name=intent]").select_option("product_info")
    form.get_by_role("button", name="写入").click()
    expect(page.locator(".toast")).to_contain_text(re.compile(r"写入 \d 句"), timeout=MINUTES)


def trained(page: Page) -> str:
    page.goto(re.sub(r"/studio.*", "/studio/models", page.url))
    page.get_by_test_id("train").click()
    page.get_by_test_id("training-running").wait_for(timeout=MINUTES)
    done = page.get_by_test_id("past-training").first
    expect(done).to_contain_text("完成", timeout=10 * MINUTES)
    page.wait_for_load_state()
    return f"guitai-{done.locator('summary code').inner_text()}"


def compared(running: Running, page: Page, model: str) -> None:
    page.locator(f"[data-model={model}]").get_by_test_id("compare").click()
    verdict = page.get_by_test_id("compare-verdict")
    verdict.wait_for(timeout=15 * MINUTES)
    expect(verdict).to_have_attribute("data-passed", "true")
    expect(page.get_by_test_id("compare-change").filter(has_text=QUESTION)).to_be_visible()


def promoted(running: Running, page: Page, model: str) -> None:
    page.goto(f"{running.settings.office}/studio/models")
    page.locator(f"[data-model={model}]").get_by_test_id("promote").click()
    page.get_by_test_id("promote-send").click()
    expect(page.get_by_test_id("serves")).to_have_attribute("data-model", model, timeout=2 * MINUTES)


def rolled_back(running: Running, page: Page) -> None:
    page.get_by_test_id("roll-back").click()
    page.get_by_test_id("roll-back-send").click()
    expect(page.get_by_test_id("promotion-row")).to_have_count(2, timeout=MINUTES)
    expect(widget(page, "input")).to_have_count(0)

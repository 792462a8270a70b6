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
from tests.conversations.test_story import begin_shift, open_desk, open_widget, said, say
from tests.offices import sign_in
from tests.stack import Running, running_stack
from tests.traffic import Traffic

pytestmark = [pytest.mark.timeout(1800), pytest.mark.slow]

MINUTE = 60_000  # milliseconds
# What shoppers asked, what an agent answered, and how somebody else asks the same.
PETS = (
    "门店让带狗进去吗",
    "可以带的，牵好绳子就行；大型犬请在门口的休息区等。",
    "门店可以带狗狗进去吗",
)
MENDING = (
    "羽绒服划了个口子，你们能缝补吗",
    "在小铺买的衣服一年内免费缝补，寄到门店就可以，来回运费自理。",
    "衣服破了能帮忙缝补吗",
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_stack(tmp_path_factory.mktemp("teaching"), staffed=False) as running:
        yield running


def test_what_an_agent_answered_becomes_the_bots(
    running: Running, context: Callable[..., BrowserContext], capsys: pytest.CaptureFixture[str]
) -> None:
    shopper, agent, admin = (context().new_page() for _ in range(3))
    for page in (agent, admin):
        page.on("pageerror", lambda error: pytest.fail(f"the page failed: {error}"))
    open_desk(running, agent, "xiaowang")
    agent.get_by_test_id("tab-mine").click()
    begin_shift(agent)
    open_widget(running, shopper, "c1001")
    for question, answer, _ in (PETS, MENDING):
        handed_over(shopper, agent, question, answer)

    admin.goto(f"{running.settings.office}/studio")
    sign_in(admin, "admin", running.password("admin"))
    began = time.monotonic()
    taught_a_topic(running, admin)
    taught_a_story(running, admin)
    traffic = Traffic(running)
    try:
        traffic.mark("training")
        model = trained(running, admin)
        traffic.mark("comparing")
        compared(running, admin, model)
        traffic.mark("promotion")
        promoted(running, admin, model)
        took = time.monotonic() - began
        traffic.mark("after it")

        # The widget was open all the time.
        for _, answer, worded_otherwise in (PETS, MENDING):
            say(shopper, worded_otherwise)
            expect(said(shopper, "bot").last).to_contain_text(answer)
        time.sleep(5)
        traffic.mark("after the way back")
        rolled_back(admin)
        for _, answer, worded_otherwise in (PETS, MENDING):
            answered = said(shopper, "bot").count()
            say(shopper, worded_otherwise)
            expect(said(shopper, "bot").nth(answered)).not_to_contain_text(answer)
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


def handed_over(shopper: Page, agent: Page, question: str, answer: str) -> None:
    """The bot does not know it, an agent answers, and hands the shopper back."""
    answered = said(shopper, "bot").count()
    say(shopper, question)
    expect(said(shopper, "bot").nth(answered)).not_to_contain_text(answer)
    say(shopper, "转人工")
    expect(said(shopper, "system").last).to_contain_text("小王")
    agent.get_by_test_id("conversation-row").first.click()
    agent.get_by_test_id("composer").fill(answer)
    agent.get_by_test_id("send").click()
    expect(said(shopper, "agent").last).to_contain_text(answer)
    agent.get_by_test_id("hand-back").click()
    agent.get_by_test_id("confirm").click()
    expect(said(shopper, "system").last).to_contain_text("智能助手")


def opened(running: Running, page: Page, text: str) -> None:
    """The group of this text in the inbox, once the worker has collected it."""
    group = page.locator(".group", has_text=text)
    for _ in range(60):
        page.goto(f"{running.settings.office}/studio")
        if group.count():
            break
        time.sleep(1)
    group.click()
    expect(page.get_by_test_id("review-opened")).to_contain_text(text)


def taught_a_topic(running: Running, page: Page) -> None:
    """A new topic of the shopper's question and the agent's answer, with two more wordings."""
    question, answer, _ = PETS
    opened(running, page, question)
    expect(page.get_by_test_id("human-answers")).to_contain_text(answer)
    page.keyboard.press("n")
    form = page.get_by_test_id("new-topic")
    form.locator("[name=questions]").fill(
        f"{question}\n逛门店能带宠物不\n牵着狗狗能进店里看看吗\n带小狗可以进去逛吗\n门店允许宠物进去不"
    )
    expect(form.locator("[name=answer]")).to_have_value(answer)
    form.locator("[name=name]").fill("pets_in_store")
    form.locator("[name=file]").select_option("service")
    form.locator("[name=intent]").select_option("product_info")
    form.get_by_role("button", name="写入").click()
    expect(page.locator(".toast")).to_contain_text(re.compile(r"写入 \d 句"), timeout=MINUTE)


def taught_a_story(running: Running, page: Page) -> None:
    """A new intent, with the agent's answer, from the conversation in which it was wanted."""
    question, answer, _ = MENDING
    opened(running, page, question)
    page.get_by_test_id("retell").click()
    turns = page.get_by_test_id("told-turn")
    turns.last.wait_for()
    page.wait_for_load_state()
    for turn in turns.all():
        turn.locator("[data-keep]").set_checked(question in turn.inner_text())
    turn = turns.filter(has_text=question)
    turn.get_by_test_id("told-intent").select_option("+")
    turn.get_by_test_id("told-bot").select_option("new")
    page.get_by_test_id("intent-name").fill("mending")
    page.get_by_test_id("intent-title").fill("缝补")
    page.get_by_test_id("intent-examples").fill(
        f"{question}\n袖子刮破了可以寄回去缝补吗\n你们有没有缝补服务\n衣服破了能帮忙缝补不\n缝补要钱吗\n裤子磨破了给缝补吗"
    )
    page.get_by_test_id("answer-name").fill("utter_mending")
    page.get_by_test_id("answer-text").fill(answer)
    page.get_by_test_id("story-name").fill("缝补：怎么寄来")
    page.get_by_test_id("story-save").click()
    expect(page.get_by_test_id("story-saved")).to_be_visible(timeout=MINUTE)


def trained(running: Running, page: Page) -> str:
    page.goto(f"{running.settings.office}/studio/models")
    page.get_by_test_id("train").click()
    page.get_by_test_id("training-running").wait_for(timeout=MINUTE)
    done = page.get_by_test_id("past-training").first
    expect(done).to_contain_text("完成", timeout=10 * MINUTE)
    page.wait_for_load_state()
    return f"guitai-{done.locator('summary code').inner_text()}"


def compared(running: Running, page: Page, model: str) -> None:
    page.locator(f"[data-model={model}]").get_by_test_id("compare").click()
    verdict = page.get_by_test_id("compare-verdict")
    verdict.wait_for(timeout=15 * MINUTE)
    expect(verdict).to_have_attribute("data-passed", "true")
    expect(page.get_by_test_id("compare-change").filter(has_text=PETS[0]).first).to_be_visible()


def promoted(running: Running, page: Page, model: str) -> None:
    page.goto(f"{running.settings.office}/studio/models")
    page.locator(f"[data-model={model}]").get_by_test_id("promote").click()
    page.get_by_test_id("promote-send").click()
    expect(page.get_by_test_id("serves")).to_have_attribute("data-model", model, timeout=2 * MINUTE)


def rolled_back(page: Page) -> None:
    page.get_by_test_id("roll-back").click()
    page.get_by_test_id("roll-back-send").click()
    expect(page.get_by_test_id("promotion-row")).to_have_count(2, timeout=MINUTE)

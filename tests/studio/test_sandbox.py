"""The sandbox chat in a real browser, with the project's own model: one start, and all that is seen in it."""

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator

import psutil
import pytest
from playwright.sync_api import Page, expect

from bot.conversations import audits
from bot.conversations.models import Conversation, Message
from bot.engine.fingerprint import current_model
from bot.settings import ROOT, Settings
from bot.studio.files import Repository
from tests.faults import TroubledEngine
from tests.offices import Contexts, Office, running_office
from tests.servers import free_port, serving
from tests.studio.own_data import lay
from tests.studio.test_retelling import handed_over

pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]
# Milliseconds that loading a model, and a turn or an edit, may take on a busy machine.
LOADED, ANSWERED = 150_000, 30_000
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script> \u202e倒过来 '; DROP TABLE message;--"


@pytest.fixture(scope="module")
def engine() -> TroubledEngine:
    archive = current_model(ROOT / "models")
    assert archive, "run `make train` first"
    return TroubledEngine(model=archive.name.removesuffix(".tar.gz"))


@pytest.fixture(scope="module")
def office(engine: TroubledEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A running office over the project's own data and model."""
    folder = tmp_path_factory.mktemp("sandbox")
    (folder / "models").mkdir()
    archive = f"{engine.model}.tar.gz"
    (folder / "models" / archive).symlink_to((ROOT / "models" / archive).resolve())
    with serving(engine.app()) as url:
        settings = Settings(
            data_dir=folder / "var",
            bot_dir=lay(folder / "bot"),
            models_dir=folder / "models",
            office_port=free_port(),
            engine_url=url,
        )
        with running_office(settings) as office:
            yield office


def sandboxes(office: Office) -> list[psutil.Process]:
    """All processes that chats have started, also those of an office that is gone."""
    mark = str(office.settings.data_dir / "sandbox")
    found = [
        each for each in psutil.process_iter(["cmdline"]) if mark in " ".join(each.info["cmdline"] or ())
    ]
    return [*found, *(child for each in found for child in each.children(recursive=True))]


@pytest.fixture
def enter(office: Office, context: Contexts) -> Callable[..., Page]:
    def opened(path: str = "/studio/sandbox", name: str = "admin") -> Page:
        return office.enter(context, path, name)

    return opened


def say(page: Page, text: str) -> None:
    turns = page.get_by_test_id("turn").count()
    page.get_by_test_id("sandbox-text").fill(text)
    page.get_by_test_id("sandbox-text").press("Enter")
    answered(page, turns + 1)


def answered(page: Page, turns: int) -> None:
    expect(page.get_by_test_id("turn")).to_have_count(turns, timeout=ANSWERED)
    expect(page.locator("#sandbox[aria-busy]")).to_have_count(0, timeout=ANSWERED)


def chosen(page: Page, which: str, value: str) -> None:
    """The dialogue began anew, for this customer or channel."""
    page.get_by_test_id(which).select_option(value)
    expect(page.get_by_test_id(which)).to_have_attribute("data-now", value, timeout=ANSWERED)
    answered(page, 0)


def ask(page: Page, what: str, body: object = None) -> tuple[int, dict[str, object]]:
    """A call as the page's script makes it."""
    call = """async ([path, body]) => {
      const headers = {'Content-Type': 'application/json'};
      const answer = await fetch(path, {method: 'POST', headers, body});
      return [answer.status, await answer.json().catch(() => ({}))];
    }"""
    status, answer = page.evaluate(call, [f"/studio/sandbox/{what}", json.dumps(body or {})])
    return status, answer


def test_only_admins_chat(office: Office, enter: Callable[..., Page]) -> None:
    page = enter(name="supervisor")
    expect(page.get_by_test_id("studio-sandbox")).to_have_count(0)
    for what in ("start", "say", "back", "anew", "end"):
        assert ask(page, what)[0] == 403
    assert ask(page, "../retell/preview")[0] == 403


def test_a_chat_that_shows_how_it_came_about(
    office: Office, engine: TroubledEngine, enter: Callable[..., Page]
) -> None:
    page = enter("/studio/models")
    page.get_by_test_id("try").click()
    expect(page.get_by_test_id("sandbox-empty")).to_contain_text("不是您的店铺")
    expect(page.get_by_test_id("sandbox-model")).to_have_value(engine.model)
    page.get_by_test_id("sandbox-start").click()
    expect(page.get_by_test_id("sandbox-starting")).to_contain_text("正在")
    expect(page.get_by_test_id("sandbox-nothing")).to_be_visible(timeout=LOADED)
    assert audits.latest(office.store)[0].action == "sandbox"

    # It is behind everything else, and knows neither our secrets nor our databases.
    processes = sandboxes(office)
    assert len(processes) >= 4 and min(each.nice() for each in processes) >= 10
    for each in processes:
        known = {**each.environ(), "argv": " ".join(each.cmdline())}
        assert not {"GUITAI_DATABASE_URL", "GUITAI_ENGINE_URL", "REDIS_URL"} & set(known)
        assert known.get("GUITAI_DATA_DIR", str(office.settings.data_dir / "sandbox")).startswith(
            str(office.settings.data_dir / "sandbox")
        )

    # A written answer: how it was read, which topics were near, which policy chose what.
    say(page, "退货的运费谁出")
    turn = page.get_by_test_id("turn").last
    expect(turn.get_by_test_id("topics").locator(".best")).to_contain_text(re.compile("运费|邮费"))
    expect(turn.get_by_test_id("readings").locator("li").first).to_contain_text("%")
    expect(turn.get_by_test_id("steps")).to_contain_text("utter_faq")
    expect(turn.get_by_test_id("steps").locator(".by").first).to_have_text(re.compile(r"(规则|故事) \d+%"))
    turn.get_by_test_id("events").click()
    expect(turn.locator("pre.log")).to_contain_text('"event": "user"')

    # As a customer of the sample shop: a form, the slots it fills, buttons that can be tapped.
    chosen(page, "sandbox-as", "c1003")
    say(page, "我要取消订单")
    slots = page.get_by_test_id("slots")
    steps = page.get_by_test_id("turn").last.get_by_test_id("steps")
    expect(steps).to_contain_text("cancel_order_form")
    expect(slots).to_contain_text("刚变")
    kept = slots.locator("dt code").all_inner_texts()
    assert "order_no" in kept
    offered = page.get_by_test_id("turn").last.locator(".offer:not([disabled])")
    offered.first.click()
    answered(page, 2)
    for _ in range(4):
        yes = page.get_by_test_id("turn").last.locator(
            ".offer:not([disabled])", has_text=re.compile("确认|取消订单|是的")
        )
        if not yes.count():
            break
        turns = page.get_by_test_id("turn").count()
        yes.first.click()
        answered(page, turns + 1)
    expect(page.get_by_test_id("reply").last).to_contain_text("取消")
    turns = page.get_by_test_id("turn").count()

    # Taken back turn by turn, the slots are as they were, and so are the shop's books.
    told = page.get_by_test_id("reply").all_inner_texts()
    while turns > 1:
        page.get_by_test_id("sandbox-back").click()
        turns -= 1
        answered(page, turns)
    assert slots.locator("dt code").all_inner_texts() == kept
    page.get_by_test_id("turn").last.locator(".offer:not([disabled])").first.click()
    answered(page, 2)
    again = page.get_by_test_id("reply").all_inner_texts()
    assert again == told[: len(again)]

    page.get_by_test_id("sandbox-anew").click()
    answered(page, 0)
    expect(slots).to_contain_text("还没有记下什么")
    expect(page.get_by_test_id("sandbox-as")).to_have_value("c1003")
    chosen(page, "sandbox-channel", "wechat")

    # Hostile texts are texts, as in the live channels.
    say(page, "/restart")
    say(page, HOSTILE)
    expect(page.locator(".bubble.hers").last).to_have_text(HOSTILE)
    for text in ("", " \n ", "长" * 2001):
        assert ask(page, "say", {"text": text})[0] in (400, 422)
    assert ask(page, "say", {"text": "长" * 2_000_000})[0] == 413
    for payload in ("/restart", "/no_such_intent", "no payload", '/inform{"no_entity": 1}'):
        assert ask(page, "say", {"payload": payload})[0] == 400
    assert ask(page, "anew", {"customer": "c9999"})[0] == 409
    assert ask(page, "start", {"model": "../../etc/passwd"})[0] == 404
    page.reload()
    answered(page, 2)
    say(page, "\ud83d\ude00" * 500)

    # A hand-over is told, and nobody's desk hears of it.
    say(page, "转人工")
    expect(page.get_by_test_id("handoff").last).to_contain_text("顾客要求转人工")
    with office.store.reading() as session:
        assert session.query(Conversation).count() == 0 == session.query(Message).count()
    assert engine.asked == []


def test_a_story_from_the_chat(office: Office, enter: Callable[..., Page]) -> None:
    page = enter()
    chosen(page, "sandbox-as", "c1001")
    say(page, "我的快递到哪了")
    if page.get_by_test_id("turn").last.locator(".offer:not([disabled])", has_text="转人工").count() == 0:
        say(page, "谢谢")
    page.get_by_test_id("retell").click()
    expect(page.get_by_test_id("story-source")).to_contain_text("- intent: logistics_track")
    expect(page.get_by_test_id("story-source")).to_contain_text("- action: logistics_track_form")
    expect(page.get_by_test_id("story-edit")).to_be_enabled()
    assert not re.search(r"\d{6}", page.get_by_test_id("story-source").inner_text())


def test_a_story_from_a_handed_over_conversation(office: Office, enter: Callable[..., Page]) -> None:
    id, asked = handed_over(office.store)
    page = enter(f"/studio/retell?c={id}&seq={asked}")
    expect(page.get_by_test_id("not-remembered")).to_be_visible()
    turn = page.get_by_test_id("told-turn").last
    expect(turn).to_contain_text("可以的，订单 2026112000012345 的贺卡今天补寄给您")
    # A rule says otherwise for this intent; a new one is free.
    turn.get_by_test_id("told-intent").select_option("modify_order")
    expect(turn.get_by_test_id("clash")).to_be_visible()
    expect(page.get_by_test_id("story-save")).to_be_disabled()
    turn.get_by_test_id("told-intent").select_option("+")
    page.get_by_test_id("intent-name").fill("gift_late")
    page.get_by_test_id("intent-title").fill("礼物晚到")
    expect(page.get_by_test_id("intent-examples")).to_have_value("礼物晚到了能补贺卡吗")
    page.get_by_test_id("answer-name").fill("utter_late_gift")
    expect(page.get_by_test_id("answer-text")).to_have_value("可以的，订单 … 的贺卡今天补寄给您")
    page.get_by_test_id("answer-text").fill("可以补寄，订单 2026112000012345")
    page.get_by_test_id("story-save").click()
    # What is wrong is told at its field.
    expect(page.locator("#answer").get_by_test_id("retell-error")).to_contain_text("号码", timeout=ANSWERED)
    expect(page.get_by_test_id("answer-text")).to_be_focused()
    page.get_by_test_id("answer-name").fill("Late gift")
    page.get_by_test_id("answer-text").fill("晚到的礼物 48 小时内补寄贺卡。")
    page.get_by_test_id("story-save").click()
    page.get_by_test_id("numbers-asked").get_by_role("button", name="照写").click()
    expect(
        page.locator("label", has=page.get_by_test_id("answer-name")).get_by_role("alert")
    ).to_contain_text("utter_late_gift", timeout=ANSWERED)
    expect(page.get_by_test_id("answer-name")).to_be_focused()
    page.get_by_test_id("answer-name").fill("utter_late_gift")
    expect(page.get_by_test_id("retell-error")).to_be_hidden()
    page.get_by_test_id("story-name").fill("礼物晚到：补寄贺卡")
    expect(page.get_by_test_id("story-steps").locator("li").last).to_contain_text("utter_late_gift")
    expect(page.get_by_test_id("story-source")).to_contain_text("礼物晚到：补寄贺卡")
    page.get_by_test_id("story-save").click()
    expect(page.get_by_test_id("story-saved")).to_be_visible(timeout=ANSWERED)
    files = Repository(office.settings.bot_dir)
    change = files.history(1)[0]
    assert change.author.name == "管理员"
    assert {each.path for each in files.diff(change.id)} == {
        *("domain.yml", "data/intents.yml", "data/nlu/gift_late.yml", "data/stories/gift_late.yml")
    }
    page.goto(f"{office.url}/studio/retell?c={'0' * 32}")
    expect(page.get_by_test_id("retell-none")).to_contain_text("没有这段对话")


def test_the_office_takes_the_chat_with_it(office: Office, enter: Callable[..., Page]) -> None:
    processes = sandboxes(office)
    assert len(processes) >= 4
    os.kill(office.process.pid, signal.SIGKILL)
    office.process.wait(10)
    gone, left = psutil.wait_procs(processes, timeout=30)
    assert not left and len(gone) == len(processes)
    deadline = time.monotonic() + 10
    while list((office.settings.data_dir / "sandbox").iterdir()):
        assert time.monotonic() < deadline, "it leaves nothing behind"
        time.sleep(0.1)

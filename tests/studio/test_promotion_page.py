"""What an admin sees of promotions in Chromium: how it stands, what is under way, the way back and faults."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bot.conversations.steps import now
from bot.settings import Settings
from bot.studio.promotion import Promoter
from bot.studio.proof import rules
from bot.studio.proof.models import Comparison
from tests.offices import Contexts, Office, running_office
from tests.servers import free_port, serving
from tests.studio.files.small import lay
from tests.studio.test_promotion import NEW, OLD, Engine, write_model

HOSTILE = "<img src=x onerror=alert(1)> 促销今晚开始"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A running office beside two stand-ins for engines."""
    models = tmp_path / "models"
    models.mkdir()
    for name in (OLD, NEW):
        write_model(models, name)
    with ExitStack() as around:
        settings = Settings(
            data_dir=tmp_path,
            models_dir=models,
            bot_dir=lay(tmp_path / "bot"),
            office_port=free_port(),
            engine_url=around.enter_context(serving(Engine(model=OLD).app())),
            green_engine_url=around.enter_context(serving(Engine(model=NEW).app())),
            turn_seconds=2,
        )
        yield around.enter_context(running_office(settings))


@pytest.fixture
def promoter(office: Office) -> Promoter:
    return Promoter(office.settings, office.store)


@pytest.fixture
def enter(office: Office, context: Contexts) -> Callable[[str], Page]:
    return lambda name: office.enter(context, "/studio", name)


def open_page(page: Page, office: Office) -> None:
    page.goto(f"{office.url}/studio/promotion")
    page.get_by_test_id("promotion").wait_for()


def offer(page: Page, model: str) -> None:
    """A button as the list of models has it."""
    page.evaluate(
        """model => {
            const button = document.createElement("button");
            Object.assign(button, { id: "offer", textContent: model });
            button.dataset.promote = model;
            document.querySelector("main").prepend(button);
        }""",
        model,
    )
    page.locator("#offer").click()


def passed(office: Office) -> None:
    """The new model passes beside the old one."""
    with office.store.writing() as session:
        values = {"candidate": NEW, "current": OLD, "candidate_sha256": "0" * 64, "current_sha256": "0" * 64}
        done = {"state": "done", "verdict": True, "reasons": [], "by": "测试", "at": now(), "cancel": False}
        session.add(Comparison(**values, **done))


def test_how_it_stands_the_way_back_and_what_failed(
    office: Office, promoter: Promoter, enter: Callable[[str], Page]
) -> None:
    page = enter("admin")
    open_page(page, office)
    serves, rows = page.get_by_test_id("serves"), page.get_by_test_id("promotion-row")
    expect(serves).to_have_attribute("data-model", OLD)
    expect(page.get_by_test_id("no-history")).to_be_visible()
    expect(page.get_by_test_id("roll-back")).to_have_count(0)

    # No supervisor runs here: the page says what to do.
    offer(page, NEW)
    dialog = page.get_by_test_id("promote-dialog")
    expect(dialog).to_contain_text(NEW)
    page.get_by_test_id("promote-send").click()
    expect(dialog.get_by_role("alert")).to_contain_text(rules.said("not_compared", "zh"))
    page.get_by_test_id("promote-why").fill("急着上线")
    page.get_by_test_id("promote-send").click()
    expect(rows.first).to_have_attribute("data-outcome", "failed")
    expect(rows.first).to_contain_text(f"bot studio promote {NEW} --already-running")
    expect(page.get_by_role("alert")).to_contain_text("bot studio promote")
    expect(serves).to_have_attribute("data-model", OLD)

    run = promoter.promote(NEW, "cli:0", HOSTILE, started=True)
    open_page(page, office)
    expect(page.get_by_test_id("under-way")).to_have_attribute("data-step", "check")
    expect(page.get_by_test_id("begun")).to_contain_text("命令行")
    expect(page.get_by_test_id("roll-back")).to_have_count(0)
    offer(page, NEW)
    page.get_by_test_id("promote-send").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    page.keyboard.press("Escape")
    # Playwright's event loop runs in this thread.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(run.carry_out).result()
    # The page sees by itself that it has ended.
    expect(serves).to_have_attribute("data-model", NEW)
    expect(rows.first).to_contain_text(HOSTILE)
    expect(page.get_by_test_id("stands-by")).to_contain_text(OLD)

    page.get_by_test_id("roll-back").click()
    expect(page.get_by_test_id("roll-back-dialog")).to_contain_text(OLD)
    page.get_by_test_id("roll-back-send").click()
    expect(serves).to_have_attribute("data-model", OLD)
    expect(rows).to_have_count(3)
    assert promoter.serving() == OLD
    assert promoter.history.latest()[0].by.startswith("agent:")

    # What was found wanting is marked, and no button urges her to it.
    expect(page.get_by_test_id("left")).to_contain_text(NEW)
    expect(page.get_by_test_id("left")).to_contain_text("管理员")
    expect(page.get_by_test_id("roll-back")).to_have_text("撤销回退")
    passed(office)
    page.goto(f"{office.url}/studio/models")
    model = page.locator(f"[data-model={NEW}][data-testid=model]")
    expect(model.get_by_test_id("model-left")).to_contain_text("已退回")
    expect(model.get_by_test_id("verdict")).to_have_text("对比通过")
    expect(model.get_by_test_id("promote")).to_have_class("quiet")
    expect(page.locator("#promotion > div.card .primary")).to_have_count(0)


def test_it_is_for_admins_alone(office: Office, promoter: Promoter, enter: Callable[[str], Page]) -> None:
    name = next(name for name in office.passwords if name != "admin")
    page = enter(name)
    for path in (f"/studio/models/{NEW}/promote", "/studio/rollback"):
        answer = page.request.post(f"{office.url}{path}", data={"why": ""}, headers={"Origin": office.url})
        assert answer.status == 403
        assert page.request.post(f"{office.url}{path}", data={"why": ""}).status == 403
    assert page.request.get(f"{office.url}/studio/promotion").status == 403
    assert not promoter.history.latest()

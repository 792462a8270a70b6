"""An admin reads what was changed and takes it back, in a browser and from the terminal."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from bot.settings import Settings
from bot.studio.files import Repository
from bot.studio.files.language import set_answer
from tests.commands import bot
from tests.offices import Contexts, Office, running_office
from tests.servers import free_port

from .conftest import LI
from .small import SMALL, git, lay

RETURNS = "data/nlu/faq/returns.yml"
HOSTILE = "<img src=x onerror=alert(1)> \u202e我们出"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    place = tmp_path_factory.mktemp("history")
    settings = Settings(data_dir=place / "var", bot_dir=lay(place / "bot"), office_port=free_port())
    # The actions of the product are checked with it, so the small files begin with problems of their own.
    with Repository(settings.bot_dir).edit(LI, "邮费 <b>") as draft:
        draft.write(RETURNS, draft.text(RETURNS).replace("质量问题由我们承担", HOSTILE))
    with running_office(settings) as office:
        yield office


@pytest.fixture
def admin(office: Office, context: Contexts) -> Page:
    return office.enter(context, "/studio/history")


def test_a_change_is_read_and_taken_back(office: Office, admin: Page) -> None:
    admin.goto(f"{office.url}/studio/history")
    rows = admin.get_by_test_id("change")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("邮费 <b>")
    expect(rows.first).to_contain_text("李四")
    expect(rows.last).to_contain_text("最初的文件")
    rows.first.click()
    lines = admin.get_by_test_id("file-diff")
    expect(lines).to_contain_text("质量问题由我们承担")
    expect(lines).to_contain_text("<img src=x onerror=alert(1)>")
    admin.get_by_test_id("revert").click()
    admin.get_by_test_id("revert-sure").click()
    expect(admin.locator("h1")).to_have_text("撤回：邮费 <b>")
    assert (office.files.root / RETURNS).read_text() == SMALL[RETURNS]
    assert git(office.files.root, "log", "-1", "--format=%ae").strip() == "admin@guitai"


def test_what_is_broken_by_hand_is_told(office: Office, admin: Page) -> None:
    path = office.files.root / "data/nlu/greet.yml"
    path.write_text(SMALL["data/nlu/greet.yml"] + "  x: [\n")
    try:
        admin.goto(f"{office.url}/studio/history")
        expect(admin.get_by_test_id("pending")).to_contain_text("data/nlu/greet.yml:11：YAML 读不出来")
        told = bot(office.settings, "studio", "history")
        assert told.returncode == 0 and "data/nlu/greet.yml:11: the YAML cannot be read" in told.stderr
    finally:
        path.write_text(SMALL["data/nlu/greet.yml"].replace("hello", "hi"))
    admin.reload()
    expect(admin.get_by_test_id("pending")).to_have_count(0)
    expect(admin.get_by_test_id("change").first).to_contain_text("直接改文件")


@pytest.mark.slow
def test_what_cannot_be_taken_back_is_a_sentence(office: Office, admin: Page) -> None:
    for answer in ("一", "二"):
        with office.files.edit(LI, "邮费") as draft:
            set_answer(draft, "faq/return_postage", answer)
    earlier = office.files.history()[1].id
    admin.goto(f"{office.url}/studio/history/{earlier}")
    admin.get_by_test_id("revert").click()
    admin.get_by_test_id("revert-sure").click()
    expect(admin.locator(".toast.bad")).to_contain_text(f"{RETURNS} 的同一处刚被李四改过")
    admin.goto(f"{office.url}/studio/history/{'0' * 40}")
    expect(admin.get_by_role("alert")).to_have_text("没有这次修改。")


@pytest.mark.slow
def test_from_the_terminal(office: Office) -> None:
    with office.files.edit(LI, "三天") as draft:
        set_answer(draft, "faq/return_days", "三天")
    told = bot(office.settings, "studio", "history", "--path", RETURNS)
    newest = told.stdout.splitlines()[0]
    assert "李四  三天  (data/nlu/faq/returns.yml, +" in newest
    done = bot(office.settings, "studio", "revert", newest.split()[0], "--as", "admin")
    assert done.returncode == 0, done.stderr
    assert "七天内" in (office.files.root / RETURNS).read_text()
    assert bot(office.settings, "studio", "revert", "abc").returncode == 1


def test_only_admins_may(office: Office, context: Contexts) -> None:
    page = office.enter(context, "/desk", "supervisor")
    before = office.files.head()
    answer = page.goto(f"{office.url}/studio/history/{before}")
    assert answer and answer.status == 403
    posted = page.request.post(f"{office.url}/studio/history/{before}/revert")
    assert posted.status == 403 and office.files.head() == before

"""An admin downloads the topics, changes a cell, sends them back, mends what is wrong, and writes them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bot.settings import Settings
from bot.studio.files import Repository, language
from bot.studio.pages import UPLOADS
from tests.offices import Contexts, Office, running_office
from tests.servers import free_port
from tests.studio.files.conftest import WANG
from tests.studio.files.small import lay

from .conftest import csv_file, csv_rows, opened, saved

SHEET = "/studio/knowledge/sheet"
HOSTILE = "<img src=x onerror=alert(1)> 能退吗"
BIG = 60_000  # milliseconds that a busy machine may take


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    place = tmp_path_factory.mktemp("sheets")
    bot_dir = lay(place / "bot")
    Repository(bot_dir).look()
    with running_office(Settings(data_dir=place / "var", bot_dir=bot_dir, office_port=free_port())) as office:
        yield office


def answer(office: Office, topic: str) -> str:
    topics = {each.name: each for each in language.topics(office.files.look())}
    return topics[f"faq/{topic}"].answers[0].text


def questions(office: Office, topic: str) -> list[str]:
    return [each.text for each in language.examples(office.files.look(), f"faq/{topic}")]


def send(page: Page, name: str, content: bytes) -> None:
    page.get_by_test_id("choose").set_input_files({"name": name, "mimeType": "", "buffer": content})


def downloaded(page: Page, button: str) -> tuple[str, bytes]:
    with page.expect_download() as download:
        page.get_by_test_id(button).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_out_into_excel_and_back(office: Office, context: Contexts) -> None:
    page = office.enter(context, SHEET, accept_downloads=True)
    expect(page.locator("main")).to_contain_text("2 个话题、3 条问法")
    name, content = downloaded(page, "get-xlsx")
    assert name.startswith("guitai-faq-") and office.files.head()[:10] in name

    # As it came, it changes nothing.
    send(page, name, content)
    expect(page.get_by_test_id("plan")).to_contain_text("完全一样", timeout=BIG)
    expect(page.get_by_test_id("write")).to_have_count(0)

    book = opened(content)
    sheet = book.worksheets[0]
    sheet["E4"] = "十天"
    sheet.append([None, "return_days", None, "你好！"])
    sheet.append([None, "return_days", None, "=1+1"])
    send(page, "改好的.xlsx", saved(book))
    faults = page.get_by_test_id("fault")
    expect(faults).to_have_count(2, timeout=BIG)
    expect(faults.first).to_contain_text("第 5 行「问法」")
    expect(faults.first).to_contain_text("greet 里已经有同样的句子“你好”")
    expect(faults.last).to_contain_text("第 6 行「问法」")
    assert answer(office, "return_days") == "七天内\n无理由"

    sheet["D5"], sheet["D6"] = "能退几天", HOSTILE
    with office.files.edit(WANG, "王五的") as draft:
        language.set_answer(draft, "faq/return_postage", "王五改的")
    send(page, "改好的.xlsx", saved(book))
    change = page.get_by_test_id("change")
    expect(change).to_have_count(1, timeout=BIG)
    expect(change).to_contain_text(HOSTILE)
    expect(change).to_contain_text("七天内")
    expect(page.get_by_test_id("plan")).to_contain_text("之后别人的修改都会保留")
    page.get_by_test_id("write").click()
    expect(page.get_by_test_id("done")).to_contain_text("改答案 1", timeout=BIG)
    assert answer(office, "return_days") == "十天" and answer(office, "return_postage") == "王五改的"
    assert questions(office, "return_days") == ["几天内能退", "能退几天", HOSTILE]
    page.get_by_test_id("see").click()
    expect(page.locator("h1")).to_have_text("导入表格：改答案 1、加问法 2")
    assert office.files.history()[0].author.account == "admin"

    # In English, as CSV from Chinese Excel, and what the sheet lacks goes only if that is ticked.
    page.goto(f"{office.url}{SHEET}")
    page.locator("[data-language=en]").click()
    expect(page.locator("h1")).to_have_text("Import and export")
    name, content = downloaded(page, "get-csv")
    head, *rows = csv_rows(content)
    assert head[1] == "Topic" and [HOSTILE in row for row in rows].count(True) == 1
    kept = csv_file([row for row in rows if HOSTILE not in row and row[1] != "return_postage"])
    send(page, name, kept.decode().encode("gb18030"))
    expect(page.get_by_test_id("plan")).to_contain_text("there is nothing to write", timeout=BIG)
    page.get_by_test_id("remove-questions").check()
    expect(page.get_by_test_id("plan")).to_contain_text("Questions removed: 1", timeout=BIG)
    page.get_by_test_id("remove-topics").check()
    expect(page.get_by_test_id("gone")).to_contain_text("return_postage", timeout=BIG)
    page.get_by_test_id("remove-topics").uncheck()
    expect(page.get_by_test_id("gone")).to_have_count(0, timeout=BIG)
    page.get_by_test_id("write").click()
    expect(page.get_by_test_id("done")).to_contain_text("Questions removed: 1", timeout=BIG)
    assert questions(office, "return_days") == ["几天内能退", "能退几天"]
    assert questions(office, "return_postage")


def test_somebody_is_first(office: Office, context: Contexts) -> None:
    page = office.enter(context, SHEET)
    row = ["returns", "return_days", "order_status", "几天内能退", "我改的", "微信", "2026-11-01", ""]
    name = f"guitai-faq-2026-11-23-{office.files.head()[:10]}.csv"
    send(page, name, csv_file([row]))
    expect(page.get_by_test_id("change")).to_contain_text("2026-11-01 起", timeout=BIG)
    with office.files.edit(WANG, "王五的") as draft:
        language.set_answer(draft, "faq/return_days", "王五改的")
    page.get_by_test_id("write").click()
    expect(page.locator(".toast.bad")).to_contain_text("刚被王五改过", timeout=BIG)
    expect(page.get_by_test_id("fault")).to_contain_text("已被别人改成“王五改的”", timeout=BIG)
    assert answer(office, "return_days") == "王五改的"

    # What is no sheet, and what is too large, is a sentence.
    send(page, "x.xlsx", b"PK\x03\x04nothing")
    expect(page.get_by_test_id("fault")).to_contain_text("打不开", timeout=BIG)
    send(page, "x.csv", b"x" * (9 * 1024 * 1024))
    expect(page.locator(".toast.bad")).to_contain_text("超过 8 MB")
    headers = {"Origin": office.url}
    huge = page.request.post(f"{office.url}{SHEET}/check", headers=headers, data=b"x" * (9 * 1024 * 1024))
    assert huge.status == 200 and "超过 8 MB" in huge.text()

    # Only admins, and only from here.
    for path in UPLOADS:
        foreign = page.request.post(
            f"{office.url}{path}", headers={"Origin": "http://evil.example"}, data=b"x"
        )
        assert foreign.status == 403, path
    other = office.enter(context, SHEET, "supervisor")
    before = office.files.head()
    for path in (SHEET, f"{SHEET}/faq.csv", f"{SHEET}/faq.xlsx"):
        assert other.request.get(f"{office.url}{path}").status == 403
    for path in (f"{SHEET}/check", f"{SHEET}/import?at={before}"):
        address = f"{office.url}{path}"
        assert other.request.post(address, headers=headers, data=csv_file([row])).status == 403
    assert office.files.head() == before

"""A small bot's files, and sheets of them."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from bot.studio import sheets
from bot.studio.files import Repository, language
from bot.studio.sheets import Options, Plan
from bot.studio.sheets.reading import read
from tests.studio.files.small import lay

ZH, EN = sheets.SENTENCES["zh"], sheets.SENTENCES["en"]
HEAD = ["分类", "话题", "归入意图", "问法", "答案", "渠道", "开始日期", "结束日期"]
Rows = Sequence[Sequence[object]]


@pytest.fixture
def files(tmp_path: Path) -> Repository:
    """A repository with two topics: return_postage (two questions), return_days (one)."""
    folder = lay(tmp_path / "bot")
    files = Repository(folder, code=folder)
    files.look()
    return files


def exported(files: Repository, kind: str = "csv") -> bytes:
    """The sheet of all topics."""
    snapshot = files.look()
    topics = language.topics(snapshot)
    return sheets.csv_of(topics, ZH) if kind == "csv" else sheets.xlsx_of(topics, ZH, snapshot.commit)


def csv_rows(content: bytes) -> list[list[str]]:
    """What a program that knows CSV reads."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def csv_file(rows: Rows, delimiter: str = ",") -> bytes:
    """Rows below the headings, as CSV."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows([HEAD, *rows])
    return out.getvalue().encode()


def xlsx_file(
    rows: Iterable[Sequence[object]], change: Callable[[Workbook], object] = lambda book: None
) -> bytes:
    """Rows below the headings, as Excel, after ``change`` of the workbook."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (HEAD, *rows):
        sheet.append(list(row))
    change(book)
    return saved(book)


def opened(content: bytes) -> Workbook:
    return load_workbook(io.BytesIO(content))


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def plan_of(
    files: Repository, content: bytes, name: str = "", questions: bool = False, topics: bool = False
) -> Plan:
    return sheets.compared(files, content, name, Options(questions, topics))


def told(plan: Plan) -> list[str]:
    """The problems as an admin reads them."""
    return [sheets.told(ZH, each) for each in plan.faults]


def faults_of(content: bytes, name: str = "") -> list[str]:
    """The problems of reading alone."""
    return [sheets.told(ZH, each) for each in read(content, name).faults]

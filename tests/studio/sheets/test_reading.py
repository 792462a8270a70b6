"""Whatever file is sent is read as its clerk means it, or told to be wrong, with the row."""

import io
import time
import zipfile
from datetime import date

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.formula import ArrayFormula

from bot.studio.sheets.columns import as_meant, day, for_excel, from_excel, harmless
from bot.studio.sheets.reading import LARGEST, ROWS, read

from .conftest import HEAD, csv_file, faults_of, opened, saved, xlsx_file

ROW = ["returns", "return_days", "order_status", "几天内能退", "七天", "微信", "2026-11-01", ""]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_as_it_is_saved_anywhere(encoding: str, delimiter: str) -> None:
    content = csv_file([ROW], delimiter).decode().encode(encoding)
    table = read(content)
    assert table.faults == []
    assert table.rows[0].number == 2
    assert table.rows[0].cells == dict(zip(table.columns, ROW[:-1], strict=False))


def test_headings_in_any_order_language_and_place() -> None:
    text = "知识库,,,\n,,,\n备注, ANSWER ,问法（必填）,topic*\nx,七天,几天,return_days\n\n,,再问,\n"
    table = read(text.encode())
    assert table.faults == [] and table.unread == ["备注"]
    assert table.columns == ["topic", "question", "answer"]
    first, second = table.rows
    assert (first.number, first.cells) == (4, {"topic": "return_days", "question": "几天", "answer": "七天"})
    assert (second.number, second.cells) == (6, {"question": "再问"})


def test_excel_as_its_clerk_sees_it() -> None:
    rows = [
        ["returns", "t", "i", 110, 7.5, None, date(2026, 11, 1), "2026年11月11日"],
        [None, None, None, True, "一\n二", "", None, None],
    ]

    def change(book: Workbook) -> None:
        sheet = book.active
        assert sheet is not None
        sheet.merge_cells("A2:A3")
        sheet["E9"] = "隔了几行"
        book.create_sheet("说明").append(["话题"])

    table = read(xlsx_file(rows, change))
    assert table.faults == []
    assert table.rows[0].cells["question"] == "110" and table.rows[0].cells["answer"] == "7.5"
    assert day(table.rows[0].cells["since"]) == date(2026, 11, 1)
    assert day(table.rows[0].cells["until"]) == date(2026, 11, 11)
    assert table.rows[1].cells == {"question": "True", "answer": "一\n二"}
    assert (table.rows[2].number, table.rows[2].cells) == (9, {"answer": "隔了几行"})


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *(
            ("2026-11-01", date(2026, 11, 1)),
            ("2026/1/9", date(2026, 1, 9)),
            ("2026.11.1", date(2026, 11, 1)),
        ),
        *(("２０２６年１１月１日", date(2026, 11, 1)), ("2026-11-01 00:00:00", date(2026, 11, 1))),
        *(("2026-02-30", None), ("明天", None), ("11/1", None), ("45962", None), ("2026-11-01 08:30", None)),
    ],
)
def test_days(written: str, meant: date | None) -> None:
    assert day(written) == meant


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+86", "-", "@x", " =x", "\t=x", "'=x", "''@", "'x", "'", "＝1", "x=1", "_x000A_", "a\x0bb"],
)
def test_no_text_becomes_a_formula_and_all_come_back(text: str) -> None:
    assert as_meant(harmless(text)) == text
    assert from_excel(for_excel(text)) == text
    assert not harmless(text).lstrip().startswith(("=", "+", "-", "@", "＝"))


def test_cells_that_hold_no_text() -> None:
    def change(book: Workbook) -> None:
        sheet = book.active
        assert sheet is not None
        sheet["D2"] = '=HYPERLINK("http://x","y")'
        sheet["E2"] = ArrayFormula("E2:E3", "=A1:A2")
        sheet["D3"] = date(2026, 11, 11)
        sheet["E4"] = "#N/A"

    assert faults_of(xlsx_file([ROW, ROW, ROW], change)) == [
        "第 2 行「问法」：这一格是公式。请复制后“选择性粘贴 → 数值”，变成文字。",
        "第 2 行「答案」：这一格是公式。请复制后“选择性粘贴 → 数值”，变成文字。",
        "第 3 行「问法」：这一格被 Excel 变成了日期。请把格式改为“文本”，重新输入。",
        "第 4 行「答案」：这一格显示的是 Excel 的错误值。",
    ]


def test_sheets_without_what_is_needed() -> None:
    assert faults_of(b"") == faults_of(b"\n\n") == faults_of("问法,答案\na,b\n".encode())
    assert faults_of("话题,分类\na,b\n".encode()) == ["第 1 行：既没有「问法」列，也没有「答案」列。"]
    assert faults_of("话题,问法,问法\na,b,c\n".encode()) == [
        "第 1 行「问法」：这个表头出现了两次，请只留一列。"
    ]
    assert "找不到「话题」" in faults_of(saved(Workbook()))[0]
    (late,) = faults_of(("\n".join("x" * 12) + "\n话题,问法\n").encode())
    assert "前 10 行" in late


def test_broken_csv_names_the_row() -> None:
    text = '话题,问法\na,"一\n行"\nb,"没有结束\n'
    assert faults_of(text.encode()) == ["第 3 行：这一行的双引号不成对，或者一格里的文字太长。"]
    long = "话题,问法\na," + "长" * 200_000 + "\n"
    assert faults_of(long.encode())[0].startswith("第 2 行")
    bad = "话题,问法\na,b\n".encode() + b"c,\xff\xff\xfe\n"
    assert faults_of(bad)[0].startswith("第 3 行：这一行的文字编码认不出来")


HOSTILE = {
    "html": b"<html><table><tr><td>\xe8\xaf\x9d\xe9\xa2\x98</td></tr></table>",
    "xml": b"\xef\xbb\xbf <?xml version='1.0'?><Workbook/>",
    "old excel": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000),
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20,
    "zeros": bytes(100_000),
    "not a zip": b"PK\x03\x04" + b"x" * 1000,
    "large": b"x" * (20 * 1024 * 1024),
    "cut zip": xlsx_file([ROW])[:-200],
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_no_sheet(kind: str) -> None:
    table = read(HOSTILE[kind])
    assert len(table.faults) == 1 and table.rows == []
    wanted = {"old excel": "old_excel", "large": "too_large", "not a zip": "broken", "cut zip": "broken"}
    assert table.faults[0].why == wanted.get(kind, "no_sheet")


def _zip(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return out.getvalue()


def _with_sheet(xml: bytes) -> bytes:
    """An Excel file whose first sheet is this XML."""
    real, out = io.BytesIO(xlsx_file([ROW])), io.BytesIO()
    with zipfile.ZipFile(real) as packed, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for each in packed.infolist():
            target.writestr(each.filename, xml if "sheet1" in each.filename else packed.read(each))
    return out.getvalue()


SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{}</worksheet>'
CELL = '<c r="{}" t="inlineStr"><is><t>{}</t></is></c>'


def test_zip_bombs() -> None:
    started = time.monotonic()
    bomb = _zip(**{"xl/worksheets/sheet1.xml": bytes(60 * 1024 * 1024)})
    assert len(bomb) < LARGEST
    assert [each.why for each in read(bomb).faults] == ["unpacked"]
    many = _zip(**{f"xl/{number}": b"" for number in range(500)})
    assert [each.why for each in read(many).faults] == ["unpacked"]
    # One that lies about how large it is.
    lying = bytearray(_with_sheet(b"<x>" + bytes(60 * 1024 * 1024)))
    at = lying.rindex((60 * 1024 * 1024 + 3).to_bytes(4, "little"))
    lying[at : at + 4] = (1000).to_bytes(4, "little")
    assert [each.why for each in read(bytes(lying)).faults] == ["broken"]
    assert time.monotonic() - started < 60


def test_hostile_xml() -> None:
    laughs = "<!DOCTYPE x [<!ENTITY a '{}'>{}]>".format(
        "ha" * 50, "".join(f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(8))
    )
    row = f'<sheetData><row r="1">{CELL.format("A1", "&i;")}</row></sheetData>'
    outside = "<!DOCTYPE x [<!ENTITY i SYSTEM 'file:///etc/passwd'>]>"
    for doctype in (laughs, outside):
        table = read(_with_sheet((doctype + SHEET.format(row)).encode()))
        assert [each.why for each in table.faults] == ["broken"], doctype[:30]
        assert table.rows == []


def test_a_sheet_that_claims_to_be_endless() -> None:
    cells = CELL.format("A1", "话题") + CELL.format("B1", "问法")
    far = CELL.format("XFD1", "far")
    last = f'<row r="200000">{CELL.format("A200000", "t")}{CELL.format("B200000", "问")}</row>'
    claims = '<dimension ref="A1:XFD1048576"/>'
    xml = SHEET.format(f'{claims}<sheetData><row r="1">{cells}{far}</row>{last}</sheetData>')
    table = read(_with_sheet(xml.encode()))
    assert table.faults == []
    assert [(each.number, each.cells["question"]) for each in table.rows] == [(200_000, "问")]
    beyond = SHEET.format(
        f'<sheetData><row r="1">{cells}</row><row r="99999999999"><c r="A99999999999"/></row></sheetData>'
    )
    assert read(_with_sheet(beyond.encode())).rows == []


def test_too_many_rows() -> None:
    text = "话题,问法\n" + "".join(f"t,问 {number}\n" for number in range(ROWS + 5))
    assert faults_of(text.encode()) == ["整个文件：超过 30000 行，请分成几个文件。"]


def test_the_version_it_was_made_from() -> None:
    content = csv_file([ROW])
    assert read(content, "guitai-faq-2026-11-23-0123456789 (1).csv").made_from == "0123456789"
    assert read(content, "知识库.csv").made_from is None
    book = opened(xlsx_file([ROW]))
    book.properties.keywords = "guitai:" + "a" * 40
    assert read(saved(book), "随便.xlsx").made_from == "a" * 40
    assert HEAD[1] == "话题"

"""The sheet as a file: for Excel, or as CSV that Excel opens right."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import zip_longest
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from bot import validity
from bot.staff.texts import Texts
from bot.studio.files.language import Topic, Variation

from .columns import COLUMNS, area, channel_name, for_excel, harmless, heading, normal, short

WIDTHS = (13, 24, 20, 44, 60, 9, 13, 13)
"""Of the columns in Excel, in signs."""
SHORT = 10
"""Signs of a commit in a file's name."""
_LINE = Side(style="thin", color="B8C2BD")


def csv_of(topics: Iterable[Topic], t: Texts) -> bytes:
    """The topics as CSV in UTF-8 with a mark, without which Excel takes Chinese for something else."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([heading(t, column) for column in COLUMNS])
    for topic in topics:
        for row in _rows(topic, t):
            writer.writerow([str(cell) if isinstance(cell, date) else harmless(cell) for cell in row])
    return out.getvalue().encode("utf-8-sig")


def xlsx_of(topics: Iterable[Topic], t: Texts, commit: str = "") -> bytes:
    """The topics as an Excel file whose second sheet says what the columns are.

    Args:
        commit: which the topics were read from; the import then knows what others have changed since.
    """
    book = Workbook(write_only=True)
    book.properties.creator, book.properties.title = t("product"), t("sheet")
    book.properties.keywords = f"guitai:{commit}" if commit else None
    sheet = book.create_sheet(t("sheet"))
    sheet.freeze_panes = "A2"
    for number, width in enumerate(WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    _append(sheet, [heading(t, column) for column in COLUMNS], head=True)
    for topic in topics:
        for number, row in enumerate(_rows(topic, t)):
            _append(sheet, row, first=not number)
    _explain(book, t)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def name_of(kind: str, commit: str) -> str:
    """What the file is called; the name tells the import from which commit it was made."""
    return f"guitai-faq-{validity.today()}-{commit[:SHORT]}.{kind}"


def _rows(topic: Topic, t: Texts) -> Iterator[list[str | date]]:
    nothing = Variation("")
    for question, answer in zip_longest(topic.questions, topic.answers):
        said = answer or nothing
        yield [
            *(area(topic), short(topic.name), topic.intent),
            question.text if question else "",
            normal(said.text),
            channel_name(t, said.channel),
            *(said.since or "", said.until or ""),
        ]


def _append(sheet: Any, row: Iterable[str | date], head: bool = False, first: bool = False) -> None:
    cells = []
    for value in row:
        if isinstance(value, date):
            cell = WriteOnlyCell(sheet, value)
            cell.number_format = "yyyy-mm-dd"
        else:
            # A text, whatever it looks like.
            cell = WriteOnlyCell(sheet, for_excel(harmless(value)))
            cell.data_type = "s"
            # As text it stays what was typed: 11/11 becomes no day.
            cell.number_format = "@"
        cell.alignment = Alignment(vertical="top", wrap_text=True)
        if head:
            cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="E2F0EB")
        if first:
            cell.border = Border(top=_LINE)
        cells.append(cell)
    sheet.append(cells)


def _explain(book: Workbook, t: Texts) -> None:
    sheet = book.create_sheet(t("how_sheet"))
    for letter, width in zip("ABC", (16, 70, 40), strict=True):
        sheet.column_dimensions[letter].width = width
    _append(sheet, [t("how_column"), t("how_what"), t("how_example")], head=True)
    for column in COLUMNS:
        _append(sheet, [heading(t, column), t(f"what_{column}"), t(f"example_{column}")])
    for line in t("how_rules").split("\n"):
        _append(sheet, ["", line])

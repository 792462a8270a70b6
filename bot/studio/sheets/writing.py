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
HOW_WIDTHS = (16, 70, 40)
SHORT = 10
"""Signs of a commit in a file's name."""
_TEXT, _DAY = "@", "yyyy-mm-dd"


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
    sheet = _Sheet(book, t("sheet"), WIDTHS)
    sheet.add([heading(t, column) for column in COLUMNS], "head")
    for topic in topics:
        for number, row in enumerate(_rows(topic, t)):
            sheet.add(row, "body" if number else "first")
    how = _Sheet(book, t("how_sheet"), HOW_WIDTHS)
    how.add([t("how_column"), t("how_what"), t("how_example")], "head")
    for column in COLUMNS:
        how.add([heading(t, column), t(f"what_{column}"), t(f"example_{column}")])
    for line in t("how_rules").split("\n"):
        how.add(["", line])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def name_of(kind: str, commit: str) -> str:
    """What the file is called; the name tells the import from which commit it was made."""
    return "-".join(filter(None, ("guitai-faq", str(validity.today()), commit[:SHORT]))) + f".{kind}"


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


class _Sheet:
    """One sheet of an Excel file, written from the top; its first row stays in sight."""

    def __init__(self, book: Workbook, title: str, widths: Iterable[int]) -> None:
        self._sheet = book.create_sheet(title)
        self._sheet.freeze_panes = "A2"
        for number, width in enumerate(widths, 1):
            self._sheet.column_dimensions[get_column_letter(number)].width = width
        self._styles: dict[tuple[str, str], Any] = {}

    def add(self, row: Iterable[str | date], kind: str = "body") -> None:
        """Add a row: ``head``, ``first`` of a topic, or ``body``."""
        cells = []
        for value in row:
            if isinstance(value, date):
                cell = WriteOnlyCell(self._sheet, value)
                cell._style = self._style(kind, _DAY)
            else:
                cell = WriteOnlyCell(self._sheet, for_excel(harmless(value)))
                # A text, whatever it looks like; and shown as text, what is typed over it stays one too.
                cell.data_type, cell._style = "s", self._style(kind, _TEXT)
            cells.append(cell)
        self._sheet.append(cells)

    def _style(self, kind: str, shown_as: str) -> Any:
        """What a cell looks like. Made once, as openpyxl compares each that is made with all others."""
        if (kind, shown_as) not in self._styles:
            cell = WriteOnlyCell(self._sheet)
            cell.number_format, cell.alignment = shown_as, Alignment(vertical="top", wrap_text=True)
            if kind == "head":
                cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="E2F0EB")
            if kind == "first":
                cell.border = Border(top=Side(style="thin", color="B8C2BD"))
            self._styles[kind, shown_as] = cell._style
        return self._styles[kind, shown_as]

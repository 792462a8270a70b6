"""A sheet that somebody sent, read into rows. It may be anything: nothing of it is trusted."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

import structlog
from openpyxl import load_workbook

from .columns import COLUMNS, Column, as_meant, column_named, from_excel

LARGEST = 8 * 1024 * 1024
"""Bytes of a file."""
UNPACKED = 48 * 1024 * 1024
"""Bytes of all that an .xlsx holds."""
PARTS = 200
"""Files in an .xlsx."""
ROWS = 30_000
"""Rows with something in them."""
WIDE = 40
"""Columns that are looked at."""
HEAD = 10
"""Rows among which the headings are looked for."""
LAST = 1_048_576
"""The last row that Excel knows."""
NEEDED: Column = "topic"
DAYS: tuple[Column, ...] = ("since", "until")
TOLD: tuple[Column, ...] = ("question", "answer")
"""One of these must be there, or the sheet says nothing."""

log = structlog.get_logger()

_NAMED = re.compile(r"guitai-faq-\d{4}-\d{2}-\d{2}-([0-9a-f]{10})")
_FROM = re.compile(r"guitai:([0-9a-f]{40})")


@dataclass(frozen=True)
class Fault:
    """What is wrong in one place of the sheet, and keeps all of it from being written."""

    row: int | None
    """As Excel counts; None: it is about the file."""
    column: Column | None
    why: str
    """Its sentence is ``fault_WHY``."""
    values: dict[str, object] = field(default_factory=dict)
    more: tuple["Fault", ...] = ()
    """What else is wrong in the same place."""


@dataclass(frozen=True)
class Row:
    """A row with something in it."""

    number: int
    cells: dict[Column, str]
    """Without those that are empty."""
    wrong: set[Column] = field(default_factory=set)
    """Cells whose text is not known; each is told."""


@dataclass
class Table:
    """What was read."""

    rows: list[Row] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    """Headings of columns that mean nothing here."""
    made_from: str | None = None
    """The commit that the sheet says it was made from, or how that begins."""
    faults: list[Fault] = field(default_factory=list)


class _Unusable(Exception):
    """Nothing of the file can be read."""

    def __init__(self, why: str, row: int | None = None, **values: object) -> None:
        super().__init__(why)
        self.fault = Fault(row, None, why, values)


@dataclass(frozen=True)
class _Wrong:
    """A cell whose text is not known."""

    why: str


class _Day(str):
    """The text of a cell that Excel holds as a day."""


_Cells = Sequence[str | _Wrong]


def read(content: bytes, name: str = "") -> Table:
    """What the file holds; a file that cannot be read is a table with the reason.

    Args:
        name: the file's name, which may tell from which commit it was made.
    """
    named = _NAMED.search(name)
    table = Table(made_from=named[1] if named else None)
    try:
        if len(content) > LARGEST:
            raise _Unusable("too_large", most=LARGEST >> 20)
        if content.startswith(b"PK"):
            _from_xlsx(table, content)
        else:
            _from_rows(table, _csv(content))
    except _Unusable as why:
        # What was read before is of no use without the rest.
        table.rows, table.columns = [], []
        table.faults.append(why.fault)
    return table


# ---- rows ----


def _from_rows(table: Table, rows: Iterable[_Cells]) -> None:
    """Find the headings, and read what stands below them.

    Raises:
        _Unusable: there are none, or too many rows.
    """
    places: dict[int, Column] = {}
    for number, cells in enumerate(rows, 1):
        if not any(cells):
            continue
        if not places:
            places = _headings(table, cells, number)
            if not places and number >= HEAD:
                break
            continue
        row = Row(number, {})
        for place, column in places.items():
            cell = cells[place] if place < len(cells) else ""
            if isinstance(cell, _Day) and column not in DAYS:
                # What was typed, as “11/11”, is no longer known.
                cell = _Wrong("became_day")
            if isinstance(cell, _Wrong):
                table.faults.append(Fault(number, column, cell.why))
                row.wrong.add(column)
            elif cell.strip():
                row.cells[column] = as_meant(cell)
        if row.cells or row.wrong:
            table.rows.append(row)
        if len(table.rows) > ROWS:
            raise _Unusable("too_many_rows", most=ROWS)
    if not places:
        raise _Unusable("no_headings")


def _headings(table: Table, cells: _Cells, number: int) -> dict[int, Column]:
    found: dict[int, Column] = {}
    unread, twice = list[str](), list[Column]()
    for place, cell in enumerate(cells):
        if isinstance(cell, str) and cell.strip():
            column = column_named(cell)
            if column is None:
                unread.append(" ".join(cell.split())[:20])
            elif column in found.values():
                twice.append(column)
            else:
                found[place] = column
    # A title may stand above the headings.
    if NEEDED not in found.values():
        return {}
    table.faults += [Fault(number, column, "heading_twice") for column in twice]
    if not set(TOLD) & set(found.values()):
        table.faults.append(Fault(number, None, "nothing_told"))
    table.columns, table.unread = [each for each in COLUMNS if each in found.values()], unread
    return found


# ---- CSV ----


def _csv(content: bytes) -> Iterator[_Cells]:
    text = _decoded(content)
    if text.lstrip().startswith("<") or "\0" in text:
        raise _Unusable("no_sheet")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    number = 1
    try:
        for cells in reader:
            yield cells[:WIDE]
            number += 1
    except csv.Error:
        raise _Unusable("quotes", number) from None


def _decoded(content: bytes) -> str:
    """The text of a CSV file as Excel, WPS and others save it: UTF-8, UTF-16 with a mark, or GB18030."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif content.startswith(b"\xef\xbb\xbf"):
        encodings = ["utf-8-sig"]
    else:
        encodings = ["utf-8", "gb18030"]
    row = None
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as error:
            row = content.count(b"\n", 0, error.start) + 1
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise _Unusable("old_excel")
    if b"\0" in content:
        raise _Unusable("no_sheet")
    raise _Unusable("encoding", row)


def _delimiter(text: str) -> str:
    """The sign between cells: the one that makes most headings known."""
    lines = text[:10_000].splitlines()[:HEAD]

    def known(sign: str) -> int:
        return max(
            sum(column_named(each.strip('"')) is not None for each in line.split(sign)) for line in lines
        )

    return max(",;\t", key=known) if lines else ","


# ---- Excel ----


def _from_xlsx(table: Table, content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
        # Nothing unpacks to more than is said here.
        if len(parts) > PARTS or sum(part.file_size for part in parts) > UNPACKED:
            raise _Unusable("unpacked", most=UNPACKED >> 20)
        book = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        made_from = _FROM.search(str(book.properties.keywords or ""))
        if made_from:
            table.made_from = made_from[1]
        sheets = list(book.worksheets)
        for sheet in sheets:
            # What the file says of its size may be wrong.
            sheet.reset_dimensions()
            try:
                return _from_rows(table, _excel_rows(sheet))
            except _Unusable as why:
                if why.fault.why != "no_headings":
                    raise
        raise _Unusable("no_headings")
    except _Unusable:
        raise
    except Exception as error:  # a file made by hand makes the reader fail in any way
        log.info("sheet-not-read", error=type(error).__name__)
        raise _Unusable("broken") from error


def _excel_rows(sheet: Any) -> Iterator[_Cells]:
    nothing = None
    for number, cells in enumerate(sheet.iter_rows(max_col=WIDE), 1):
        if number > LAST:
            return
        # Of rows that are left out, there may be a million, all one object.
        shown = [] if cells is nothing else [_shown(cell) for cell in cells]
        if not any(shown):
            nothing = cells
        yield shown


def _shown(cell: Any) -> str | _Wrong:
    """A cell's text as its clerk sees it."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        return _Wrong("formula")
    if cell.data_type == "e":
        return _Wrong("error_cell")
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    if isinstance(value, date):
        return _Day(value.isoformat())
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    return from_excel(str(value))

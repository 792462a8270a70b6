"""What ``bot studio figures`` prints."""

import json
import unicodedata
from datetime import date, timedelta
from enum import Enum

from sqlalchemy.exc import SQLAlchemyError

from bot.conversations.database import connect
from bot.conversations.steps import now
from bot.conversations.store import Store
from bot.insights import figures, gathering, periods
from bot.insights.figures import Report
from bot.settings import Settings
from bot.staff import Accounts

from .figures import TEXTS, Words, as_data, report_csv


class As(Enum):
    """How figures are written."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


class CannotTell(Exception):
    """The figures cannot be told; the text says why."""


def printed(settings: Settings, first: date | None, last: date | None, how: As) -> str:
    """The figures of these days of the shop, the log's newest included. Raises CannotTell."""
    at = now()
    to = periods.day(at) if last is None else date(last.year, last.month, last.day)
    since = to - timedelta(days=6) if first is None else date(first.year, first.month, first.day)
    try:
        period = periods.of_days(since, to)
    except periods.WrongPeriod:
        raise CannotTell("The end must not lie before the beginning; two years at most.") from None
    engine = connect(settings.database)
    try:
        store = Store(engine)
        gathering.gather(store)
        report = figures.report(store, period, at)
        agents = {account.id: account.display_name for account in Accounts(engine).listed()}
    except SQLAlchemyError as error:
        raise CannotTell(
            f"The database cannot be read ({type(error).__name__}); see `bot migrate`."
        ) from None
    finally:
        engine.dispose()
    if how is As.JSON:
        return json.dumps(as_data(report), ensure_ascii=False, indent=2) + "\n"
    return report_csv(report) if how is As.CSV else _text(report, Words(TEXTS["en"], agents))


def _text(report: Report, words: Words) -> str:
    t = TEXTS["en"]
    lines = [t("period", first=report.period.first, last=report.period.last), ""]
    for card in report.cards:
        few = f"  {t('small', n=card.now.of)}" if card.now.small else ""
        change = f"  {words.change(card)}" if words.change(card) else ""
        before = t("before", value=words.number(card.before))
        lines.append(
            f"{_wide(t(f'card_{card.name}'), 32)}{words.number(card.now):>12}   {before}{change}{few}"
        )
    for table in report.tables.values():
        if table.rows:
            heads = [t(f"column_{column}") for column in table.columns]
            lines += ["", t(f"table_{table.name}"), _row(heads)]
        for first, *rest in table.rows:
            name = words.name(table.columns[0], str(first.value))
            lines.append(_row([name, *map(words.number, rest)]))
    return "".join(f"{line}\n" for line in lines)


def _row(cells: list[str]) -> str:
    return _wide(cells[0], 32) + "".join(f"{cell:>14}" for cell in cells[1:])


def _wide(text: str, columns: int) -> str:
    """On one line, cut and filled up to so many columns of a terminal, of which a Chinese sign takes two."""
    shown, width = "", 0
    for sign in text:
        # What shoppers wrote must not steer the terminal.
        sign = " " if unicodedata.category(sign).startswith("C") else sign
        wide = 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        if width + wide >= columns:
            break
        shown, width = shown + sign, width + wide
    return shown + " " * (columns - width)

"""The figures of the log: cards, charts and tables of a period, and the conversations behind each number."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import nicegui
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse, HTMLResponse
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations import audits, ownership
from bot.conversations.steps import now
from bot.insights import figures, gathering, lists, periods
from bot.insights.figures import SMALL, Cell, Report
from bot.insights.lists import AT_ONCE, EVERY
from bot.insights.numbers import Selection
from bot.insights.periods import Period, WrongPeriod
from bot.problems import Problem
from bot.staff.texts import Texts
from bot.studio.figures import Words, table_csv
from bot.studio.knowledge import usage
from bot.studio.services import Services

from .shell import Admin, page, said

HERE = "/studio/figures"
RANGES = ("today", "7", "30", "month")
USUAL = "7"
BEHIND = timedelta(minutes=5)
PAGES = 10_000
NUMBER = 2**31 - 1
# The library of charts, as it comes with NiceGUI.
CHARTS = Path(nicegui.__file__).parent / "elements" / "echart" / "dist"
# Which figures each chart draws, day by day.
BARS, LINES = ("strict", "returned", "handed_over", "unanswered"), ("strict", "answered", "handed_over")

Text = Annotated[str | None, Query(max_length=128, pattern=r"^[^\x00]*$")]
Number = Annotated[int | None, Query(ge=0, le=NUMBER)]
Day = Annotated[str | None, Query(max_length=10)]


@dataclass(frozen=True)
class Range:
    """The period that a page shows, and how its address says so."""

    period: Period
    name: str | None
    wrong: bool = False

    def address(self, path: str = "", **more: object) -> str:
        given = {"from": self.period.first, "to": self.period.last, **more}
        return f"{HERE}{path}?{urlencode({k: v for k, v in given.items() if v is not None})}"


def create_router(services: Services) -> APIRouter:
    """``/studio/figures``."""
    router = APIRouter(prefix=HERE)
    store = services.store

    def words(t: Texts) -> Words:
        return Words(t, {account.id: account.display_name for account in services.accounts.listed()})

    @router.get("")
    def show(
        request: Request,
        staff: Admin,
        range: Text = None,
        first: Annotated[Day, Query(alias="from")] = None,
        last: Annotated[Day, Query(alias="to")] = None,
    ) -> HTMLResponse:
        chosen = _range(range, first, last)
        status = 400 if chosen.wrong else 200
        try:
            report = figures.report(store, chosen.period, now())
            until, named = gathering.until(store), words(said(request, "figures"))
        except SQLAlchemyError:
            return page(request, staff, "figures", 503, report=None, **_frame(chosen))
        return page(
            request,
            staff,
            "figures",
            status,
            report=report,
            words=named,
            until=until.isoformat(),
            behind=now() - until > BEHIND,
            small=SMALL,
            charts=_charts(report, chosen, said(request, "figures")),
            link=_link(chosen),
            goes_on=report.period.end > now(),
            **_frame(chosen),
        )

    @router.get("/conversations")
    def conversations(
        request: Request,
        staff: Admin,
        figure: Annotated[str, Query(max_length=32)],
        first: Annotated[Day, Query(alias="from")] = None,
        last: Annotated[Day, Query(alias="to")] = None,
        before: bool = False,
        day: Day = None,
        reason: Text = None,
        intent: Text = None,
        wording: Text = None,
        queue: Text = None,
        agent: Number = None,
        by: Text = None,
        score: Number = None,
        why: Text = None,
        number: Annotated[int, Query(alias="page", ge=1, le=PAGES)] = 1,
    ) -> HTMLResponse:
        chosen = _right(_range(None, first, last))
        selection = Selection(figure, day, reason, intent, wording, queue, agent, by, score)
        period, t = chosen.period.before(now()) if before else chosen.period, said(request, "figures")
        try:
            also = usage.failing(selection, why) if why else EVERY
            count = lists.count(store, selection, period, now(), also)
            lines = lists.listed(store, selection, period, now(), number - 1, also)
            # What it is narrowed to may be a shopper's words: that is not kept.
            days = {"first": period.first.isoformat(), "last": period.last.isoformat()}
            services.views.note(staff, "view_list", figure=figure, number=number, **days)
        except KeyError:
            raise Problem(
                404, "no-figure", "There is no such figure; open one from /studio/figures."
            ) from None
        except SQLAlchemyError:
            return page(request, staff, "figures", 503, report=None, **_frame(chosen))
        more = {"figure": figure, **selection.parts, **({"before": 1} if before else {})}
        more |= {"why": why} if why else {}
        named = words(t)
        heading = " · ".join([_heading(selection, named, t), *([t(f"why_{why}")] if why else [])])
        return page(
            request,
            staff,
            "figures",
            lines=lines,
            count=count,
            heading=heading,
            number=number,
            pages=max(1, -(-count // AT_ONCE)),
            turn=lambda to: chosen.address("/conversations", **more, page=to),
            shown=period,
            back=chosen.address(),
            words=named,
            **_frame(chosen),
        )

    @router.get("/{table}.csv")
    def download(
        request: Request,
        staff: Admin,
        table: str,
        first: Annotated[Day, Query(alias="from")] = None,
        last: Annotated[Day, Query(alias="to")] = None,
    ) -> Response:
        chosen, t = _right(_range(None, first, last)), said(request, "figures")
        found = figures.report(store, chosen.period, now()).tables.get(table)
        if found is None:
            raise Problem(404, "no-table", "There is no such table; open one from /studio/figures.")
        days = {"first": chosen.period.first.isoformat(), "last": chosen.period.last.isoformat()}
        audits.note(store, ownership.agent(staff.id), "figures_export", table=table, **days)
        name = f"guitai-{table}-{chosen.period.first}-{chosen.period.last}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(table_csv(found, words(t), t), media_type="text/csv; charset=utf-8", headers=headers)

    @router.get("/charts/{name}")
    def library(staff: Admin, name: str) -> FileResponse:
        if name not in {path.name for path in CHARTS.glob("*.js")}:
            raise Problem(404, "not-found", "There is no such file.")
        # Its name changes with its content, but for index.js, which names the others.
        lasts = 60 if name == "index.js" else 30 * 86400
        return FileResponse(
            CHARTS / name,
            headers={"Cache-Control": f"private, max-age={lasts}"},
            media_type="text/javascript",
        )

    return router


def _range(name: str | None, first: str | None, last: str | None) -> Range:
    usual = periods.named(USUAL, now())
    assert usual is not None  # noqa: S101
    if first is None and last is None:
        named = periods.named(name or USUAL, now())
        return Range(named or usual, name or USUAL if named else USUAL)
    try:
        chosen = periods.of_days(date.fromisoformat(first or ""), date.fromisoformat(last or ""))
    except (WrongPeriod, ValueError):
        return Range(usual, None, wrong=True)
    return Range(chosen, next((name for name in RANGES if periods.named(name, now()) == chosen), None))


def _right(chosen: Range) -> Range:
    if chosen.wrong:
        detail = "Give the first and the last day as from=2026-11-01&to=2026-11-30, two years at most."
        raise Problem(400, "wrong-period", detail)
    return chosen


def _frame(chosen: Range) -> dict[str, Any]:
    return {
        "ranges": [(name, f"{HERE}?range={name}") for name in RANGES],
        "chosen": chosen,
        "first": chosen.period.first.isoformat(),
        "last": chosen.period.last.isoformat(),
    }


def _link(chosen: Range) -> Callable[..., str | None]:
    """Where a number leads, of this period or the one before."""

    def link(cell: Cell, before: bool = False) -> str | None:
        if cell.selection is None or not cell.value:
            return None
        more = {"figure": cell.selection.figure, **cell.selection.parts, "before": 1 if before else None}
        return chosen.address("/conversations", **more)

    return link


def _charts(report: Report, chosen: Range, t: Texts) -> dict[str, Any]:
    """What the browser draws (figures.js)."""
    days = report.tables["days"]
    columns = {name: [row[at].value for row in days.rows] for at, name in enumerate(days.columns)}
    columns["returned"] = [
        int(answered or 0) - int(strict or 0)
        for answered, strict in zip(columns["answered"], columns["strict"], strict=True)
    ]
    shares = {
        name: [
            round(100 * int(part or 0) / int(whole), 1) if whole else None
            for part, whole in zip(columns[name], columns["services"], strict=True)
        ]
        for name in LINES
    }
    said = {**{name: t(f"column_{name}") for name in (*LINES, "unanswered")}, "returned": t("returned")}
    return {
        "days": columns["day"],
        "bars": [{"figure": name, "name": said[name], "values": columns[name]} for name in BARS],
        "lines": [{"figure": name, "name": said[name], "values": shares[name]} for name in LINES],
        "opens": chosen.address("/conversations"),
    }


def _heading(selection: Selection, words: Words, t: Texts) -> str:
    """The figure, and what it is narrowed to."""
    parts = [t(f"figure_{selection.figure}")]
    for name, value in selection.parts.items():
        if name == "score":
            parts.append(t("score", score=value))
        elif name == "by":
            parts.append(words.name("served_by", str(value)) if value in ("bot", "people") else str(value))
        else:
            parts.append(words.name(name, str(value)))
    return " · ".join(parts)

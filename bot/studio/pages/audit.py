"""Who looked at what, and who did what."""

import csv
import io
import json
from datetime import timedelta
from itertools import chain
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations import audits, ownership
from bot.conversations.audits import PAGE, Wanted
from bot.conversations.models import Audit
from bot.conversations.notices import ZONE
from bot.conversations.steps import now
from bot.staff.texts import Texts
from bot.studio.audit.sentences import GROUPS, Sentences
from bot.studio.figures import safe
from bot.studio.services import Services

from .shell import Admin, page, said

HERE = "/studio/audit"
DAYS = ("0", "1", "7", "30")
EXPORTED = 100_000
COLUMNS = ("id", "at", "who", "said", "by", "action", "detail")

Who = Annotated[str, Query(max_length=64, pattern=r"^[^\x00]*$")]
Before = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


def create_router(services: Services) -> APIRouter:
    """``/studio/audit``."""
    router = APIRouter()
    store = services.store

    def sentences(t: Texts) -> Sentences:
        return Sentences(t, services.accounts.display_names())

    @router.get(HERE)
    def show(
        request: Request, staff: Admin, who: Who = "", what: str = "", days: str = "", before: Before = None
    ) -> HTMLResponse:
        chosen = _chosen(who, what, days)
        frame = {"groups": list(GROUPS), "ages": DAYS, "kept": services.settings.audit_days, "here": "people"}
        given = {**chosen, **frame, "address": lambda **more: _address(chosen, **more)}
        try:
            told = sentences(said(request, "audit"))
            rows = audits.found(store, _wanted(chosen), before, PAGE + 1)
            people = _people(services, told, who)
        except SQLAlchemyError:
            return page(request, staff, "audit", 503, failed=True, **given)
        return page(
            request,
            staff,
            "audit",
            lines=[(row, told.who(row.by), told.said(row)) for row in rows[:PAGE]],
            older=rows[PAGE - 1].id if len(rows) > PAGE else None,
            before=before,
            people=people,
            **given,
        )

    @router.get(f"{HERE}.csv")
    def download(request: Request, staff: Admin, who: Who = "", what: str = "", days: str = "") -> Response:
        t = said(request, "audit")
        wanted, told = _wanted(_chosen(who, what, days)), sentences(t)
        # Read once before it is answered: should the database be away, that is said.
        first = audits.found(store, wanted, limit=1)
        audits.note(store, ownership.agent(staff.id), "audit_export")
        rows = audits.all_found(store, wanted, EXPORTED) if first else iter(())
        headers = {"Content-Disposition": f'attachment; filename="guitai-audit-{now():%Y-%m-%d}.csv"'}
        lines = chain([_head(t)], (_line(row, told) for row in rows))
        return StreamingResponse(lines, headers=headers, media_type="text/csv; charset=utf-8")

    return router


def _chosen(who: str, what: str, days: str) -> dict[str, Any]:
    """The filters that the page knows."""
    return {"who": who, "what": what if what in GROUPS else "", "days": days if days in DAYS else "0"}


def _wanted(chosen: dict[str, Any]) -> Wanted:
    days = int(chosen["days"])
    return Wanted(
        by=chosen["who"] or None,
        actions=GROUPS.get(chosen["what"]),
        since=now() - timedelta(days=days) if days else None,
    )


def _address(chosen: dict[str, Any], path: str = "", **more: object) -> str:
    given = {**chosen, **more}
    kept = {name: value for name, value in given.items() if value and (name, value) != ("days", "0")}
    return f"{HERE}{path}?{urlencode(kept)}" if kept else f"{HERE}{path}"


def _people(services: Services, told: Sentences, chosen: str) -> list[tuple[str, str]]:
    """Whom the list may be narrowed to: everybody who has an account, and who else has done something."""
    accounts = {
        ownership.agent(each.account.id): each.account.display_name for each in services.people.listed()
    }
    others = {by: told.who(by).text for by in audits.everybody(services.store) if by not in accounts}
    known = {**accounts, **others}
    if chosen and chosen not in known:
        known[chosen] = told.who(chosen).text
    return list(known.items())


def _head(t: Texts) -> str:
    # The mark of UTF-8, for Excel.
    return "\ufeff" + _row([t(f"column_{name}") for name in COLUMNS])


def _line(row: Audit, told: Sentences) -> str:
    detail = json.dumps(row.detail, ensure_ascii=False, sort_keys=True) if row.detail else ""
    at = f"{row.at.astimezone(ZONE):%Y-%m-%d %H:%M:%S}"
    words = (told.who(row.by).text, told.line(row), row.by, row.action, detail)
    return _row([str(row.id), at, *map(safe, words)])


def _row(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()

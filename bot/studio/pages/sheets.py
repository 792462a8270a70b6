"""The FAQ topics as a sheet: downloaded, sent back, checked, looked at, and written once an admin says so."""

import asyncio
from typing import Annotated, Literal
from urllib.parse import unquote

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from bot.conversations import audits, ownership
from bot.conversations.notices import ZONE
from bot.problems import Problem
from bot.studio import sheets
from bot.studio.files import Author, Trouble, language
from bot.studio.services import Services
from bot.studio.sheets import Options, Plan
from bot.studio.sheets.reading import ROWS

from . import troubles
from .shell import Admin, page, part, said

UPLOADS = ("/studio/knowledge/sheet/check", "/studio/knowledge/sheet/import")
"""The paths whose bodies are files, which the routes read themselves."""
UPLOAD_SECONDS = 120
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
FAULTS, WARNINGS, CHANGES, QUESTIONS = 200, 100, 100, 12
"""As many are shown."""

Commit = Annotated[str, Query(pattern="^[0-9a-f]{40}$")]


def create_router(services: Services) -> APIRouter:
    """``/studio/knowledge/sheet``."""
    router = APIRouter(prefix="/studio/knowledge/sheet")
    files = services.files

    @router.get("")
    def show(request: Request, staff: Admin) -> HTMLResponse:
        try:
            topics = language.topics(files.look())
        except Trouble as why:
            failed = troubles.told(request, why).detail
            return page(request, staff, "sheets", 503, here="knowledge", failed=failed)
        return page(
            request,
            staff,
            "sheets",
            here="knowledge",
            topics=len(topics),
            questions=sum(len(each.questions) for each in topics),
            most=sheets.LARGEST >> 20,
            rows=f"{ROWS:,}",
        )

    @router.get("/faq.{kind}")
    def download(
        request: Request, staff: Admin, kind: Literal["csv", "xlsx"], empty: bool = False
    ) -> Response:
        t = said(request, "sheets")
        try:
            snapshot = files.look()
            topics = [] if empty else language.topics(snapshot)
        except Trouble as why:
            raise troubles.told(request, why) from why
        commit = "" if empty else snapshot.commit
        if not empty:
            audits.note(services.store, ownership.agent(staff.id), "faq_export", commit=commit)
        content = sheets.csv_of(topics, t) if kind == "csv" else sheets.xlsx_of(topics, t, commit)
        headers = {
            "Content-Disposition": f'attachment; filename="{sheets.name_of(kind, commit)}"',
            "Cache-Control": "no-store",
        }
        return Response(content, media_type=TYPES[kind], headers=headers)

    @router.post("/check")
    async def check(
        request: Request, staff: Admin, questions: bool = False, topics: bool = False
    ) -> HTMLResponse:
        """What the file would change, or what is wrong in it, as a part of the page."""
        plan = await _plan(request, Options(questions, topics))
        return _shown(request, plan)

    @router.post("/import")
    async def write(
        request: Request, staff: Admin, at: Commit, questions: bool = False, topics: bool = False
    ) -> HTMLResponse:
        """Write what the file would change since the commit ``at``, which its admin has seen."""
        t = said(request, "sheets")
        plan = await _plan(request, Options(questions, topics), at)
        if plan.faults:
            return _shown(request, plan)
        try:
            summary = sheets.summary(t, plan)
            made = await run_in_threadpool(sheets.make, files, Author.of(staff), summary, plan)
        except Trouble as why:
            raise troubles.told(request, why) from why
        return part(request, "sheets", "sheets_done", commit=made, counts=sheets.counted(t, plan))

    async def _plan(request: Request, options: Options, at: str | None = None) -> Plan:
        content = await _file(request)
        name = unquote(request.headers.get("x-file-name", ""))[:200]
        try:
            return await run_in_threadpool(sheets.compared, files, content, name, options, at)
        except Trouble as why:
            raise troubles.told(request, why) from why

    def _shown(request: Request, plan: Plan) -> HTMLResponse:
        t = said(request, "sheets")
        made = ""
        if plan.made_from and plan.made_from != plan.at:
            made = f"{files.change(plan.made_from).at.astimezone(ZONE):%Y-%m-%d %H:%M}"
        return part(
            request,
            "sheets",
            "sheets_faults" if plan.faults else "sheets_plan",
            plan=plan,
            made=made,
            counts=sheets.counted(t, plan),
            where=lambda each: sheets.place(t, each.row, each.column),
            fault=lambda each: sheets.sentence(t, each),
            channel=lambda name: sheets.channel_name(t, name),
            short=sheets.short,
            shown={"faults": FAULTS, "warnings": WARNINGS, "changes": CHANGES, "questions": QUESTIONS},
        )

    return router


async def _file(request: Request) -> bytes:
    """The body, as far as a file may go; one byte more tells that it went further."""
    data = bytearray()
    try:
        async with asyncio.timeout(UPLOAD_SECONDS):
            async for piece in request.stream():
                data += piece
                if len(data) > sheets.LARGEST:
                    break
    except (TimeoutError, ClientDisconnect):
        raise Problem(408, "incomplete-request", said(request, "sheets")("incomplete")) from None
    return bytes(data)

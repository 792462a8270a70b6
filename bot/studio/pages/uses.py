"""Who uses what: of an intent, an entity, a slot, an answer …, all that speaks of it, with links."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from bot.data_check import folded
from bot.studio.files import Trouble, language, lexicon
from bot.studio.services import Services
from bot.studio.teaching import intents
from bot.studio.uses import KINDS, Kind, uses

from .language import HERE, Asked, Number, failed, paged, show
from .shell import Admin

FIRST: Kind = "slot"


def create_router(services: Services) -> APIRouter:
    """``/studio/language/uses``."""
    router = APIRouter(prefix=f"{HERE}/uses")
    files = services.files

    @router.get("")
    def listed(
        request: Request,
        staff: Admin,
        name: Asked = "",
        q: Asked = "",
        kind: Annotated[Kind | None, Query()] = None,
        number: Number = 1,
    ) -> HTMLResponse:
        try:
            snapshot = files.look()
            used, called = uses(snapshot), intents.titles(snapshot)
            policies = lexicon.policies(snapshot) if lexicon.POLICIES in snapshot.files() else {}
            said = {
                each.name: each.variations[0].text
                for each in language.responses(snapshot).values()
                if each.variations
            }
        except Trouble as why:
            return failed(request, staff, "uses", why)
        # What is beside a name, for people.
        beside = {**said, **policies, **called}
        if name:
            things = used.called(name)
            status = 200 if things else 404
            return show(request, staff, "uses", status, things=things, asked=name, beside=beside)
        chosen = kind or (None if q.strip() else FIRST)
        sought = folded(q) if q.strip() else ""
        counts = {each: used.all(each) for each in KINDS}
        found = [
            thing
            for each in KINDS
            if chosen in (None, each)
            for thing in counts[each]
            if not sought or sought in folded(f"{thing.name} {beside.get(thing.name, '')}")
        ]
        rows, number, pages = paged(found, number)
        return show(
            request,
            staff,
            "uses",
            kinds=[(each, len(counts[each])) for each in KINDS],
            kind=chosen,
            rows=rows,
            found=len(found),
            number=number,
            pages=pages,
            q=q,
            asked="",
            beside=beside,
        )

    return router

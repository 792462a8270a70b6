"""The staff: who is there, who may what, and where each is signed in."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations import ownership
from bot.problems import Problem
from bot.staff.devices import device
from bot.staff.models import Account
from bot.staff.people import ROLES, NotDone
from bot.staff.plain import sentences
from bot.staff.sessions import Role, Staff
from bot.staff.texts import language
from bot.studio.services import Services

from .shell import Admin, page, said

HERE = "/studio/people"
MANY = 12
"""Of so many people one is searched for."""
STATUS = {"unknown": 404, "wrong_name": 422, "wrong_shown": 422}

T = TypeVar("T")
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
_Typed = Annotated[str, Field(max_length=200)]


class NewPerson(BaseModel):
    """Somebody who shall have an account."""

    name: _Typed
    display_name: _Typed
    role: Role


class Change(BaseModel):
    """Shown name and role as they shall be, and as the form had them."""

    display_name: _Typed
    role: Role
    seen_name: _Typed
    seen_role: _Typed


def create_router(services: Services) -> APIRouter:
    """``/studio/people``."""
    router = APIRouter(prefix=HERE)
    people = services.people

    @router.get("")
    def show(request: Request, staff: Admin) -> HTMLResponse:
        try:
            listed = people.listed()
        except SQLAlchemyError:
            return page(request, staff, "people", 503, failed=True)
        return page(request, staff, "people", people=listed, roles=ROLES, many=len(listed) > MANY)

    @router.post("", status_code=201)
    def add(request: Request, staff: Admin, body: NewPerson) -> dict[str, Any]:
        account, password = _done(
            request, lambda: people.add(_by(staff), body.name, body.display_name, body.role)
        )
        return {"id": account.id, **_told(request, account, password)}

    @router.get("/{id}")
    def one(request: Request, staff: Admin, id: Number) -> HTMLResponse:
        try:
            account = people.person(id)
            sign_ins, tokens = people.signed_in(id), people.tokens.of(id)
        except NotDone as why:
            gone = _sentence(request, why)
            return page(request, staff, "people", STATUS[why.why], gone=gone)
        except SQLAlchemyError:
            return page(request, staff, "people", 503, failed=True)
        return page(
            request,
            staff,
            "people",
            one=account,
            own=account.id == staff.id,
            roles=ROLES,
            sign_ins=sign_ins,
            tokens=tokens,
            device=device,
        )

    @router.post("/{id}")
    def change(request: Request, staff: Admin, id: Number, body: Change) -> dict[str, Any]:
        seen = (body.seen_name, body.seen_role)

        def do() -> Account:
            return people.change(_by(staff), id, display_name=body.display_name, role=body.role, seen=seen)

        changed = _done(request, do)
        return {"said": said(request, "people")("changed", name=changed.display_name)}

    @router.post("/{id}/password")
    def renew_password(request: Request, staff: Admin, id: Number) -> dict[str, Any]:
        password = _done(request, lambda: people.renew_password(_by(staff), id))
        return _told(request, people.person(id), password)

    @router.post("/{id}/disable")
    def disable(request: Request, staff: Admin, id: Number) -> dict[str, Any]:
        waiting = _done(request, lambda: people.disable(_by(staff), id))
        return {"said": said(request, "people")("disabled_waiting" if waiting else "disabled", n=waiting)}

    @router.post("/{id}/enable")
    def enable(request: Request, staff: Admin, id: Number) -> dict[str, Any]:
        _done(request, lambda: people.enable(_by(staff), id))
        return {"said": said(request, "people")("enabled")}

    @router.post("/{id}/sign-ins/end")
    def end_all(request: Request, staff: Admin, id: Number) -> dict[str, Any]:
        mine = staff.sign_in if id == staff.id else None
        ended = people.sign_ins.end_all(_by(staff), id, but=mine)
        return {"said": said(request, "people")("ended", n=ended)}

    @router.post("/{id}/sign-ins/{sign_in}/end")
    def end(request: Request, staff: Admin, id: Number, sign_in: Number) -> dict[str, Any]:
        _done(request, lambda: people.end_sign_in(_by(staff), id, sign_in))
        return {"said": said(request, "people")("ended", n=1)}

    @router.post("/{id}/tokens/{token}/revoke")
    def revoke(request: Request, staff: Admin, id: Number, token: Number) -> dict[str, Any]:
        _done(request, lambda: people.revoke_token(_by(staff), id, token))
        return {"said": said(request, "people")("revoked")}

    return router


def _by(staff: Staff) -> str:
    return ownership.agent(staff.id)


def _told(request: Request, account: Account, password: str) -> dict[str, Any]:
    """A password, which is told here and nowhere else."""
    hint = said(request, "people")("password_hint", name=account.display_name)
    return {"name": account.name, "password": password, "hint": hint}


def _done(request: Request, do: Callable[[], T]) -> T:
    """What was done, or why it was not, as a sentence."""
    try:
        return do()
    except NotDone as why:
        status = STATUS.get(why.why, 409)
        raise Problem(status, why.why.replace("_", "-"), _sentence(request, why)) from why


def _sentence(request: Request, why: NotDone) -> str:
    return sentences(language(request))(f"not_{why.why}")

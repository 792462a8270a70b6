"""Everybody's own account: her password, where she is signed in, her API tokens."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Path, Request
from fastapi.responses import RedirectResponse, Response
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from bot.conversations import ownership

from . import passwords
from .devices import device
from .people import NotDone, People
from .plain import page, place, said
from .sessions import Staff, require

HERE = "/account"
# Whoever sits at a browser that was left open must not guess her password.
TRIES = parse("8/10 minutes")
DONE = ("password", "ended", "revoked")

Anybody = Annotated[Staff, Depends(require("agent"))]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Password = Annotated[str, Form(max_length=1000)]


def create_router(people: People, checks: asyncio.Semaphore) -> APIRouter:
    """``/account``; ``checks`` bounds how many passwords are looked at in the same moment."""
    router = APIRouter(prefix=HERE)
    tries = MovingWindowRateLimiter(MemoryStorage())

    def show(request: Request, staff: Staff, status: int = 200, next: str = "", **values: object) -> Response:
        more: dict[str, Any] = {}
        if not staff.must_change:
            more = {"sign_ins": people.signed_in(staff.id), "tokens": people.tokens.of(staff.id)}
        return page(
            request,
            "account.html",
            status,
            staff=staff,
            device=device,
            shortest=passwords.SHORTEST,
            next=place(next),
            **more,
            **values,
        )

    @router.get("")
    def account(request: Request, staff: Anybody, next: str = "", done: str = "") -> Response:
        return show(request, staff, next=next, done=done if done in DONE else "")

    @router.post("/password")
    async def choose(
        request: Request,
        staff: Anybody,
        old: Password = "",
        new: Password = "",
        again: Password = "",
        next: Annotated[str, Form(max_length=1000)] = "",
    ) -> Response:
        async def failed(key: str, status: int) -> Response:
            return await asyncio.to_thread(
                show, request, staff, status, next, error=said(request)(key, shortest=passwords.SHORTEST)
            )

        if new != again:
            return await failed("not_again", 422)
        if not tries.hit(TRIES, str(staff.id)):
            return await failed("too_many", 429)
        try:
            async with checks:
                await asyncio.to_thread(people.choose_password, staff.id, old, new, staff.sign_in)
        except NotDone as why:
            if why.why != "wrong_password":
                tries.clear(TRIES, str(staff.id))
            return await failed(f"not_{why.why}", 403 if why.why == "wrong_password" else 422)
        tries.clear(TRIES, str(staff.id))
        return RedirectResponse(place(next) if staff.must_change else f"{HERE}?done=password", 303)

    def did(do: Callable[[], object], done: str) -> Response:
        with suppress(NotDone):  # it has ended already, which is what was wanted
            do()
        return RedirectResponse(f"{HERE}?done={done}", 303)

    @router.post("/sign-ins/end-others")
    def end_others(staff: Anybody) -> Response:
        by = ownership.agent(staff.id)
        return did(lambda: people.sign_ins.end_all(by, staff.id, but=staff.sign_in), "ended")

    @router.post("/sign-ins/{id}/end")
    def end(staff: Anybody, id: Number) -> Response:
        return did(lambda: people.end_sign_in(ownership.agent(staff.id), staff.id, id), "ended")

    @router.post("/tokens/{id}/revoke")
    def revoke(staff: Anybody, id: Number) -> Response:
        return did(lambda: people.revoke_token(ownership.agent(staff.id), staff.id, id), "revoked")

    return router

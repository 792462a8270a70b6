"""The addresses that WeChat calls."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse

from bot.problems import Problem

from . import bodies, callbacks, inbound
from .accounts import Account
from .bodies import Unreadable
from .callbacks import NO_REPLY, Refused
from .connector import Connector
from .pulling import Puller

BODY_SECONDS = 4

log = structlog.get_logger()


def create_router(
    accounts: Mapping[str, Account], connectors: Mapping[str, Connector], pullers: Mapping[str, Puller]
) -> APIRouter:
    """``/wechat/NAME`` of each account; ``pullers``: of those whose messages are pulled."""
    router = APIRouter(prefix="/wechat", include_in_schema=False)
    keys = {name: account.keys() for name, account in accounts.items()}

    def known(name: str) -> callbacks.Keys:
        if name not in keys:
            raise Problem(404, "unknown-account", "There is no such account here.")
        return keys[name]

    @router.get("/{name}")
    async def check(name: str, request: Request) -> PlainTextResponse:
        try:
            check = callbacks.check_encrypted_address if name in pullers else callbacks.check_address
            echo = check(known(name), request.query_params, datetime.now(UTC))
        except Refused as error:
            raise _refused(name, error) from None
        # Whatever it says, no browser is to take it for a page.
        return PlainTextResponse(echo, headers={"X-Content-Type-Options": "nosniff"})

    @router.post("/{name}")
    async def receive(name: str, request: Request) -> PlainTextResponse:
        body = await _body(request)
        now = datetime.now(UTC)
        try:
            callback = callbacks.open_callback(known(name), request.query_params, body, now)
            if name in pullers:
                await pullers[name].called(callback.fields)
                return PlainTextResponse(NO_REPLY)
            message = inbound.message(callback.fields)
        except Refused as error:
            raise _refused(name, error) from None
        except Unreadable as error:
            # WeChat would send it again, and tell the shopper that the account is out of order.
            log.warning("wechat.unreadable", account=name, why=str(error))
            return PlainTextResponse(NO_REPLY)
        reply = await connectors[name].answer(callback, message)
        if reply is None:
            return PlainTextResponse(NO_REPLY)
        closed = callbacks.close_reply(keys[name], callback, reply, datetime.now(UTC))
        return PlainTextResponse(
            closed, media_type="application/xml" if callback.format == "xml" else "application/json"
        )

    return router


async def _body(request: Request) -> bytes:
    """The body, read only as far as it is allowed to go."""
    data = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in request.stream():
                data += piece
                if len(data) > bodies.LARGEST:
                    raise Problem(413, "too-large", f"Send at most {bodies.LARGEST} bytes.")
    except TimeoutError:
        raise Problem(408, "incomplete-request", "The message did not arrive.") from None
    return bytes(data)


def _refused(name: str, error: Refused) -> Problem:
    log.warning("wechat.refused", account=name, why=str(error))
    return Problem(403, "not-wechat", str(error))

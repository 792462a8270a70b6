"""Calls to WeChat's servers for one account.

Source: https://developers.weixin.qq.com/doc/subscription/api/customer/message/api_sendcustommessage.html and
the pages beside it.
"""

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import httpx
import structlog

from .kinds import BASE
from .outcomes import Kind, Outcome, of_code
from .tokens import NoToken, Shelf, Token, Tokens

TIMEOUT = httpx.Timeout(5.0, connect=2.0)  # seconds
TRIES = 3
PAUSE = 0.3  # seconds before the second try; each further one waits twice as long
LARGEST_MEDIA = 10 * 1024 * 1024  # bytes

log = structlog.get_logger()

Message = dict[str, Any]


class NoMedia(Exception):
    """The picture cannot be had: it is too old, too large, or WeChat does not answer."""


class Api:
    """One account's calls; each has a timeout, and none raises for what WeChat answers.

    Args:
        http: shared by all accounts; its logs would show tokens, which stand in the addresses.
        base: the address of WeChat's servers, or of the simulator.
        shelf: where the access token is kept for all processes.
    """

    _codes: ClassVar[Mapping[int, Kind]] = {}
    """What error codes mean here that mean something else, or nothing, elsewhere."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        account: str,
        app_id: str,
        secret: str,
        shelf: Shelf,
        base: str = BASE,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._http, self._base, self._clock = http, base.rstrip("/"), clock
        self._account, self._app_id, self._secret = account, app_id, secret
        self._tokens = Tokens(account, shelf, self._fetch_token, clock)

    # -- what is sent to a shopper -------------------------------------------------------------------------

    async def send(self, openid: str, message: Message, id: str = "") -> Outcome:
        """Send a customer-service message, as the functions below build it.

        ``id``: the same with each try, for those who know by it what they have already (``Ways.knows_ids``).
        """
        return await self._call("/cgi-bin/message/custom/send", {"touser": openid, **message})

    async def typing(self, openid: str, goes_on: bool) -> Outcome:
        """Show or take away 「对方正在输入」."""
        command = "Typing" if goes_on else "CancelTyping"
        return await self._call("/cgi-bin/message/custom/typing", {"touser": openid, "command": command})

    async def notify(self, openid: str, template: str, data: dict[str, str], url: str | None) -> Outcome:
        """Send a template message; ``data``: its keywords, such as ``{"thing1": "…"}``."""
        body: Message = {
            "touser": openid,
            "template_id": template,
            "data": {name: {"value": value} for name, value in data.items()},
        }
        return await self._call("/cgi-bin/message/template/send", body | ({"url": url} if url else {}))

    async def set_menu(self, buttons: Sequence[Message]) -> Outcome:
        """Put this menu under the account's chat, as ``own_menu`` builds it."""
        return await self._call("/cgi-bin/menu/create", {"button": list(buttons)})

    # -- media ---------------------------------------------------------------------------------------------

    async def media(self, media_id: str) -> bytes:
        """Return the bytes of what a shopper sent; WeChat keeps them for three days. Raises NoMedia."""
        answered: list[bytes] = []

        async def fetch(token: str) -> Outcome:
            address = f"{self._base}/cgi-bin/media/get"
            query = {"access_token": token, "media_id": media_id}
            async with self._http.stream("GET", address, params=query, timeout=TIMEOUT) as response:
                data = bytearray()
                async for chunk in response.aiter_bytes():
                    data += chunk
                    if len(data) > LARGEST_MEDIA:
                        return Outcome(Kind.REFUSED)
                if "json" in response.headers.get("content-type", "") or data[:1] == b"{":
                    return self._read(httpx.Response(response.status_code, content=bytes(data)))[0]
                if response.status_code != 200 or not data:
                    return Outcome(Kind.BUSY)
                answered.append(bytes(data))
                return Outcome(Kind.OK, 0)

        outcome = await self._tried(fetch)
        if not outcome.ok or not answered:
            raise NoMedia(outcome.kind)
        return answered[-1]

    async def upload(self, image: bytes, name: str) -> tuple[Outcome, str]:
        """Return what became of a picture that is to be sent, and its media id if all went well."""
        found: list[str] = []

        async def post(token: str) -> Outcome:
            response = await self._http.post(
                f"{self._base}/cgi-bin/media/upload",
                params={"access_token": token, "type": "image"},
                files={"media": (name, image)},
                timeout=TIMEOUT,
            )
            outcome, answer = self._read(response)
            if outcome.ok and isinstance(answer.get("media_id"), str):
                found.append(answer["media_id"])
            elif outcome.ok:
                return Outcome(Kind.BUSY)
            return outcome

        outcome = await self._tried(post)
        return outcome, found[-1] if found else ""

    # -- how calls are made --------------------------------------------------------------------------------

    async def _call(self, path: str, body: Message) -> Outcome:
        return (await self._ask(path, body))[0]

    async def _ask(self, path: str, body: Message) -> tuple[Outcome, Message]:
        """What a call came to, and what it was answered."""
        answers: list[Message] = [{}]

        async def post(token: str) -> Outcome:
            response = await self._http.post(
                self._base + path, params={"access_token": token}, json=body, timeout=TIMEOUT
            )
            outcome, answer = self._read(response)
            answers.append(answer)
            return outcome

        return await self._tried(post), answers[-1]

    async def _tried(self, call: Callable[[str], Awaitable[Outcome]]) -> Outcome:
        """Make the call: again while WeChat is busy, once with another token where it refuses this one."""
        renewed = False
        for attempt in range(1, TRIES + 1):
            try:
                token = await self._tokens.current()
                outcome = await _carried(call, token)
                if outcome.kind is Kind.BAD_TOKEN and not renewed:
                    renewed = True
                    outcome = await _carried(call, await self._tokens.instead_of(token))
            except NoToken as error:
                log.error("wechat.no_token", account=self._account, why=str(error))
                return Outcome(Kind.NO_TOKEN)
            if outcome.kind is not Kind.BUSY or attempt == TRIES:
                break
            await asyncio.sleep(PAUSE * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))  # noqa: S311
        if not outcome.ok:
            log.warning("wechat.call_failed", account=self._account, kind=outcome.kind, code=outcome.code)
        return outcome

    async def _fetch_token(self, by_force: bool) -> Token:
        try:
            response = await self._ask_for_token(by_force)
        except httpx.HTTPError as error:
            raise NoToken(f"WeChat does not answer: {type(error).__name__}.") from None
        outcome, answer = self._read(response)
        value, seconds = answer.get("access_token"), answer.get("expires_in")
        if not outcome.ok or not isinstance(value, str) or not value or not isinstance(seconds, int):
            raise NoToken(f"WeChat gives none (errcode {outcome.code}).")
        return Token(value, self._clock() + timedelta(seconds=seconds))

    async def _ask_for_token(self, by_force: bool) -> httpx.Response:
        asked = {
            "grant_type": "client_credential",
            "appid": self._app_id,
            "secret": self._secret,
            "force_refresh": by_force,
        }
        return await self._http.post(self._base + "/cgi-bin/stable_token", json=asked, timeout=TIMEOUT)

    def _read(self, response: httpx.Response) -> tuple[Outcome, Message]:
        outcome, answer = _answer(response)
        kind = self._codes.get(outcome.code or 0) if response.status_code < 500 else None
        return (Outcome(kind, outcome.code) if kind else outcome), answer


async def _carried(call: Callable[[str], Awaitable[Outcome]], token: Token) -> Outcome:
    try:
        return await call(token.value)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
        return Outcome(Kind.BUSY)  # it never left
    except httpx.HTTPError:
        return Outcome(Kind.UNSURE)


def _answer(response: httpx.Response) -> tuple[Outcome, dict[str, Any]]:
    """What a call came to: an answer that is no JSON is a gateway's, which passed nothing on."""
    try:
        answer = response.json()
        code = int(answer.get("errcode", 0))
    except (ValueError, TypeError, AttributeError):
        return Outcome(Kind.BUSY), {}
    return (of_code(code) if response.status_code < 500 else Outcome(Kind.BUSY, code)), answer


def text(content: str) -> Message:
    """A text message of at most ``texts.LARGEST`` bytes."""
    return {"msgtype": "text", "text": {"content": content}}


def image(media_id: str) -> Message:
    return {"msgtype": "image", "image": {"media_id": media_id}}


def menu(head: str, items: Sequence[tuple[str, str]], tail: str = "") -> Message:
    """Buttons under a text: pairs of an opaque id and what the shopper reads."""
    listed = [{"id": id, "content": content} for id, content in items]
    return {"msgtype": "msgmenu", "msgmenu": {"head_content": head, "list": listed, "tail_content": tail}}


def once(*parts: str | int) -> str:
    """An id by which a message is known however often it is sent: the same for the same ``parts``."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:32]

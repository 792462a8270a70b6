"""One call to a receiver, signed after the Standard Webhooks specification."""

import base64
import hashlib
import hmac
import json
import socket
import time
from types import TracebackType

import aiohttp
from aiohttp.abc import ResolveResult

from .deliveries import Due
from .endpoints import check, is_public, key

TRY_SECONDS = 10.0
AGENT = "Guitai-Webhooks"


class NotDelivered(Exception):
    """The receiver did not take it; ``seconds``: how long it wants to be left alone, ``gone``: for ever."""

    def __init__(self, why: str, seconds: float | None = None, gone: bool = False) -> None:
        super().__init__(why)
        self.seconds, self.gone = seconds, gone


class Sender:
    """Makes the calls; to be entered within a running event loop. ``installation``: the secret of all."""

    def __init__(self, installation: str) -> None:
        self._installation = installation

    async def __aenter__(self) -> "Sender":
        self._inside = _session(aiohttp.ThreadedResolver())
        self._outside = _session(_Public())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._inside.close()
        await self._outside.close()

    async def send(self, due: Due) -> None:
        """Raises NotDelivered."""
        webhook = due.webhook
        body = json.dumps(
            {"type": due.event, "timestamp": due.at.isoformat(), "data": due.data}, ensure_ascii=False
        ).encode()
        http = self._inside if webhook.internal else self._outside
        headers = signed(key(self._installation, webhook), due.source, int(time.time()), body)
        try:
            check(webhook.url, webhook.internal)
            async with http.post(webhook.url, data=body, headers=headers, allow_redirects=False) as answer:
                if not answer.content.is_eof():
                    answer.close()  # what the receiver says beside its status is not read
                _judge(answer)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise NotDelivered(type(error).__name__) from None


def signed(key: bytes, id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The call's headers; ``timestamp`` in Unix seconds."""
    signature = hmac.digest(key, f"{id}.{timestamp}.".encode() + body, hashlib.sha256)
    return {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }


def _judge(answer: aiohttp.ClientResponse) -> None:
    if 200 <= answer.status < 300:
        return
    after = answer.headers.get("retry-after", "")
    seconds = float(after) if after.isascii() and after.isdecimal() and len(after) < 7 else None
    raise NotDelivered(f"status {answer.status}", seconds, gone=answer.status == 410)


def _session(resolver: aiohttp.abc.AbstractResolver) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=resolver, ttl_dns_cache=60),
        timeout=aiohttp.ClientTimeout(total=TRY_SECONDS),
        headers={"User-Agent": AGENT},
        cookie_jar=aiohttp.DummyCookieJar(),
    )


class _Public(aiohttp.ThreadedResolver):
    """Finds no address of this machine or its networks, whatever a name server says."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await super().resolve(host, port, family)
        if not all(is_public(each["host"]) for each in found):
            raise OSError("The address lies within a network of one's own")
        return found

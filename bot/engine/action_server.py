"""The action server as the engine calls it: over connections that stay open, with the domain on demand."""

from __future__ import annotations

import hashlib
from contextvars import ContextVar
from typing import Any

import aiohttp
import ujson
from rasa.shared.core.domain import Domain
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

# rasa-sdk: "send the domain, too".
_WANTS_DOMAIN = 449

calls_failed: ContextVar[list[Exception]] = ContextVar("calls_failed")


class ActionServer:
    """Stands for the ``action_endpoint`` of endpoints.yml.

    A call that failed is noted in ``calls_failed``, where the turn it belongs to asks for that.
    """

    def __init__(self, endpoint: EndpointConfig, domain: Domain) -> None:
        self._endpoint = endpoint
        self._domain = domain.as_dict()
        self._digest = hashlib.sha256(_json(self._domain)).hexdigest()
        self._opened: aiohttp.ClientSession | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._endpoint, name)

    async def request(self, *, json: dict[str, Any], timeout: float, **_: Any) -> Any:
        """Call an action with the request ``json``, within ``timeout`` seconds.

        Raises:
            ClientResponseError: the answer's status is 400 or more.
            aiohttp.ClientError, asyncio.TimeoutError: there is no answer.
        """
        body = {**json, "domain_digest": self._digest}
        try:
            status, reason, content = await self._post(body, timeout)
            if status == _WANTS_DOMAIN:
                status, reason, content = await self._post({**body, "domain": self._domain}, timeout)
            if status >= 400:
                raise ClientResponseError(status, reason, content)
            return _read(content)
        except Exception as error:
            calls_failed.get([]).append(error)
            raise

    async def close(self) -> None:
        """End the connections; a later call opens them anew."""
        if self._opened:
            await self._opened.close()
            self._opened = None

    async def _post(self, body: dict[str, Any], timeout: float) -> tuple[int, str, bytes]:
        if self._opened is None:
            headers = {**self._endpoint.headers, "Content-Type": "application/json"}
            # Of one server that sets none: to look for cookies costs a tenth of a call.
            self._opened = aiohttp.ClientSession(headers=headers, cookie_jar=aiohttp.DummyCookieJar())
        limit = aiohttp.ClientTimeout(total=timeout)
        async with self._opened.post(self._endpoint.url, data=_json(body), timeout=limit) as response:
            return response.status, response.reason or "", await response.read()


def _json(value: Any) -> bytes:
    return ujson.dumps(value, ensure_ascii=False, escape_forward_slashes=False).encode("utf-8", "replace")


def _read(content: bytes) -> Any:
    return ujson.loads(content)

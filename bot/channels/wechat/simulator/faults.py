"""Faults by script: the next calls to a path fail as they are told to."""

import asyncio
from collections import defaultdict, deque

from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse, JSONResponse, Response


class Fault(BaseModel):
    """What happens to the next ``times`` calls of ``path``, such as /cgi-bin/message/custom/send.

    After ``delay`` seconds it answers ``errcode``, or a gateway's HTML page with ``status``; with neither
    it goes on as usual. ``afterwards``: only when the call was carried out, as where an answer is lost.
    """

    path: str
    times: int = Field(1, ge=1, le=10_000)
    errcode: int | None = None
    status: int | None = Field(None, ge=400, le=599)
    delay: float = Field(0, ge=0, le=60)
    afterwards: bool = False


class Faults:
    """The faults to come, path by path in the order they were told."""

    def __init__(self) -> None:
        self._to_come: dict[str, deque[Fault]] = defaultdict(deque)

    def add(self, fault: Fault) -> None:
        self._to_come[fault.path].extend([fault] * fault.times)

    def clear(self) -> None:
        self._to_come.clear()

    def next(self, path: str) -> Fault | None:
        """Take the fault that this call shall have."""
        waiting = self._to_come.get(path)
        return waiting.popleft() if waiting else None


async def befall(fault: Fault) -> Response | None:
    """Let the fault happen; None where the call goes on."""
    await asyncio.sleep(fault.delay)
    if fault.errcode is not None:
        return JSONResponse({"errcode": fault.errcode, "errmsg": "by script"})
    if fault.status is not None:
        return HTMLResponse("<html><body><h1>502 Bad Gateway</h1></body></html>", fault.status)
    return None

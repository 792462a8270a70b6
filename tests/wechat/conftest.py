"""What the tests of the WeChat channel share: a line to one account, before a scripted engine."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.channels.wechat import api
from bot.conversations.store import Store
from tests.faults import TroubledEngine
from tests.servers import serving

from .line import Line, connected

MENU = "订单有两笔，您说的是哪一笔？"


class Engine(TroubledEngine):
    """Answers with buttons, several messages, a very long one or a hand-over, as it is asked to."""

    async def answer(self, request: Request) -> Response:
        said = await request.json()
        text = said.get("text") or said.get("payload") or "图片"
        replies: dict[str, list[dict[str, Any]]] = {
            "菜单": [
                {
                    "text": MENU,
                    "buttons": [{"title": "羽绒服", "payload": "/a"}, {"title": "雪地靴", "payload": "/b"}],
                }
            ],
            "两条": [{"text": "第一条"}, {"text": "第二条"}],
            "七条": [{"text": f"第{n}条"} for n in range(1, 8)],
            "长": [{"text": "长" * 1500}],
            "转人工": [],
        }
        if text not in replies:
            return await super().answer(request)
        self.asked.append(said["message_id"])
        understanding = {"intent": "greet", "confidence": 0.9, "ranking": [], "entities": []}
        handoff = {"reason": "asked_for_human"} if text == "转人工" else None
        await asyncio.sleep(self.delay[0])
        answer = {"replies": replies[text], "understanding": understanding, "handoff": handoff}
        return JSONResponse({**answer, "model": "troubled"})


class Connect(Protocol):
    def __call__(self, **options: Any) -> AbstractAsyncContextManager[Line]: ...


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def connect(
    store: Store, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Connect]:
    monkeypatch.setattr(api, "PAUSE", 0.01)
    with serving(engine.app()) as url:
        yield lambda **options: connected(store, url, tmp_path, **options)


@pytest.fixture
async def line(connect: Connect) -> AsyncIterator[Line]:
    async with connect() as line:
        yield line

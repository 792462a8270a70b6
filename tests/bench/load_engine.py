"""The engine contract with 5 ms of thought: ``python -m tests.bench.load_engine PORT``."""

import asyncio
import json
import sys
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send

SECONDS = 0.005
HEADERS = [(b"content-type", b"application/json")]


async def answer(_: Scope, receive: Receive, send: Send) -> None:
    body, more = b"", True
    while more:
        piece = await receive()
        body += piece.get("body", b"")
        more = piece.get("more_body", False)
    said: dict[str, Any] = json.loads(body) if body else {}
    await asyncio.sleep(SECONDS)
    answer = {
        "replies": [{"text": f"回答 {said.get('text')}"}],
        "understanding": {"intent": "greet", "confidence": 0.9, "ranking": [], "entities": []},
        "handoff": None,
        "model": "stub",
    }
    content = json.dumps(answer).encode()
    length = (b"content-length", str(len(content)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [*HEADERS, length]})
    await send({"type": "http.response.body", "body": content})


if __name__ == "__main__":
    uvicorn.run(answer, port=int(sys.argv[1]), log_level="error", lifespan="off")

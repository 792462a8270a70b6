"""Stand-ins for an engine in trouble. What the engine says when all is well is tested on the real one.

``python -m tests.faults PORT SECONDS`` is one as a process, which takes so long for each answer.
"""

import asyncio
import random
import sys
from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


@dataclass
class TroubledEngine:
    """Speaks the engine contract; slow, broken or unsure as told."""

    delay: tuple[float, float] = (0.0, 0.0)
    status: int = 200
    body: bytes | None = None
    intent: str = "greet"
    handoff: dict[str, object] | None = None
    model: str = "troubled"
    asked: list[str] = field(default_factory=list)
    remembered: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    """What was done in each turn, by the message's id."""

    async def answer(self, request: Request) -> Response:
        said = await request.json()
        self.asked.append(said["message_id"])
        await asyncio.sleep(random.uniform(*self.delay))
        if self.body is not None:
            return Response(self.body, self.status)
        answer = {
            "replies": [{"text": f"回答 {said.get('text') or said.get('payload')}"}],
            "understanding": {"intent": self.intent, "confidence": 0.9, "ranking": [], "entities": []},
            "handoff": self.handoff,
            "model": self.model,
        }
        return JSONResponse(answer, self.status)

    async def ready(self, _: Request) -> Response:
        return JSONResponse({"model": self.model})

    async def memory(self, request: Request) -> Response:
        hers = f"{request.path_params['conversation']}:"
        turns = [
            {"message_id": id, "events": done} for id, done in self.remembered.items() if id.startswith(hers)
        ]
        return JSONResponse({"turns": turns})

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/webhooks/conversation/webhook", self.answer, methods=["POST"]),
                Route("/webhooks/conversation/memory/{conversation}", self.memory),
                Route("/webhooks/conversation/ready", self.ready),
            ]
        )


if __name__ == "__main__":
    engine = TroubledEngine((float(sys.argv[2]),) * 2, model=sys.argv[1])
    uvicorn.run(engine.app(), port=int(sys.argv[1]), log_level="error")

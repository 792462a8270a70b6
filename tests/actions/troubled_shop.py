"""A stand-in for an order backend in trouble. What a shop says when all is well is tested on the real one."""

import asyncio
from collections import Counter

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

ORDER = {
    "no": "2026112000000001",
    "customer": "c1",
    "status": "paid",
    "status_text": "待发货",
    "placed_at": "2026-11-20T10:00:00+08:00",
    "items": [],
    "amounts": {"paid_fen": 100},
}


class TroubledShop:
    """The order number asked for names the trouble."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.cookies: list[str] = []

    async def order(self, request: Request) -> Response:
        trouble = request.path_params["no"]
        self.asked[trouble] += 1
        self.cookies.append(request.headers.get("cookie", ""))
        if trouble == "slow":
            await asyncio.sleep(6)
        if trouble == "busy-once" and self.asked[trouble] == 1:
            return JSONResponse({}, 503)
        if trouble == "moved":
            return Response(status_code=302, headers={"Location": "/v1/orders/target"})
        bodies = {
            "garbage": Response("<html>", media_type="application/json"),
            "empty": Response(b""),
            "shape": JSONResponse({**ORDER, "status": None}),
            "list": JSONResponse([1]),
            "error": JSONResponse({"type": "internal"}, 500),
            "busy": JSONResponse({}, 503),
            "foreign-404": Response("<html>no route</html>", 404),
            "refused": JSONResponse({"type": "invalid-token"}, 401),
        }
        answer = bodies.get(trouble) or JSONResponse(ORDER)
        answer.set_cookie("customer", "c1")
        return answer

    async def orders(self, request: Request) -> Response:
        self.asked["orders"] += 1
        await asyncio.sleep(6)
        return JSONResponse({})

    async def verify(self, request: Request) -> Response:
        self.asked["verify"] += 1
        return JSONResponse({}, 503)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/orders", self.orders),
                Route("/v1/orders/{no}", self.order),
                Route("/v1/verifications", self.verify, methods=["POST"]),
            ]
        )

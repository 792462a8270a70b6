"""The sample shop's process."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot import problems
from bot.settings import Settings, settings
from bot.shop import auth, database, health, page, seed, verification_api, wechat_sign_in
from bot.shop.after_sales import api as after_sales
from bot.shop.benefits import api as benefits
from bot.shop.customers import api as customers
from bot.shop.loading import CannotLoad
from bot.shop.orders import api as orders
from bot.shop.orders import writes_api as order_writes
from bot.shop.products import api as products

STATIC = Path(__file__).with_name("static")


def create_app(settings: Settings) -> FastAPI:
    """The shop over ``settings.shop_database``, with sample data that is true today."""
    opened = database.open_database(settings.shop_database)
    seed.load(opened)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        database.close(opened)

    app = FastAPI(
        title="Guitai order backend",
        version="1",
        description="What a shop offers to the bot. The sample shop implements it; so may yours.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        lifespan=lifespan,
    )
    app.state.settings = settings
    app.state.database = opened
    problems.install(app)
    app.add_middleware(auth.ServiceTokenCheck, secret=settings.shop_service_secret)
    app.add_middleware(_SafeHeaders)
    for room in (
        customers,
        orders,
        order_writes,
        after_sales,
        products,
        benefits,
        verification_api,
        health,
        page,
        wechat_sign_in,
    ):
        app.include_router(room.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    _be_exact(app.openapi())
    return app


class _SafeHeaders:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                if scope["path"].startswith("/static/"):
                    # Other pages, such as the desk, show the pictures too.
                    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
                    headers["Cache-Control"] = "public, max-age=300"
                else:
                    headers["Cache-Control"] = "no-store"
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _be_exact(document: dict[str, Any]) -> None:
    problems.be_exact(document)
    # FastAPI documents several tokens as a choice, though here all are needed.
    for calls in document["paths"].values():
        for call in calls.values():
            if "security" in call:
                call["security"] = [{name: [] for needed in call["security"] for name in needed}]


def main() -> None:
    """Serve the shop until stopped."""
    try:
        app = create_app(settings)
    except CannotLoad as why:
        sys.exit(str(why))
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.shop_port,
        log_level="warning",
        access_log=False,
        server_header=False,
    )

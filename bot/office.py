"""The staff's process: desk and studio behind one sign-in."""

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response
from nicegui import Client, ui
from nicegui import app as pages
from nicegui.storage import Storage
from starlette.middleware.sessions import SessionMiddleware
from starlette.staticfiles import StaticFiles

from actions.backend.choice import WrongShop
from actions.backend.choice import connect as connect_shop
from bot import desk, problems, staff, studio
from bot.channels import preview
from bot.conversations.database import UNAVAILABLE
from bot.desk.api import app as desk_api
from bot.desk.api.follow import Follow
from bot.desk.api.services import Services
from bot.desk.board import Board
from bot.desk.deliveries import Deliveries
from bot.desk.page import Desk, install
from bot.handoff import agents
from bot.handoff.suggestions import Suggestions
from bot.settings import Settings, settings
from bot.staff import Accounts, sessions
from bot.staff import pages as staff_pages
from bot.staff.guard import Guard
from bot.staff.people import People
from bot.staff.tokens import Tokens
from bot.studio import pages as studio_pages
from bot.studio.promotion import Promoter
from bot.studio.services import Services as StudioServices
from bot.wiring import Heart, background, serve

TITLE = "柜台 · 客服工作台"
CONNECTIONS = 16
WEBSOCKET_BYTES = 256 * 1024


def create(settings: Settings) -> FastAPI:
    """The office's application. One for each process: NiceGUI keeps its pages in the module."""
    heart = Heart(settings)
    accounts = Accounts(heart.database)
    board = Board(heart.store, accounts, heart.watcher)
    shop = connect_shop(settings, connections=CONNECTIONS)
    deliveries = Deliveries(heart.store)
    tokens, suggestions = Tokens(heart.database), Suggestions(heart.store)
    services = Services(
        heart.store, heart.watcher, accounts, tokens, board, suggestions, shop, settings.data_dir
    )
    follow = Follow(services)
    leave_desk = partial(agents.dismiss, heart.store)
    studio_services = StudioServices(settings, heart.store, accounts, leave_desk)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        cooling = Promoter(settings, heart.store).keep_cool()
        sandboxes = studio_services.sandboxes.run()
        async with background(
            heart.watcher.run(), board.run(), deliveries.run(), follow.run(), cooling, sandboxes
        ):
            yield

    app = FastAPI(title=TITLE, lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    problems.install(app, apart_from=studio_pages.UPLOADS, unavailable=UNAVAILABLE)
    app.add_middleware(
        Guard,
        accounts=accounts,
        tokens=tokens,
        origin=settings.office,
        page_session=_page_session,
        picture_origins=tuple({_origin(settings.shop), _origin(settings.shop_api)}),
    )
    app.add_middleware(
        SessionMiddleware,
        secret_key=settings.office_secret,
        session_cookie="office",
        max_age=int(sessions.LASTS.total_seconds()),
        same_site="strict",
        https_only=settings.office.startswith("https:"),
    )
    app.include_router(staff_pages.create_router(accounts, People(heart.database, leave_desk)))
    app.include_router(studio_pages.create_router(studio_services))
    app.include_router(preview.router)
    for room in (staff, desk, studio):
        name = room.__name__.rpartition(".")[2]
        folder = Path(str(room.__file__)).parent / "static"
        app.mount(f"/static/{name}", StaticFiles(directory=folder), name=name)

    app.mount(desk_api.PREFIX, desk_api.create(services, follow, settings.desk_api_per_minute))

    @app.get("/healthz")
    def healthy() -> dict[str, str]:
        heart.store.heads()
        return {"status": "ok"}

    @app.get("/")
    def home() -> Response:
        return Response(status_code=303, headers={"Location": "/desk"})

    def not_allowed(request: Request, _: Exception) -> Response:
        return staff_pages.forbidden(request)

    # Routes of ours and pages of NiceGUI, which is an application of its own inside this one.
    for each in (app, pages):
        each.add_exception_handler(sessions.NotAllowed, not_allowed)
    install(Desk(heart.store, heart.watcher, accounts, board, shop, suggestions, deliveries))
    Storage.path = settings.data_dir / "nicegui"
    pages.config.socket_io_js_transports = ["websocket"]
    ui.run_with(
        app,
        title=TITLE,
        language="zh-CN",
        dark=None,
        tailwind=False,
        storage_secret=settings.office_secret,
        show_welcome_message=False,
    )
    return app


def _page_session(client_id: str) -> Mapping[str, Any] | None:
    client = Client.instances.get(client_id)
    return client.request.session if client else None


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def main() -> None:
    """Serve until told to stop."""
    try:
        office = create(settings)
    except WrongShop as why:
        sys.exit(str(why))
    serve(office, "office", settings, settings.office_port, ws_max_size=WEBSOCKET_BYTES)


if __name__ == "__main__":
    main()

"""The public process: the web channel, its widget, and the turns that come in through them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from bot import problems
from bot.channels.web.routes import ATTACHMENTS_PATH, create_router
from bot.channels.wechat.channel import WeChat
from bot.conversations.attachments import Attachments
from bot.conversations.database import UNAVAILABLE
from bot.conversations.engine_pool import AT_ONE_ENGINE
from bot.conversations.privacy import Privacy
from bot.settings import Settings, settings
from bot.wiring import Heart, background, serve


def create(settings: Settings) -> FastAPI:
    """The front's application."""
    heart = Heart(settings)
    turns = heart.turn_runner(AT_ONE_ENGINE * max(len(urls) for urls in settings.sides.values()))
    wechat = WeChat(heart.wechat_accounts(), heart.store, Attachments(heart.store, settings.data_dir))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with wechat.open(), background(heart.watcher.run(), heart.engines.watch(), turns.run()):
            yield

    app = FastAPI(
        title="Guitai web channel",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        # A redirect would name the host that the caller claims.
        redirect_slashes=False,
    )
    problems.install(app, apart_from=[ATTACHMENTS_PATH], unavailable=UNAVAILABLE)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.origins,
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type", "Last-Event-ID"],
        expose_headers=["Retry-After"],
        max_age=600,
    )
    app.include_router(create_router(heart.store, heart.watcher, turns, settings))
    app.include_router(wechat.router(heart.watcher, turns, Privacy(heart.store, settings.data_dir), settings))

    @app.get("/healthz", include_in_schema=False)
    def healthy() -> dict[str, str]:
        heart.store.heads()
        return {"status": "ok"}

    problems.be_exact(app.openapi())
    return app


def main() -> None:
    """Serve until told to stop."""
    serve(create(settings), "front", settings, settings.front_port, ws="none")


if __name__ == "__main__":
    main()

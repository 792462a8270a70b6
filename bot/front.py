"""The public process: the web channel, its widget, and the turns that come in through them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import FileResponse

from bot import problems
from bot.channels import web
from bot.channels.web.routes import create_router
from bot.settings import Settings, settings
from bot.wiring import Heart, background, serve

# More would only wait inside the engine, where their time runs.
TURNS_AT_ONCE = 12
WIDGET = Path(web.__file__).parent / "static" / "widget.js"


def create(settings: Settings) -> FastAPI:
    """The front's application."""
    heart = Heart(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with background(heart.watcher.run(), heart.turn_runner(TURNS_AT_ONCE).run()):
            yield

    app = FastAPI(
        title="Guitai web channel",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    problems.install(app)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.origins,
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type", "Last-Event-ID"],
        expose_headers=["Retry-After"],
        max_age=600,
    )
    app.include_router(create_router(heart.store, heart.watcher, settings))

    @app.get("/widget.js", include_in_schema=False)
    def widget() -> FileResponse:
        headers = {
            "Cache-Control": "public, max-age=300",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "X-Content-Type-Options": "nosniff",
        }
        return FileResponse(WIDGET, media_type="text/javascript", headers=headers)

    @app.get("/healthz", include_in_schema=False)
    def healthy() -> dict[str, str]:
        heart.store.heads()
        return {"status": "ok"}

    return app


def main() -> None:
    """Serve until told to stop."""
    serve(create(settings), "front", settings, settings.front_port)


if __name__ == "__main__":
    main()

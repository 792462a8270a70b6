"""WeChat's servers over HTTP, as far as the connector calls them, and the controls for tests and the page."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body, FastAPI, File, Query, Request, UploadFile
from fastapi.responses import JSONResponse, Response
from fastapi.staticfiles import StaticFiles

from . import controls, kf, oauth
from .faults import befall
from .servers import WeChat
from .world import Refusal

Token = Annotated[str, Query(alias="access_token")]
PAGE = Path(__file__).with_name("page")
_DONE = {"errcode": 0, "errmsg": "ok"}


def create_app(world: WeChat) -> FastAPI:
    """The simulator's application."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await world.http.aclose()

    app = FastAPI(
        title="WeChat simulator", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan
    )

    @app.middleware("http")
    async def by_script(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        fault = world.faults.next(request.url.path)
        if fault and not fault.afterwards and (answer := await befall(fault)):
            return answer
        response = await go_on(request)
        if fault and fault.afterwards:
            return await befall(fault) or response
        return response

    @app.exception_handler(Refusal)
    async def refuse(_: Request, refusal: Refusal) -> JSONResponse:
        return JSONResponse({"errcode": refusal.code, "errmsg": "refused"})

    @app.get("/healthz")
    async def healthy() -> dict[str, str]:
        return {"status": "ok"}

    app.include_router(_cgi_bin(world))
    app.include_router(kf.create_router(world))
    app.include_router(controls.create_router(world))
    app.include_router(oauth.create_router(world))
    app.mount("/", StaticFiles(directory=PAGE, html=True))
    return app


def _cgi_bin(world: WeChat) -> APIRouter:
    router = APIRouter(prefix="/cgi-bin")

    @router.post("/stable_token")
    async def stable_token(asked: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
        account = world.of_app(str(asked.get("appid")))
        value, seconds = account.access_token(str(asked.get("secret")), bool(asked.get("force_refresh")))
        return {"access_token": value, "expires_in": seconds}

    @router.post("/message/custom/send")
    async def send(access_token: Token, body: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
        account = world.of_token(access_token)
        account.calls["send"] += 1
        account.send(body)
        return _DONE

    @router.post("/message/custom/typing")
    async def typing(access_token: Token, body: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
        account = world.of_token(access_token)
        if not account.verified:
            raise Refusal(48001)
        account.follower(str(body.get("touser"))).typing = body.get("command") == "Typing"
        return _DONE

    @router.post("/message/template/send")
    async def template(access_token: Token, body: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
        account = world.of_token(access_token)
        account.calls["template"] += 1
        account.notify(body)
        return {**_DONE, "msgid": account.next_message_id()}

    @router.post("/menu/create")
    async def menu(access_token: Token, body: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
        world.of_token(access_token).set_menu(body.get("button"))
        return _DONE

    @router.post("/media/upload")
    async def upload(access_token: Token, media: Annotated[UploadFile, File()]) -> dict[str, Any]:
        account = world.of_token(access_token)
        return {"type": "image", "media_id": account.keep(await media.read()), "created_at": 0}

    @router.get("/media/get")
    async def media(access_token: Token, media_id: str) -> Response:
        account = world.of_token(access_token)
        return Response(account.picture(media_id), media_type="image/jpeg")

    return router

"""What a phone does, and what a test changes, by HTTP."""

from base64 import b64decode
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, HTTPException
from fastapi.responses import Response
from pydantic import BaseModel, Field

from .delivery import Delivery, say, tell_of_desk
from .faults import Fault
from .servers import WeChat
from .world import Account, Follower, Refusal, Shown

Name = Annotated[str, Field(min_length=1, max_length=20)]


class Joining(BaseModel):
    name: Name = "顾客"


class Saying(BaseModel):
    """A text, perhaps by a tap on a menu's item, or a picture in base64."""

    text: str = Field("", max_length=2000)
    menu_id: str = ""
    picture: str = ""
    times: int = Field(1, ge=1, le=3)


class Doing(BaseModel):
    """The ``kf_`` events are not hers: people at WeChat's own desk take her up, or are done with her."""

    event: Literal[
        "subscribe",
        "unsubscribe",
        "CLICK",
        "SCAN",
        "user_enter_tempsession",
        "enter_session",
        "kf_create_session",
        "kf_switch_session",
        "kf_close_session",
    ]
    key: str = ""


class Settings(BaseModel):
    verified: bool | None = None
    takes_menus: bool | None = None
    forward_seconds: float = Field(0, ge=0)
    revoke_token: bool = False


def create_router(world: WeChat) -> APIRouter:
    """``/simulator``: phones and faults."""
    router = APIRouter(prefix="/simulator")

    def account(id: str) -> Account:
        if id not in world.accounts:
            raise HTTPException(404, "There is no such account.")
        return world.accounts[id]

    def follower(id: str, openid: str) -> tuple[Account, Follower]:
        found = account(id)
        if openid not in found.followers:
            raise HTTPException(404, "There is no such follower.")
        return found, found.followers[openid]

    @router.get("/accounts")
    async def accounts() -> list[dict[str, Any]]:
        return [
            {
                "id": each.id,
                "kind": each.kind,
                "name": each.name,
                "verified": each.verified,
                "joins": each.joins,
                "menu": each.menu,
            }
            for each in world.accounts.values()
        ]

    @router.post("/accounts/{id}/followers", status_code=201)
    async def join(id: str, body: Joining) -> dict[str, str]:
        joined = account(id).join(body.name)
        world.later(_act(world, account(id), joined, Doing(event=account(id).joins)))
        return {"openid": joined.openid}

    @router.get("/accounts/{id}/followers/{openid}")
    async def phone(id: str, openid: str, after: int = 0) -> dict[str, Any]:
        here, shown = follower(id, openid)
        return {
            "name": shown.name,
            "follows": shown.follows,
            "typing": shown.typing,
            "left": {
                kind: way.left for kind, way in shown.allowances.items() if way.until > here.clock.now()
            },
            "screen": [_bubble(number, each) for number, each in enumerate(shown.screen[after:], after + 1)],
        }

    @router.post("/accounts/{id}/followers/{openid}/says", status_code=202)
    async def says(id: str, openid: str, body: Saying) -> dict[str, str]:
        here, shopper = follower(id, openid)
        if not shopper.follows:
            raise HTTPException(409, "She does not follow the account.")
        here.acted(shopper, "event" if body.menu_id else "message")
        if body.picture:
            data = b64decode(body.picture)
            media_id = here.keep(data)
            fields = {"MsgType": "image", "PicUrl": "", "MediaId": media_id}
            message = {"msgtype": "image", "image": {"media_id": media_id}}
        else:
            fields = {"MsgType": "text", "Content": body.text}
            fields |= {"bizmsgmenuid": body.menu_id} if body.menu_id else {}
            message = {"msgtype": "text", "text": {"content": body.text}}
        shopper.screen.append(Shown(True, here.clock.now(), message))
        world.later(say(world.http, here, shopper, fields, Delivery(copies=body.times)))
        return {"status": "sent"}

    @router.post("/accounts/{id}/followers/{openid}/does", status_code=202)
    async def does(id: str, openid: str, body: Doing) -> dict[str, str]:
        here, shopper = follower(id, openid)
        world.later(_act(world, here, shopper, body))
        return {"status": "sent"}

    @router.get("/accounts/{id}/media/{media_id}")
    async def media(id: str, media_id: str) -> Response:
        try:
            data = account(id).picture(media_id)
        except Refusal:
            raise HTTPException(404, "There is no such picture, or none any more.") from None
        return Response(data, media_type="image/jpeg", headers={"X-Content-Type-Options": "nosniff"})

    @router.post("/accounts/{id}/settings")
    async def change(id: str, body: Settings) -> dict[str, str]:
        here = account(id)
        here.verified = here.verified if body.verified is None else body.verified
        here.takes_menus = here.takes_menus if body.takes_menus is None else body.takes_menus
        here.clock.forward(body.forward_seconds)
        if body.revoke_token:
            here.revoke()
        return {"status": "changed"}

    @router.post("/faults")
    async def fail(fault: Annotated[Fault, Body()]) -> dict[str, str]:
        world.faults.add(fault)
        return {"status": "to come"}

    @router.delete("/faults")
    async def heal() -> dict[str, str]:
        world.faults.clear()
        return {"status": "none to come"}

    return router


async def _act(world: WeChat, account: Account, follower: Follower, doing: Doing) -> None:
    if doing.event.startswith("kf_"):
        await tell_of_desk(world.http, account, follower, doing.event)
        return
    follower.follows = doing.event != "unsubscribe"
    if doing.event != "unsubscribe":
        account.came(follower)
    fields = {"MsgType": "event", "Event": doing.event, "EventKey": doing.key}
    await say(world.http, account, follower, fields)


def _bubble(number: int, shown: Shown) -> dict[str, Any]:
    at: datetime = shown.at
    return {
        "number": number,
        "mine": shown.mine,
        "at": at.isoformat(),
        "passive": shown.passive,
        "message": shown.message,
    }

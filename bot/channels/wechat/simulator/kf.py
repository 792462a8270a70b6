"""WeCom's customer service: a company with one desk, whose messages are pulled.

Source: https://developer.work.weixin.qq.com/document/path/94638 and the pages beside it.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query

from .. import bodies
from .servers import WeChat
from .world import (
    KIND_WRONG,
    LARGEST_TEXT,
    MEDIA_WRONG,
    TEXT_TOO_LONG,
    TOKEN_EXPIRED,
    Account,
    Follower,
    Refusal,
)

CORP_WRONG, SECRET_WRONG, TOKEN_WRONG = 40013, 40001, 40014
CUSTOMER_WRONG, DESK_WRONG, PARAMETER_WRONG = 40096, 95004, 40058
QUOTA_SPENT, OUT_OF_WINDOW, CALL_WRONG, STEP_WRONG, STATE_WRONG = 95001, 95002, 95007, 95016, 95018
NEW, OURS, POOL, PERSON, OVER = range(5)
STEPS = {
    NEW: {OURS, POOL, PERSON, OVER},
    OURS: {POOL, PERSON, OVER},
    POOL: {PERSON, OVER},
    PERSON: {PERSON, OVER},
}
CALL_LASTS, CODE_LASTS, WINDOW = timedelta(minutes=10), timedelta(seconds=20), timedelta(hours=48)
HEAD, ITEM, ITEMS = 1024, 128, 10  # bytes, bytes, how many

# The fields of a message as other accounts are told them, by the names that they have here.
_SHAPES = {
    "text": {"content": "Content", "menu_id": "bizmsgmenuid"},
    "image": {"media_id": "MediaId"},
    "voice": {"media_id": "MediaId"},
    "video": {"media_id": "MediaId"},
    "link": {"title": "Title", "desc": "Description", "url": "Url"},
    "miniprogram": {"title": "Title", "appid": "AppId", "pagepath": "PagePath"},
}

Message = dict[str, Any]
Token = Annotated[str, Query(alias="access_token")]
Asked = Annotated[dict[str, Any], Body()]


@dataclass(frozen=True)
class Code:
    """With it ``openid`` may be welcomed, once."""

    openid: str
    until: datetime


class Corp(Account):
    """A company; ``id`` is its corp id, ``desk`` the open_kfid of its one desk."""

    kind = "wecom"
    joins = "enter_session"
    passive = False
    sends = frozenset({"text", "image", "link", "miniprogram", "msgmenu"})
    apology = ""

    desk = "wkAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    page = 1000
    """Messages that are given at once, if more are asked for."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.said: list[Message] = []
        self.states: dict[str, int] = {}
        self._calls: dict[str, datetime] = {}
        self._codes: dict[str, Code] = {}
        self._taken: set[str] = set()
        self._welcomed: dict[str, datetime] = {}

    # -- tokens --------------------------------------------------------------------------------------------

    def access_token(self, secret: str, by_force: bool = False) -> tuple[str, int]:
        """Give the token and its remaining seconds: the same as long as it lasts."""
        try:
            return super().access_token(secret, False)
        except Refusal:
            raise Refusal(SECRET_WRONG) from None

    def check(self, access_token: str) -> None:
        try:
            super().check(access_token)
        except Refusal as refusal:
            raise refusal if refusal.code == TOKEN_EXPIRED else Refusal(TOKEN_WRONG) from None

    # -- customers -----------------------------------------------------------------------------------------

    def join(self, name: str, openid: str | None = None) -> Follower:
        return super().join(name, openid or "wm" + secrets.token_hex(15))

    def came(self, follower: Follower) -> None:
        """To enter allows nothing but a welcome."""

    def acted(self, follower: Follower, kind: str) -> None:
        """Whatever she says is a message, even by a tap on a menu."""
        super().acted(follower, "message")

    def told(self, follower: Follower, fields: dict[str, Any]) -> str:
        """Keep what a customer said or did; the call that tells of it holds nothing of that."""
        item = (
            self._event(follower, fields) if fields["MsgType"] == "event" else self._message(follower, fields)
        )
        if item["msgid"] not in [each["msgid"] for each in self.said]:
            self.said.append(item)
        token = "ENC" + secrets.token_urlsafe(24)
        self._calls[token] = self.clock.now() + CALL_LASTS
        whole = {
            "ToUserName": self.app_id,
            "CreateTime": int(self.clock.now().timestamp()),
            "MsgType": "event",
            "Event": "kf_msg_or_event",
            "Token": token,
            "OpenKfId": self.desk,
        }
        return bodies.write(whole, "xml")

    def query(self, timestamp: str, nonce: str) -> dict[str, str]:
        return {"timestamp": timestamp, "nonce": nonce}

    def _message(self, follower: Follower, fields: Mapping[str, Any]) -> Message:
        kind = "miniprogram" if fields["MsgType"] == "miniprogrampage" else fields["MsgType"]
        names = _SHAPES.get(kind, {})
        self.states.setdefault(follower.openid, NEW)
        if self.states[follower.openid] == OVER:
            self.states[follower.openid] = NEW
        return {
            **self._head(3, fields),
            "open_kfid": self.desk,
            "external_userid": follower.openid,
            "msgtype": kind,
            kind: {here: fields[there] for here, there in names.items() if there in fields},
        }

    def _event(self, follower: Follower, fields: Mapping[str, Any]) -> Message:
        event = {
            "event_type": fields["Event"],
            "open_kfid": self.desk,
            "external_userid": follower.openid,
        }
        if fields["Event"] == "enter_session" and (code := self._welcome_code(follower)):
            event["welcome_code"] = code
        return {**self._head(4, fields), "msgtype": "event", "event": event}

    def _head(self, origin: int, fields: Mapping[str, Any]) -> Message:
        id = fields.get("MsgId") or f"msg{self.next_message_id()}"
        return {"msgid": str(id), "send_time": int(self.clock.now().timestamp()), "origin": origin}

    def _welcome_code(self, follower: Follower) -> str | None:
        at = self.clock.now()
        known = self._welcomed.get(follower.openid, at - WINDOW) > at - WINDOW
        wrote = follower.allowances.get("message")
        if known or (wrote and wrote.until > at):
            return None
        code = secrets.token_urlsafe(24)
        self._codes[code] = Code(follower.openid, at + CODE_LASTS)
        return code

    # -- what the company calls ----------------------------------------------------------------------------

    def sync(self, asked: Message) -> Message:
        """Give the messages behind a cursor."""
        self.calls["pull"] += 1
        token, cursor = asked.get("token"), str(asked.get("cursor") or "c0")
        if token and self._calls.get(str(token), self.clock.now()) <= self.clock.now():
            raise Refusal(CALL_WRONG)
        self._at_desk(asked)
        start = int(cursor.removeprefix("c"))
        end = start + min(int(asked.get("limit") or 1000), self.page)
        return {
            "next_cursor": f"c{min(end, len(self.said))}",
            "has_more": int(end < len(self.said)),
            "msg_list": self.said[start:end],
        }

    def speak(self, body: Message) -> str:
        """Show a message on a customer's phone; its id."""
        self.calls["send"] += 1
        self._at_desk(body)
        follower = self._customer(body.get("touser"))
        message = self._shown(body)
        id = self._fresh_id(body)
        if self.states.get(follower.openid, OVER) not in (NEW, OURS):
            raise Refusal(STATE_WRONG)
        way = follower.allowances.get("message")
        if way is None or way.until <= self.clock.now():
            raise Refusal(OUT_OF_WINDOW)
        if not way.left:
            raise Refusal(QUOTA_SPENT)
        way.left -= 1
        self._taken.add(id)
        self.show(follower, message)
        return id

    def welcome(self, body: Message) -> str:
        """Show a message on the phone of a customer who has just entered; its id."""
        message, id = self._shown(body), self._fresh_id(body)
        code = self._codes.pop(str(body.get("code")), None)
        if code is None or code.until <= self.clock.now():
            raise Refusal(PARAMETER_WRONG)
        self._welcomed[code.openid] = self.clock.now()
        self._taken.add(id)
        self.show(self.followers[code.openid], message)
        return id

    def state(self, asked: Message) -> int:
        """Tell who has a conversation."""
        self.calls["state"] += 1
        self._at_desk(asked)
        return self.states.get(self._customer(asked.get("external_userid")).openid, OVER)

    def step(self, asked: Message) -> None:
        """Give a conversation to others."""
        before, after = self.state(asked), int(asked.get("service_state") or NEW)
        if after not in STEPS.get(before, ()):
            raise Refusal(STEP_WRONG)
        self.states[str(asked["external_userid"])] = after

    def _at_desk(self, asked: Message) -> None:
        if asked.get("open_kfid") != self.desk:
            raise Refusal(DESK_WRONG)

    def _customer(self, id: object) -> Follower:
        if str(id) not in self.followers:
            raise Refusal(CUSTOMER_WRONG)
        return self.followers[str(id)]

    def _fresh_id(self, body: Message) -> str:
        id = str(body.get("msgid") or secrets.token_hex(16))
        # WeCom says no more than that one which was taken before "is refused".
        if not re.fullmatch(r"[0-9a-zA-Z_-]{1,32}", id) or id in self._taken:
            raise Refusal(PARAMETER_WRONG)
        return id

    def _shown(self, body: Message) -> Message:
        kind = str(body.get("msgtype"))
        content = body.get(kind)
        if kind not in self.sends or not isinstance(content, dict):
            raise Refusal(KIND_WRONG)
        if kind == "text" and _size(content.get("content")) > LARGEST_TEXT:
            raise Refusal(TEXT_TOO_LONG)
        if kind == "image" and str(content.get("media_id")) not in self.media:
            raise Refusal(MEDIA_WRONG)
        if kind == "msgmenu":
            items = [item["click"] for item in content["list"] if item.get("type") == "click"]
            fits = all(0 < _size(item["content"]) <= ITEM and 0 < _size(item["id"]) <= 64 for item in items)
            if not fits or not 0 < len(content["list"]) == len(items) <= ITEMS:
                raise Refusal(PARAMETER_WRONG)
            if _size(content.get("head_content")) > HEAD or _size(content.get("tail_content")) > HEAD:
                raise Refusal(TEXT_TOO_LONG)
            content = {**content, "list": items}
        return {"msgtype": kind, kind: content}


def _size(text: object) -> int:
    return len(str(text or "").encode())


def create_router(world: WeChat) -> APIRouter:
    """What companies call."""
    router = APIRouter(prefix="/cgi-bin")
    done = {"errcode": 0, "errmsg": "ok"}

    def corp(access_token: str) -> Corp:
        found = world.of_token(access_token)
        if not isinstance(found, Corp):
            raise Refusal(TOKEN_WRONG)
        return found

    @router.get("/gettoken")
    async def gettoken(corpid: str, corpsecret: str) -> Message:
        found = world.of_app(corpid)
        if not isinstance(found, Corp):
            raise Refusal(CORP_WRONG)
        value, seconds = found.access_token(corpsecret)
        return {**done, "access_token": value, "expires_in": seconds}

    @router.post("/kf/sync_msg")
    async def sync(access_token: Token, asked: Asked) -> Message:
        return {**done, **corp(access_token).sync(asked)}

    @router.post("/kf/send_msg")
    async def send(access_token: Token, asked: Asked) -> Message:
        return {**done, "msgid": corp(access_token).speak(asked)}

    @router.post("/kf/send_msg_on_event")
    async def welcome(access_token: Token, asked: Asked) -> Message:
        return {**done, "msgid": corp(access_token).welcome(asked)}

    @router.post("/kf/service_state/get")
    async def state(access_token: Token, asked: Asked) -> Message:
        return {**done, "service_state": corp(access_token).state(asked)}

    @router.post("/kf/service_state/trans")
    async def step(access_token: Token, asked: Asked) -> Message:
        corp(access_token).step(asked)
        return done

    return router

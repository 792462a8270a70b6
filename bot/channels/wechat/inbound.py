"""Messages and events of shoppers, each of a type of its own.

Source: https://developers.weixin.qq.com/doc/subscription/guide/product/message/Receiving_standard_messages.html
and Receiving_event_pushes.html beside it; for mini-programs
https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/customer-message/receive.html
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .bodies import Fields, Unreadable

OPENID = re.compile(r"[\w-]{1,64}", re.ASCII)
_MOST_SECONDS = 2**32
# What the phone writes where it has no way to send what the shopper did, stickers most of all.
_UNSUPPORTED = "【收到不支持的消息类型"
# JSON can say these, but no database takes them.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Inbound:
    """What every message and event has."""

    account: str
    """The account's original id, such as gh_97417a04a28d."""
    openid: str
    at: datetime
    key: str
    """The same with each delivery of it, and of no other message of this shopper."""


@dataclass(frozen=True)
class Text(Inbound):
    content: str
    menu_id: str | None
    """The id of the menu item that was tapped, where it was no typing."""


@dataclass(frozen=True)
class Image(Inbound):
    media_id: str


@dataclass(frozen=True)
class Voice(Inbound):
    media_id: str
    recognition: str
    """What the shopper said, where the account has speech recognition; often empty."""


@dataclass(frozen=True)
class Video(Inbound):
    media_id: str


@dataclass(frozen=True)
class Location(Inbound):
    latitude: str
    longitude: str
    label: str


@dataclass(frozen=True)
class Link(Inbound):
    title: str
    description: str
    url: str


@dataclass(frozen=True)
class MiniProgramPage(Inbound):
    """A card of a mini-program's page, shared with the customer service."""

    title: str
    app_id: str
    page: str


@dataclass(frozen=True)
class Unsupported(Inbound):
    """A sticker, a file, and whatever comes next; ``kind`` as WeChat names it."""

    kind: str


@dataclass(frozen=True)
class Event(Inbound):
    """Of an event that has no type of its own here, ``name`` in lower case."""

    name: str
    event_key: str


@dataclass(frozen=True)
class Subscribe(Event):
    """The shopper follows the account, perhaps by a code with a ``scene``."""

    scene: str


@dataclass(frozen=True)
class Unsubscribe(Event):
    pass


@dataclass(frozen=True)
class Scan(Event):
    """A follower has scanned a code of the account."""

    scene: str


@dataclass(frozen=True)
class MenuClick(Event):
    """An item of the account's own menu, known by ``event_key``."""


@dataclass(frozen=True)
class MenuView(Event):
    """An item that opens the page ``event_key``."""


@dataclass(frozen=True)
class Enter(Event):
    """A mini-program's customer-service chat was opened from ``session_from``."""

    session_from: str


@dataclass(frozen=True)
class NoticeResult(Event):
    """What became of a template message: ``status`` is success, or why not."""

    message_id: str
    status: str


def message(fields: Fields) -> Inbound:
    """Return the message or event that ``fields`` are.

    Raises:
        Unreadable: something is lacking that all have.
    """
    kind = _text(fields, "MsgType").lower()
    openid = _text(fields, "FromUserName")
    seconds = _text(fields, "CreateTime")
    if not kind or not OPENID.fullmatch(openid) or not re.fullmatch(r"[0-9]{1,10}", seconds):
        raise Unreadable("MsgType, FromUserName or CreateTime is missing or wrong.")
    if int(seconds) >= _MOST_SECONDS:
        raise Unreadable("CreateTime is no moment.")
    head = (_text(fields, "ToUserName"), openid, datetime.fromtimestamp(int(seconds), UTC))
    if kind == "event":
        return _event(fields, (*head, _event_key(fields)))
    message_id = _text(fields, "MsgId")
    if not re.fullmatch(r"[\w-]{1,64}", message_id, re.ASCII):
        raise Unreadable("MsgId is missing or wrong.")
    make = _KINDS.get(kind)
    whole = (*head, f"m:{message_id}")
    return make(fields, whole) if make else Unsupported(*whole, kind[:32])


_Head = tuple[str, str, datetime, str]


def _event_key(fields: Fields) -> str:
    """Events have no id: they are told apart as WeChat says, within one shopper's."""
    parts = [_text(fields, name) for name in ("CreateTime", "Event", "EventKey", "MsgID")]
    return "e:" + hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def _event(fields: Fields, head: _Head) -> Event:
    name, key = _text(fields, "Event").lower()[:64], _text(fields, "EventKey")
    if name == "subscribe":
        return Subscribe(*head, name, key, key.removeprefix("qrscene_"))
    if name == "scan":
        return Scan(*head, name, key, key)
    if name == "user_enter_tempsession":
        return Enter(*head, name, key, _text(fields, "SessionFrom"))
    if name == "templatesendjobfinish":
        return NoticeResult(*head, name, key, _text(fields, "MsgID"), _text(fields, "Status"))
    plain = {"unsubscribe": Unsubscribe, "click": MenuClick, "view": MenuView}
    return plain.get(name, Event)(*head, name, key)


def _of_text(fields: Fields, head: _Head) -> Inbound:
    content, menu_id = _text(fields, "Content"), _text(fields, "bizmsgmenuid")
    if content.startswith(_UNSUPPORTED):
        return Unsupported(*head, "sticker")
    return Text(*head, content, menu_id or None)


_KINDS: dict[str, Callable[[Fields, _Head], Inbound]] = {
    "text": _of_text,
    "image": lambda fields, head: Image(*head, _text(fields, "MediaId")),
    "voice": lambda fields, head: Voice(*head, _text(fields, "MediaId"), _text(fields, "Recognition")),
    "video": lambda fields, head: Video(*head, _text(fields, "MediaId")),
    "shortvideo": lambda fields, head: Video(*head, _text(fields, "MediaId")),
    "location": lambda fields, head: Location(
        *head, _text(fields, "Location_X"), _text(fields, "Location_Y"), _text(fields, "Label")
    ),
    "link": lambda fields, head: Link(
        *head, _text(fields, "Title"), _text(fields, "Description"), _text(fields, "Url")
    ),
    "miniprogrampage": lambda fields, head: MiniProgramPage(
        *head, _text(fields, "Title"), _text(fields, "AppId"), _text(fields, "PagePath")
    ),
}


def _text(fields: Fields, name: str) -> str:
    value: Any = fields.get(name, "")
    return _UNSTORABLE.sub("", value) if isinstance(value, str) else ""

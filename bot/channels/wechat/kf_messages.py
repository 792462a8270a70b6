"""What is pulled from WeCom's customer service, as messages like all others.

Source: https://developer.work.weixin.qq.com/document/path/94670
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from . import inbound, kf
from .bodies import Unreadable
from .inbound import Inbound

_CUSTOMER, _SYSTEM = 3, 4  # origins; the third is what people at WeCom's own desk say
_MOST_SECONDS = 2**32

Item = dict[str, Any]


@dataclass(frozen=True)
class Entered(Inbound):
    """A customer has opened the chat; with ``code`` she may be welcomed, if she was not lately."""

    code: str


@dataclass(frozen=True)
class NotSent(Inbound):
    """What was taken from us did not reach her, for the reason ``why`` (fail_type)."""

    why: int


def read(item: Item) -> Inbound | None:
    """The message or event; None for what is none of ours, as what people at WeCom's own desk say.

    Raises:
        Unreadable: something is lacking that all have.
    """
    origin, kind = item.get("origin"), _text(item, "msgtype")
    event = _part(item, "event")
    if kind == "event" and origin == _SYSTEM:
        head = _head(item, _text(event, "external_userid"), _text(event, "open_kfid"))
        match _text(event, "event_type"):
            case "enter_session":
                return Entered(*head, _text(event, "welcome_code"))
            case "msg_send_fail":
                return NotSent(*head, _number(event, "fail_type"))
        return None
    if origin != _CUSTOMER:
        return None
    head = _head(item, _text(item, "external_userid"), _text(item, "open_kfid"))
    said = _part(item, kind)
    match kind:
        case "text":
            return inbound.Text(*head, _text(said, "content"), _text(said, "menu_id") or None)
        case "image":
            return inbound.Image(*head, _text(said, "media_id"))
        case "voice":
            return inbound.Voice(*head, _text(said, "media_id"), "")
        case "link":
            return inbound.Link(*head, _text(said, "title"), _text(said, "desc"), _text(said, "url"))
        case "miniprogram":
            page = _text(said, "title"), _text(said, "appid"), _text(said, "pagepath")
            return inbound.MiniProgramPage(*head, *page)
    return inbound.Unsupported(*head, kind[:32])


def _head(item: Item, customer: str, desk: str) -> tuple[str, str, datetime, str]:
    id, openid, seconds = _text(item, "msgid"), kf.address(customer, desk), _number(item, "send_time")
    if not id or openid is None or not 0 < seconds < _MOST_SECONDS:
        raise Unreadable("msgid, external_userid, open_kfid or send_time is missing or wrong.")
    if not re.fullmatch(r"[\w-]{1,60}", id, re.ASCII):
        id = hashlib.sha256(id.encode("utf-8", "replace")).hexdigest()[:32]
    return desk, openid, datetime.fromtimestamp(seconds, UTC), f"m:{id}"


def _part(item: Item, name: str) -> Item:
    part = item.get(name)
    return part if isinstance(part, dict) else {}


def _text(item: Item, name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""


def _number(item: Item, name: str) -> int:
    value = item.get(name)
    return value if isinstance(value, int) else 0

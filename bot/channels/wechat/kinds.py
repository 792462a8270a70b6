"""The kinds of accounts, and all in which they differ; nothing else asks for the kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from . import texts

BASE = "https://api.weixin.qq.com"


class Kind(StrEnum):
    OFFICIAL = "official"
    MINIPROGRAM = "miniprogram"
    WECOM = "wecom"


@dataclass(frozen=True)
class Menus:
    """What a menu in the chat holds at most: bytes of its head and of an item, and how many items."""

    head: int
    item: int
    items: int

    def hold(self, titles: Sequence[str]) -> bool:
        return len(titles) <= self.items and all(0 < texts.size(title) <= self.item for title in titles)


@dataclass(frozen=True)
class Ways:
    """What an account of a kind can do."""

    server: str
    """The address of WeChat's servers for it."""
    app_id: str
    """The pattern of its id."""
    passive: bool
    """Whether a message may be answered on its own connection; else all goes through the API."""
    menus: Menus | None
    """None: buttons are numbers to type."""
    typing: bool
    """Whether 「对方正在输入」 can be shown."""
    per_event: tuple[int, timedelta]
    """How many messages an event of the shopper's allows, and for how long."""
    authorises: bool = False
    """Whether a web page can learn from it who its shopper is."""
    taps_are_events: bool = True
    """Whether a tap on a menu in the chat allows no more than an event; else it is a message."""
    pulled: bool = False
    """Whether a call brings no message, but only tells that there are some to be pulled."""
    knows_ids: bool = False
    """Whether a message may be sent again under its id without being shown twice."""


# Official: https://developers.weixin.qq.com/doc/service/api/customer/message/api_sendcustommessage.html
# Mini-programs: https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/customer-message/send.html
# WeCom: https://developer.work.weixin.qq.com/document/path/94677 (limits of a menu, five in 48 hours); what
# greets there on entering has a code of its own and is not counted.
WAYS = {
    Kind.OFFICIAL: Ways(
        server=BASE,
        app_id=r"wx[0-9a-f]{16}",
        passive=True,
        menus=Menus(texts.LARGEST, texts.LARGEST, 100),
        typing=True,
        per_event=(3, timedelta(minutes=1)),
        authorises=True,
    ),
    Kind.MINIPROGRAM: Ways(
        server=BASE,
        app_id=r"wx[0-9a-f]{16}",
        passive=False,
        menus=None,
        typing=True,
        per_event=(2, timedelta(minutes=1)),
    ),
    Kind.WECOM: Ways(
        server="https://qyapi.weixin.qq.com",
        app_id=r"w[wx][0-9a-f]{16}",  # those of the first years begin with wx
        passive=False,
        menus=Menus(1024, 128, 10),
        typing=False,
        per_event=(0, timedelta(0)),
        taps_are_events=False,
        pulled=True,
        knows_ids=True,
    ),
}

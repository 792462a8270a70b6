"""Calls to WeCom's customer service (微信客服).

Source: https://developer.work.weixin.qq.com/document/path/94638 and the pages beside it: 94670 (pulling),
94677 (sending), 95122 (welcoming), 94669 (who has a conversation), 91039 (the token), 90313 (error codes).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, ClassVar

import httpx

from .api import TIMEOUT, TRIES, Api, Message
from .outcomes import Kind, Outcome

PAGE = 100  # messages of one pull; 1000 at most
_ID = re.compile(r"[\w-]{1,40}", re.ASCII)  # they have 32 characters
_TOKEN_OF_CALL_WRONG = 95007


class State(IntEnum):
    """Who has a conversation."""

    NEW = 0
    OURS = 1
    """It is the API's ("智能助手")."""
    POOL = 2
    """It waits for a person of WeCom's own desk."""
    PERSON = 3
    OVER = 4


class NotPulled(Exception):
    """The messages cannot be had now; the text says why."""


@dataclass(frozen=True)
class Page:
    """Some of the messages of one desk, and whether there are more behind ``cursor``."""

    messages: list[dict[str, Any]]
    cursor: str
    more: bool


def address(customer: str, desk: str) -> str | None:
    """The openid of a customer (external_userid) at a desk (open_kfid), for us; None: these are no ids."""
    return f"{customer}@{desk}" if _ID.fullmatch(customer) and _ID.fullmatch(desk) else None


def is_desk(desk: str) -> bool:
    """Whether this can be an open_kfid."""
    return bool(_ID.fullmatch(desk))


class KfApi(Api):
    """One company's calls. Shoppers are named as ``address`` names them."""

    _codes: ClassVar[Mapping[int, Kind]] = {
        48002: Kind.NO_PERMISSION,
        60020: Kind.NO_PERMISSION,  # this server is not among the trusted addresses
        95001: Kind.QUOTA_SPENT,
        95002: Kind.OUT_OF_WINDOW,
        95013: Kind.NOT_OURS,
        95018: Kind.NOT_OURS,
    }

    async def send(self, openid: str, message: Message, id: str = "") -> Outcome:
        """Send a message, which WeCom takes but once under its ``id``: at most 32 of ``[0-9a-zA-Z_-]``."""
        body = {**_whom(openid, "touser"), "msgid": id, **_shaped(message)}
        outcome = await self._call("/cgi-bin/kf/send_msg", body)
        for _ in range(TRIES - 1):
            if outcome.kind is not Kind.UNSURE:
                break
            again = await self._call("/cgi-bin/kf/send_msg", body)
            # The first try was sound: what is refused now is the id, as it has been taken before.
            outcome = Outcome(Kind.OK, 0) if again.kind is Kind.REFUSED else again
        return outcome

    async def welcome(self, code: str, message: Message, id: str) -> Outcome:
        """Say something to who has just entered; ``code`` serves once, for 20 seconds."""
        body = {"code": code, "msgid": id, **_shaped(message)}
        return await self._call("/cgi-bin/kf/send_msg_on_event", body)

    async def pull(self, desk: str, cursor: str, token: str) -> Page:
        """The messages behind ``cursor``; without a callback's token WeCom allows few such calls.

        Raises NotPulled.
        """
        body = {"open_kfid": desk, "cursor": cursor, "token": token, "limit": PAGE}
        outcome, answer = await self._ask("/cgi-bin/kf/sync_msg", body)
        if outcome.code == _TOKEN_OF_CALL_WRONG and token:  # it lasts ten minutes
            outcome, answer = await self._ask("/cgi-bin/kf/sync_msg", {**body, "token": ""})
        listed = answer.get("msg_list", [])
        if not outcome.ok or not isinstance(listed, list):
            raise NotPulled(f"{outcome.kind} (errcode {outcome.code})")
        further, more = answer.get("next_cursor"), answer.get("has_more") == 1
        found = Page(
            [each for each in listed if isinstance(each, dict)],
            further if isinstance(further, str) and further else cursor,
            more,
        )
        if found.more and found.cursor == cursor:
            raise NotPulled("There is said to be more, but not where.")
        return found

    async def state(self, openid: str) -> int | None:
        """Who has the conversation (``State``); None where WeCom does not tell."""
        asked = _whom(openid, "external_userid")
        outcome, answer = await self._ask("/cgi-bin/kf/service_state/get", asked)
        state = answer.get("service_state")
        return state if outcome.ok and isinstance(state, int) else None

    async def take(self, openid: str) -> Outcome:
        """Have a new conversation for us, before anybody of WeCom's own desk gets it."""
        body = {**_whom(openid, "external_userid"), "service_state": State.OURS}
        return await self._call("/cgi-bin/kf/service_state/trans", body)

    async def _ask_for_token(self, by_force: bool) -> httpx.Response:
        asked = {"corpid": self._app_id, "corpsecret": self._secret}
        return await self._http.get(self._base + "/cgi-bin/gettoken", params=asked, timeout=TIMEOUT)


def _whom(openid: str, name: str) -> Message:
    customer, desk = openid.split("@", 1)
    return {name: customer, "open_kfid": desk}


def _shaped(message: Message) -> Message:
    """The message as WeCom takes it: the items of its menus have a kind."""
    if message["msgtype"] != "msgmenu":
        return message
    menu = message["msgmenu"]
    return {
        **message,
        "msgmenu": {**menu, "list": [{"type": "click", "click": item} for item in menu["list"]]},
    }

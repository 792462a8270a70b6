"""What WeChat knows and enforces: accounts, followers, what may be sent to whom and when."""

import re
import secrets
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from .. import bodies, crypto

TOKEN_SECONDS = 7200
FORCED_PER_DAY = 20
LARGEST_TEXT = 2048  # bytes
MEDIA_LASTS = timedelta(days=3)
DESK_KEEPS = timedelta(minutes=30)  # her messages from the account's server, once somebody there has her
# What a template's keywords take, by their kind.
KEYWORDS = {
    "thing": re.compile(r".{1,20}"),
    "character_string": re.compile(r"[!-~]{1,32}"),
    "time": re.compile(r"(\d{4}年\d{1,2}月\d{1,2}日 )?\d{1,2}:\d{2}"),
}
# What an act of a shopper allows to be sent to her, and for how long.
ALLOWANCES = {
    "message": (5, timedelta(hours=48)),
    "event": (3, timedelta(minutes=1)),
    "enter": (2, timedelta(minutes=1)),  # of a mini-program
}

MENU_ITEMS = 3
LONGEST_TITLE = 16  # bytes of a menu item's
# What a menu's items must have, by their kind.
BUTTONS = {"click": "key", "view": "url"}

OK = 0
SECRET_WRONG = 40125
TOKEN_WRONG, TOKEN_EXPIRED = 40001, 42001
OPENID_WRONG, MEDIA_WRONG, KIND_WRONG = 40003, 40007, 40008
TEXT_TOO_LONG = 45002
FORCED_TOO_OFTEN = 45009
OUT_OF_WINDOW, QUOTA_SPENT = 45015, 45047
NO_PERMISSION = 48001
NOT_FOLLOWING = 43004
TEMPLATE_WRONG, KEYWORD_WRONG = 40037, 47003
MENU_LENGTH_WRONG, BUTTON_WRONG, TITLE_WRONG = 40016, 40017, 40018


class Refusal(Exception):
    """A call is answered with ``code`` as its errcode."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class Clock:
    """The time in this world, which tests put forward."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def forward(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Shown:
    """One bubble on a phone; ``message`` as the API takes it."""

    mine: bool
    at: datetime
    message: dict[str, Any]
    passive: bool = False


@dataclass
class Allowance:
    left: int
    until: datetime


@dataclass
class Follower:
    """A shopper's phone as one account knows it."""

    openid: str
    name: str
    follows: bool = True
    screen: list[Shown] = field(default_factory=list)
    allowances: dict[str, Allowance] = field(default_factory=dict)
    typing: bool = False
    desk_until: datetime | None = None
    """Until when the account's own desk has her messages, and the account's server has not."""
    snapshot: bool = False
    """Whether her phone shows pages as pictures only."""


@dataclass(frozen=True)
class Media:
    data: bytes
    until: datetime


class Account:
    """An account with its followers; ``verified``: it may call the customer-service API."""

    kind = "official"
    joins = "subscribe"
    """The event by which a shopper comes to it."""
    passive = True
    """Whether a message may be replied to on its own connection."""
    sends: frozenset[str] = frozenset({"text", "image", "msgmenu"})
    apology = "该公众号暂时无法提供服务，请稍后再试"
    """What the phone shows where the account's server fails."""

    def __init__(
        self,
        id: str,
        app_id: str,
        secret: str,
        token: str,
        aes_key: str,
        callback: str,
        *,
        name: str = "微信",
        mode: str = "safe",
        verified: bool = True,
        takes_menus: bool = True,
        clock: Clock | None = None,
    ) -> None:
        self.id, self.app_id, self.secret, self.name = id, app_id, secret, name
        self.token, self.aes_key, self.callback, self.mode = token, aes_key, callback, mode
        self.verified, self.takes_menus = verified, takes_menus
        self.clock = clock or Clock()
        self.followers: dict[str, Follower] = {}
        self.media: dict[str, Media] = {}
        self.menu: list[dict[str, Any]] = []
        self.calls: Counter[str] = Counter()
        self._access = ("", self.clock.now())
        self._forced: list[datetime] = []
        self._next_message = 24_000_000_000_000_000

    # -- tokens --------------------------------------------------------------------------------------------

    def access_token(self, secret: str, by_force: bool) -> tuple[str, int]:
        """Give the token and its remaining seconds."""
        self.calls["token"] += 1
        if not secrets.compare_digest(secret.encode(), self.secret.encode()):
            raise Refusal(SECRET_WRONG)
        at = self.clock.now()
        if by_force:
            self._forced = [one for one in self._forced if at - one < timedelta(days=1)]
            if len(self._forced) >= FORCED_PER_DAY:
                raise Refusal(FORCED_TOO_OFTEN)
            self._forced.append(at)
        if by_force or self._access[1] <= at:
            self._access = (secrets.token_urlsafe(48), at + timedelta(seconds=TOKEN_SECONDS))
        return self._access[0], int((self._access[1] - at).total_seconds())

    def revoke(self) -> None:
        """Somebody fetched a token in the old way: the one that is out counts no more."""
        self._access = (secrets.token_urlsafe(48), self._access[1])

    def check(self, access_token: str) -> None:
        value, until = self._access
        if not value or not secrets.compare_digest(access_token.encode(), value.encode()):
            raise Refusal(TOKEN_WRONG)
        if until <= self.clock.now():
            raise Refusal(TOKEN_EXPIRED)

    # -- followers -----------------------------------------------------------------------------------------

    def follower(self, openid: str) -> Follower:
        found = self.followers.get(openid)
        if found is None:
            raise Refusal(OPENID_WRONG)
        return found

    def join(self, name: str, openid: str | None = None) -> Follower:
        """A new follower."""
        openid = openid or "o" + secrets.token_urlsafe(20)[:27]
        self.followers[openid] = Follower(openid, name)
        return self.followers[openid]

    def acted(self, follower: Follower, kind: str) -> None:
        """The shopper did something that opens the way to her: ``message`` or ``event``."""
        many, span = ALLOWANCES[kind]
        follower.allowances[kind] = Allowance(many, self.clock.now() + span)

    def came(self, follower: Follower) -> None:
        """She follows the account, or opens its chat."""
        self.acted(follower, "event")

    def next_message_id(self) -> int:
        self._next_message += 1
        return self._next_message

    # -- what it is told -----------------------------------------------------------------------------------

    def told(self, follower: Follower, fields: dict[str, Any]) -> str:
        """The body of the callback by which the account learns of a message or event."""
        whole = {
            "ToUserName": self.id,
            "FromUserName": follower.openid,
            "CreateTime": int(self.clock.now().timestamp()),
            **fields,
        }
        if fields["MsgType"] != "event":
            whole.setdefault("MsgId", self.next_message_id())
        return bodies.write(whole, "xml")

    def query(self, timestamp: str, nonce: str) -> dict[str, str]:
        """What a callback's address names, apart from the signature of what is encrypted."""
        signed = crypto.signature(self.token, timestamp, nonce)
        return {"timestamp": timestamp, "nonce": nonce, "signature": signed, "encrypt_type": "aes"}

    # -- what the account sends ----------------------------------------------------------------------------

    def send(self, body: dict[str, Any]) -> None:
        """Show a customer-service message on the phone it is for."""
        if not self.verified:
            raise Refusal(NO_PERMISSION)
        follower = self.follower(str(body.get("touser", "")))
        message = {key: value for key, value in body.items() if key != "touser"}
        self._sound(message)
        if not follower.follows:
            raise Refusal(OUT_OF_WINDOW)
        self._spend(follower)
        self.show(follower, message)

    def notify(self, body: dict[str, Any]) -> None:
        """Show a template message on the phone it is for."""
        if not self.verified:
            raise Refusal(NO_PERMISSION)
        follower = self.follower(str(body.get("touser", "")))
        if not body.get("template_id"):
            raise Refusal(TEMPLATE_WRONG)
        for name, keyword in body["data"].items():
            takes = KEYWORDS.get(name.rstrip("0123456789"))
            if takes is None or not takes.fullmatch(str(keyword.get("value", ""))):
                raise Refusal(KEYWORD_WRONG)
        if not follower.follows:
            raise Refusal(NOT_FOLLOWING)
        self.show(follower, {"msgtype": "template", "template": body})

    def set_menu(self, buttons: Any) -> None:
        """Put another menu under the chat."""
        if not self.verified:
            raise Refusal(NO_PERMISSION)
        if not isinstance(buttons, list) or not 0 < len(buttons) <= MENU_ITEMS:
            raise Refusal(MENU_LENGTH_WRONG)
        for each in buttons:
            if not 0 < len(str(each.get("name", "")).encode()) <= LONGEST_TITLE:
                raise Refusal(TITLE_WRONG)
            if not each.get(BUTTONS.get(each.get("type"), "")):
                raise Refusal(BUTTON_WRONG)
        self.menu = buttons

    def show(self, follower: Follower, message: dict[str, Any], *, passive: bool = False) -> None:
        """Put a bubble of the account's on the phone."""
        follower.typing = False
        follower.screen.append(Shown(False, self.clock.now(), message, passive))

    def _spend(self, follower: Follower) -> None:
        at = self.clock.now()
        open_ways = [way for way in follower.allowances.values() if way.until > at]
        if not open_ways:
            raise Refusal(OUT_OF_WINDOW)
        left = [way for way in open_ways if way.left]
        if not left:
            raise Refusal(QUOTA_SPENT)
        min(left, key=lambda way: way.until).left -= 1

    def _sound(self, message: dict[str, Any]) -> None:
        kind = message.get("msgtype")
        content = message.get(str(kind))
        if kind not in self.sends or not isinstance(content, dict):
            raise Refusal(KIND_WRONG)
        if kind == "text" and len(str(content.get("content", "")).encode()) > LARGEST_TEXT:
            raise Refusal(TEXT_TOO_LONG)
        if kind == "image" and str(content.get("media_id")) not in self.media:
            raise Refusal(MEDIA_WRONG)
        if kind == "msgmenu" and not self.takes_menus:
            raise Refusal(40200)

    # -- media ---------------------------------------------------------------------------------------------

    def keep(self, data: bytes) -> str:
        """Keep a picture for three days; its media id."""
        media_id = secrets.token_urlsafe(32)
        self.media[media_id] = Media(data, self.clock.now() + MEDIA_LASTS)
        return media_id

    def picture(self, media_id: str) -> bytes:
        found = self.media.get(media_id)
        if found is None or found.until <= self.clock.now():
            raise Refusal(MEDIA_WRONG)
        return found.data


class MiniProgram(Account):
    """A mini-program: all goes through the API, there are no menus, and to enter its chat is an event."""

    kind = "miniprogram"
    joins = "user_enter_tempsession"
    passive = False
    sends = frozenset({"text", "image", "link", "miniprogrampage"})
    apology = "该小程序客服暂时无法提供服务，请稍后再试"

    def came(self, follower: Follower) -> None:
        self.acted(follower, "enter")

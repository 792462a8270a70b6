"""What WeChat answers to a call, as far as it matters what to do next.

Source: https://developers.weixin.qq.com/doc/oplatform/Return_codes/Return_code_descriptions_new.html
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    OK = "ok"
    BAD_TOKEN = "bad_token"  # noqa: S105  # a name
    """The access token was revoked or has run out: once a new one may do."""
    NO_TOKEN = "no_token"  # noqa: S105
    """No access token is to be had now, so nothing was called."""
    BUSY = "busy"
    """Try again soon: nothing was done."""
    DAILY_CAP = "daily_cap"
    """The account's calls of today are spent, until midnight in Beijing."""
    OUT_OF_WINDOW = "out_of_window"
    """The shopper has said nothing for too long: only her next message opens the way."""
    QUOTA_SPENT = "quota_spent"
    """All that one message of hers allows was sent."""
    NO_PERMISSION = "no_permission"
    """The account may not use this call at all."""
    MENU_REFUSED = "menu_refused"
    """Buttons are not taken; the same as text may be."""
    NOT_A_FOLLOWER = "not_a_follower"
    """She has left, or blocks the account."""
    NOT_OURS = "not_ours"
    """A person has the conversation in WeCom's own desk, or it has ended: the API may not speak in it."""
    UNSURE = "unsure"
    """No answer came in time: it may have been done. To try again might do it twice."""
    REFUSED = "refused"
    """Wrong for good: to try again would be of no use."""


_KINDS = {
    0: Kind.OK,
    40001: Kind.BAD_TOKEN,
    40014: Kind.BAD_TOKEN,
    42001: Kind.BAD_TOKEN,
    -1: Kind.BUSY,
    45011: Kind.BUSY,
    45009: Kind.DAILY_CAP,
    45015: Kind.OUT_OF_WINDOW,
    45047: Kind.QUOTA_SPENT,
    48001: Kind.NO_PERMISSION,
    48004: Kind.NO_PERMISSION,
    50002: Kind.NO_PERMISSION,
    40200: Kind.MENU_REFUSED,
    40003: Kind.NOT_A_FOLLOWER,
    43004: Kind.NOT_A_FOLLOWER,
    43019: Kind.NOT_A_FOLLOWER,
}


@dataclass(frozen=True)
class Outcome:
    """``code``: WeChat's errcode; None where none came."""

    kind: Kind
    code: int | None = None

    @property
    def ok(self) -> bool:
        return self.kind is Kind.OK


def of_code(code: int) -> Outcome:
    """What WeChat's ``errcode`` means."""
    return Outcome(_KINDS.get(code, Kind.REFUSED), code)

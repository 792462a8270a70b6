"""Rows of the audit as sentences, in which what they are about is a link."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.conversations import ownership, tickets
from bot.conversations.models import Audit
from bot.staff import texts
from bot.staff.texts import Texts
from bot.studio import figures

TEXTS = texts.load(Path(__file__).parent.parent / "texts" / "audit.yml")

# What people look for together; every action that is ever kept is in one of these.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "sign_in": ("sign_in", "sign_out", "sign_in_failed", "sign_in_blocked", "session_end", "sessions_end"),
    "people": (
        *("account_add", "account_name", "account_role", "account_disable", "account_enable"),
        *("password_change", "password_reset", "token_make", "token_revoke"),
    ),
    "viewed": (
        *("view_conversation", "view_customer", "view_phone", "view_attachment", "ticket_view", "search"),
        *("live_view", "stream", "view_review", "view_list", "view_replay"),
    ),
    "exported": ("export", "figures_export", "audit_export", "faq_export"),
    "data": ("data_commit", "data_revert"),
    "models": (
        *("train", "cancel_training", "pin_model", "compare", "cancel_comparison", "judge"),
        *("promote", "rollback", "sandbox"),
    ),
    "desk": (
        *("presence", "take", "take_over", "assign", "put_back", "transfer", "requeue", "invite", "leave"),
        *("hand_back", "close", "ask_rating", "note", "whisper", "make_ticket", "ticket_change"),
        *("ticket_take_up", "force_offline", "configure_agent", "agent_configure"),
    ),
    "orders": (
        *("order_cancel", "order_change_address", "order_remark", "order_urge", "order_invoice"),
        *("order_price_protect", "order_after_sale", "order_withdraw"),
    ),
    "erased": ("erase", "erase_again", "expire"),
    "webhooks": ("webhook_add", "webhook_remove", "webhook_enable"),
}

SHORT = {"conversation": 8, "commit": 7}
LONGEST = 120
_FIELDS = (
    *("account", "agent", "to", "owner", "conversation", "place", "token", "address", "role", "was"),
    *("training", "commit", "model", "promotion", "comparison", "judged", "ticket", "order", "presence"),
    *("found", "number", "files", "figure", "table", "first", "last", "webhook", "queue", "state"),
    *("chats", "rows", "conversations"),
)
# In a sentence that was filled in, a field stands between these until it becomes a link.
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARKERS = {field: f"{_OPEN}{field}{_CLOSE}" for field in _FIELDS}
_OPTIONAL = re.compile(r"\[([^\]]*)\]")
_FIELD = re.compile(f"{_OPEN}(\\w+){_CLOSE}")
_ID, _COMMIT = re.compile(r"[a-z0-9]{1,32}"), re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Part:
    """A piece of a sentence, and where it leads."""

    text: str
    href: str | None = None
    given: bool = False
    """Whether somebody wrote it, so that it may run in another direction."""


class Sentences:
    """Rows in one language.

    Args:
        people: what each account is called.
    """

    def __init__(self, t: Texts, people: Mapping[int, str]) -> None:
        self._t, self._people = t, people

    def who(self, by: str) -> Part:
        """Who did it."""
        kind, _, number = by.partition(":")
        if by.startswith(ownership.AGENT_PREFIX) and number.isdecimal():
            return self._account(int(number))
        if kind == "cli":
            return Part(self._t("who_cli", uid=number))
        key = f"who_{by}"
        return Part(self._t(key)) if key in WHO else Part(_cut(by), given=True)

    def said(self, row: Audit) -> list[Part]:
        """What was done, without who."""
        detail = dict(row.detail or {})
        sentence = self._sentence(row.action, _variant(row, detail))
        if sentence is None:
            return [Part(_cut(row.action), given=True)]
        if detail.get("token") and row.action not in ("token_make", "token_revoke"):
            sentence += self._t("by_token", token=_MARKERS["token"])
        filled = {field: self._field(field, detail) for field in _FIELD.findall(sentence)}
        sentence = _OPTIONAL.sub(lambda found: _whole(found[1], filled), sentence)
        parts = []
        for at, piece in enumerate(_FIELD.split(sentence)):
            if at % 2:
                parts.append(filled[piece] or Part("—"))
            elif piece:
                parts.append(Part(piece))
        return parts

    def line(self, row: Audit) -> str:
        """What was done, as plain text."""
        return "".join(part.text for part in self.said(row))

    def _sentence(self, action: str, variant: str) -> str | None:
        for key in filter(None, (variant and f"did_{action}_{variant}", f"did_{action}")):
            try:
                return self._t(key, **_MARKERS)
            except KeyError:
                continue
        return None

    def _field(self, field: str, detail: Mapping[str, Any]) -> Part | None:
        if field in ("rows", "conversations"):
            return _count(field, detail)
        value = detail.get(field)
        if value is None or value == "" or value == []:
            return None
        shape = _SHAPES.get(field)
        return shape(self, value) if shape else Part(_cut(value), given=True)

    # -- what a field stands for ----------------------------------------------------------------------

    def _account(self, id: Any) -> Part:
        if not _is_number(id):
            return self._coded("to", id)
        known = self._people.get(int(id))
        if known is None:
            return Part(self._t("account", id=int(id)))
        return Part(known, f"/studio/people/{int(id)}", given=True)

    def _coded(self, kind: str, code: Any) -> Part:
        key = f"{kind}_{code}"
        return Part(self._t(key)) if key in CODES else Part(_cut(code), given=True)

    def _conversation(self, id: Any) -> Part:
        known = isinstance(id, str) and _ID.fullmatch(id)
        return Part(_cut(id)[: SHORT["conversation"]], f"/desk?c={id}" if known else None)

    def _commit(self, id: Any) -> Part:
        known = isinstance(id, str) and _COMMIT.fullmatch(id)
        return Part(_cut(id)[: SHORT["commit"]], f"/studio/history/{id}" if known else None)

    def _numbered(self, value: Any, href: str | None) -> Part:
        return Part(f"#{value}" if _is_number(value) else _cut(value), href)

    def _ticket(self, value: Any) -> Part:
        return Part(tickets.number_of(int(value)) if _is_number(value) else _cut(value))

    def _figure(self, value: Any, prefix: str) -> Part:
        try:
            return Part(figures.TEXTS[self._t.language](f"{prefix}_{value}"))
        except (KeyError, IndexError):
            return Part(_cut(value), given=True)

    def _files(self, value: Any) -> Part:
        listed = value if isinstance(value, list) else [value]
        return Part(self._t("comma").join(_cut(each) for each in listed), given=True)

    def _chats(self, value: Any) -> Part | None:
        count = len(value) if isinstance(value, list) else value
        return Part(str(count)) if count and _is_number(count) else None


_SHAPES: Mapping[str, Callable[[Sentences, Any], Part | None]] = {
    "account": Sentences._account,
    "agent": Sentences._account,
    "to": Sentences._account,
    "owner": Sentences._account,
    "conversation": Sentences._conversation,
    "commit": Sentences._commit,
    "training": lambda self, value: self._numbered(value, "/studio/models"),
    "model": lambda self, value: Part(_cut(value), "/studio/models", given=True),
    "promotion": lambda self, value: self._numbered(value, "/studio/promotion"),
    "comparison": lambda self, value: self._numbered(
        value, f"/studio/compare/{value}" if _is_number(value) else None
    ),
    "token": lambda self, value: self._numbered(value, None),
    "webhook": lambda self, value: self._numbered(value, None),
    "ticket": Sentences._ticket,
    "role": lambda self, value: self._coded("role", value),
    "was": lambda self, value: self._coded("role", value),
    "presence": lambda self, value: self._coded("presence", value),
    "judged": lambda self, value: self._coded("judged", value),
    "place": lambda self, value: self._coded("place", value),
    "state": lambda self, value: self._coded("state", value),
    "figure": lambda self, value: self._figure(value, "figure"),
    "table": lambda self, value: self._figure(value, "table"),
    "files": Sentences._files,
    "chats": Sentences._chats,
}

WHO = frozenset({"who_worker", "who_restore", "who_stranger"})
CODES = frozenset(
    {
        *("role_agent", "role_supervisor", "role_admin"),
        *("presence_online", "presence_busy", "presence_away", "presence_offline"),
        *("judged_better", "judged_worse", "judged_same"),
        *("state_open", "state_in_progress", "state_waiting", "state_resolved", "state_closed"),
        *("to_queue", "place_review", "place_retell"),
    }
)


def _variant(row: Audit, detail: Mapping[str, Any]) -> str:
    """Which of an action's sentences it is."""
    if row.action == "pin_model":
        return "" if detail.get("pinned") else "off"
    if row.action == "judge":
        return "" if detail.get("judged") else "off"
    if row.action in ("session_end", "sessions_end"):
        return "own" if row.by == ownership.agent(detail.get("account") or 0) else ""
    if row.action in ("sign_in_failed", "sign_in_blocked"):
        return "" if detail.get("account") else "unknown"
    if row.action == "presence":
        return "itself" if detail.get("by_itself") else ""
    return ""


def _count(field: str, detail: Mapping[str, Any]) -> Part | None:
    """Of rows that an erasure or an export was about."""
    counts = {key: value for key, value in detail.items() if isinstance(value, int)}
    return Part(str(counts.get("conversation", 0) if field == "conversations" else sum(counts.values())))


def _whole(piece: str, filled: Mapping[str, Part | None]) -> str:
    """An optional piece, if all is there that it tells of."""
    return piece if all(filled[field] for field in _FIELD.findall(piece)) else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and value.isascii() and value.isdecimal())


def _cut(value: Any) -> str:
    shown = "".join(c if c.isprintable() else " " for c in str(value))
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"

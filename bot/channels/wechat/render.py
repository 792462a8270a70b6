"""Messages of the log as WeChat shows them: a text, and buttons below it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from bot.conversations.models import Message

from . import texts
from .wording import fill, say

ZONE = ZoneInfo("Asia/Shanghai")
SCANS = 3  # of a parcel, the newest
_ROOM = 300  # bytes for what is added below the text


@dataclass(frozen=True)
class Rendered:
    """``buttons``: title and payload; ``attachment``: the id of a picture that goes with it."""

    text: str
    buttons: tuple[tuple[str, str], ...] = ()
    attachment: str | None = None

    @property
    def plain(self) -> bool:
        """Whether it is nothing but text."""
        return not self.buttons and not self.attachment


def render(message: Message) -> Rendered:
    """What a message of the bot, an agent or the service looks like in WeChat."""
    content = message.content or {}
    cards = [card for card in [content.get("card"), *(content.get("cards") or [])] if isinstance(card, dict)]
    parts = [message.text or "", *("\n".join(_lines(card)) for card in cards)]
    buttons = [(str(b["title"]), str(b["payload"])) for b in content.get("buttons") or []]
    return Rendered("\n\n".join(filter(None, parts)), tuple(buttons), content.get("attachment"))


def merged(messages: Iterable[Rendered]) -> Rendered:
    """Several as one, for the last message that may be sent; the last buttons count."""
    listed = list(messages)
    buttons = next((each.buttons for each in reversed(listed) if each.buttons), ())
    return Rendered("\n\n".join(each.text for each in listed if each.text), buttons)


def together(listed: Sequence[Rendered]) -> tuple[Rendered, int]:
    """As many of the messages as fit into one text, at least the first, and how many they are."""
    many = 1
    # Pictures go by themselves.
    while many < len(listed) and not any(each.attachment for each in listed[: many + 1]):
        if texts.size(merged(listed[: many + 1]).text) > texts.LARGEST - _ROOM:
            break
        many += 1
    return (merged(listed[:many]) if many > 1 else listed[0]), many


def linked(rendered: Rendered, ids: Sequence[str]) -> str:
    """The text with its buttons as links that answer by a tap, for replies that can hold no menu."""
    listed = [
        f"{number}. {link(title, id)}"
        for number, ((title, _), id) in enumerate(zip(rendered.buttons, ids, strict=True), 1)
    ]
    return "\n".join(filter(None, [rendered.text, *listed]))


def link(title: str, id: str) -> str:
    """A text that a tap sends as the shopper's own message, with the button's id."""
    shown = escape(title, quote=True)
    return f'<a href="weixin://bizmsgmenu?msgmenucontent={shown}&msgmenuid={id}">{shown}</a>'


def numbered(rendered: Rendered) -> str:
    """The text with its buttons as a list of numbers to answer with, where no menu can be shown."""
    if not rendered.buttons:
        return rendered.text
    listed = [f"{number}. {title}" for number, (title, _) in enumerate(rendered.buttons, 1)]
    return "\n".join(filter(None, [rendered.text, say("menu_typed"), *listed]))


def _lines(card: dict[str, Any]) -> list[str]:
    kind = card.get("kind")
    items = [fill("card_item", item) for item in card.get("items") or []]
    if kind == "order":
        total = say("card_total", total=_money(card["total_fen"])) if "total_fen" in card else ""
        return _all(fill("card_order", card), *items, total)
    if kind == "logistics":
        expected = _day(card.get("expected_at"))
        scans = [
            say(
                "card_scan",
                at=_moment(scan.get("at")),
                place=scan.get("place") or "",
                text=scan.get("text") or "",
            )
            for scan in (card.get("events") or [])[:SCANS]
        ]
        told = say("card_expected", expected=expected) if expected else ""
        return _all(fill("card_logistics", card), told, *scans)
    if kind == "product":
        head = say("card_product", name=card.get("name", ""), price=_money(card.get("price_fen", 0)))
        return _all(head, card.get("summary"), card.get("stock_text"))
    if kind == "return":
        target = fill("card_target", card["target"]) if card.get("target") else ""
        refund = say("card_refund", refund=_money(card["refund_fen"])) if card.get("refund_fen") else ""
        address = fill("card_address", card["return_address"]) if card.get("return_address") else ""
        return _all(fill("card_return", card), *items, target, refund, address)
    if kind == "ticket":
        return _all(fill("card_ticket", card), card.get("title"))
    return []


def _all(*lines: str | None) -> list[str]:
    return [" ".join(line.split()) for line in lines if line and line.strip()]


def _money(fen: int) -> str:
    return f"¥{fen / 100:.2f}"


def _moment(at: str | None) -> str:
    return datetime.fromisoformat(at).astimezone(ZONE).strftime("%m-%d %H:%M") if at else ""


def _day(at: str | None) -> str:
    return datetime.fromisoformat(at).astimezone(ZONE).strftime("%m-%d") if at else ""

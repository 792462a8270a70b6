"""Messages of the log as WeChat shows them: a text, and buttons below it."""

from collections.abc import Iterable, Iterator, Sequence
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
    said = message.text or ""
    parts = [said, *("\n".join(_lines(card, said)) for card in cards)]
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


def _lines(card: dict[str, Any], said: str) -> list[str]:
    """What the card tells beyond ``said``, the words that come with it."""
    facts = ((known, " ".join(line.split())) for known, line in _facts(card))
    return [line for known, line in facts if line and not (known and known in said)]


def _facts(card: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The lines of a card, each with what it is known by."""
    kind = card.get("kind")
    if kind == "order":
        yield "", fill("card_order", card)
        # The words beside it name one of several: all are listed, so that none looks missing.
        yield from (("", line) for _, line in _items(card))
        if "total_fen" in card:
            total = _money(card["total_fen"])
            yield total, say("card_total", total=total)
    elif kind == "logistics":
        number = str(card.get("tracking_no") or "")
        yield number, fill("card_logistics", card)
        if expected := _day(card.get("expected_at")):
            yield number, say("card_expected", expected=expected)
        for scan in (card.get("events") or [])[:SCANS]:
            yield str(scan.get("text") or ""), fill("card_scan", scan | {"at": _moment(scan.get("at"))})
    elif kind == "product":
        yield "", say("card_product", name=card.get("name", ""), price=_money(card.get("price_fen", 0)))
        yield "", card.get("summary") or ""
        yield "", card.get("stock_text") or ""
    elif kind == "return":
        yield str(card.get("id") or ""), fill("card_return", card)
        yield from _items(card)
        if target := card.get("target"):
            yield str(target.get("name") or ""), fill("card_target", target)
        if card.get("refund_fen"):
            refund = _money(card["refund_fen"])
            yield refund, say("card_refund", refund=refund)
        if address := card.get("return_address"):
            yield str(address.get("text") or ""), fill("card_address", address)
    elif kind == "ticket":
        number = str(card.get("ticket_no") or "")
        yield number, fill("card_ticket", card)
        yield number, card.get("title") or ""


def _items(card: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for item in card.get("items") or []:
        yield str(item.get("name") or ""), fill("card_item", item)


def _money(fen: int) -> str:
    return f"¥{fen / 100:.2f}"


def _moment(at: str | None) -> str:
    return datetime.fromisoformat(at).astimezone(ZONE).strftime("%m-%d %H:%M") if at else ""


def _day(at: str | None) -> str:
    return datetime.fromisoformat(at).astimezone(ZONE).strftime("%m-%d") if at else ""

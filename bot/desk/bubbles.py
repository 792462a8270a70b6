"""Messages as the agent sees them: who, when, what, and how the bot read it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from nicegui.element import Element

from bot.conversations import titles
from bot.conversations.models import Message
from bot.staff.texts import Texts

from .elements import button, el, moment, money, text

KEPT = 400  # messages in the browser at most
SCANS = 3
CARDS = ("order", "logistics", "product", "return")
READINGS = 3


class MessageLog:
    """The messages of the open conversation; made inside its frame.

    Args:
        older: called when earlier messages are wanted.
    """

    def __init__(self, t: Texts, older: Callable[[], Awaitable[None]]) -> None:
        self._t = t
        self._bubbles: dict[int, Bubble] = {}
        self._box = el("div", "messages", data_testid="messages", role="log", tabindex=0)
        with self._box:
            self._older = button(t("older"), "older", data_testid="older")
            self._older.on("click", older, args=[])

    @property
    def first(self) -> int:
        """The oldest ``seq`` on show; 1 when there is none."""
        return min(self._bubbles, default=1)

    @property
    def last(self) -> int:
        """The newest ``seq`` on show; 0 when there is none."""
        return max(self._bubbles, default=0)

    def show(self, messages: Sequence[Message]) -> None:
        """Show these in place of what was shown, oldest first."""
        for bubble in self._bubbles.values():
            bubble.element.delete()
        self._bubbles.clear()
        self.append(messages)

    def append(self, messages: Sequence[Message]) -> None:
        with self._box:
            for message in messages:
                self._bubbles[message.seq] = Bubble(message, self._t)
        # A long day in one conversation must not make the page heavy.
        for seq in sorted(self._bubbles)[:-KEPT]:
            self._bubbles.pop(seq).element.delete()
        self._older.set_visibility(self.first > 1)

    def prepend(self, messages: Sequence[Message]) -> None:
        with self._box:
            for place, message in enumerate(messages, 1):
                bubble = Bubble(message, self._t)
                bubble.element.move(self._box, place)
                self._bubbles[message.seq] = bubble
        self._older.set_visibility(self.first > 1)

    def show_understanding(self, messages: Sequence[Message]) -> None:
        """Show how the bot read these, where they are on show."""
        for message in messages:
            if bubble := self._bubbles.get(message.seq):
                bubble.show_understanding(message)


class Bubble:
    """One message in the chat column; must be made inside its container."""

    def __init__(self, message: Message, t: Texts) -> None:
        self._t = t
        self.seq = message.seq
        self.element = el(
            "article", f"message from-{message.sender}", data_testid="message", data_from=message.sender
        )
        with self.element:
            if message.sender != "system":
                with el("header", "message-head"):
                    text("span", message.name or t(f"from_{message.sender}"), "message-who")
                    moment(message.at)
            content = message.content or {}
            if attachment := content.get("attachment"):
                show_picture(str(attachment), t)
            if message.text:
                text("p", message.text, "message-text")
            cards = [content.get("card"), *(content.get("cards") or [])]
            for card in cards:
                if isinstance(card, dict):
                    show_card(card, t)
            if buttons := content.get("buttons"):
                with el("div", "offers"):
                    for offered in buttons:
                        text("span", str(offered.get("title", "")), "offer")
            self._reading: Element | None = None
        self.show_understanding(message)

    def show_understanding(self, message: Message) -> None:
        """Show how the bot read this message, once it is known."""
        readings = ranked(message.understanding)
        if self._reading is not None or not readings:
            return
        with self.element:
            self._reading = el("details", "understanding", data_testid="understanding")
            with self._reading:
                unsure = (message.understanding or {}).get("intent") == "nlu_fallback"
                first = titles.title("nlu_fallback") if unsure else readings[0][0]
                with el("summary", title=self._t("understood_hint")):
                    text("span", first)
                    if not unsure:
                        text("span", percent(readings[0][1]), "number")
                show_readings(readings)


def ranked(understanding: dict[str, Any] | None) -> list[tuple[str, float]]:
    """The likeliest readings as (title, confidence)."""
    ranking = (understanding or {}).get("ranking") or []
    real = [r for r in ranking if isinstance(r, dict) and r.get("name") not in (None, "nlu_fallback")]
    return [(titles.title(str(r["name"])), float(r.get("confidence") or 0)) for r in real[:READINGS]]


def percent(share: float) -> str:
    return f"{share:.0%}"


def show_readings(readings: list[tuple[str, float]]) -> None:
    with el("ol", "readings"):
        for title, confidence in readings:
            with el("li"):
                text("span", title, "reading-title")
                with el("span", "reading-bar"):
                    el("i").style(f"width: {max(0.0, min(1.0, confidence)):.0%}")
                text("span", percent(confidence), "number")


def show_picture(attachment_id: str, t: Texts) -> None:
    """A picture of the shopper, small; opened by itself in another window."""
    address = f"/desk/attachments/{attachment_id}"
    with el("a", "picture", href=address, target="_blank", rel="noopener", title=t("picture_open")):
        el("img", "", src=address, alt=t("picture"), loading="lazy", data_testid="picture")


def show_card(card: dict[str, Any], t: Texts) -> None:
    """A card of a message, to be read only."""
    kind = card.get("kind")
    with el("div", "card"):
        with el("div", "card-head"):
            text("span", t(f"card_{kind}" if kind in CARDS else "card_other"), "card-kind")
            text("span", str(card.get("order_no") or ""), "number")
            if card.get("status_text"):
                text("span", str(card["status_text"]), "chip", data_status=str(card.get("status") or ""))
        if kind == "order":
            for item in card.get("items") or []:
                name, spec = str(item.get("name", "")), str(item.get("spec") or "")
                show_item(name, spec, item.get("qty"), item.get("price_fen"), item.get("image"), t)
        elif kind == "product":
            name, about = str(card.get("name", "")), str(card.get("stock_text") or card.get("summary") or "")
            show_item(name, about, None, card.get("price_fen"), card.get("image"), t)
        elif kind == "return":
            for item in [*(card.get("items") or []), *([card["target"]] if card.get("target") else [])]:
                name, spec = str(item.get("name", "")), str(item.get("spec") or "")
                show_item(name, spec, item.get("qty"), None, None, t)
            if card.get("refund_fen"):
                text("div", f"{t('card_refund')} {money(card['refund_fen'])}", "card-line")
        elif kind == "logistics":
            text("div", f"{card.get('courier', '')} {card.get('tracking_no', '')}", "card-line")
            scans = [s for s in card.get("events") or [] if isinstance(s, dict)]
            show_scans(
                [(str(s.get("at", "")), str(s.get("place", "")), str(s.get("text", ""))) for s in scans]
            )


def show_item(name: str, spec: str, qty: object, price_fen: object, image: object, t: Texts) -> None:
    with el("div", "item"):
        if isinstance(image, str) and image.startswith(("http://", "https://")):
            el("img", "", src=image, alt="", loading="lazy")
        text("span", name, "item-name")
        text("span", spec, "item-spec")
        if isinstance(price_fen, int):
            text("span", money(price_fen), "number item-price")
        if qty is not None:
            text("span", t("quantity", qty=qty), "number item-qty")


def show_scans(scans: list[tuple[str, str, str]]) -> None:
    """Where a parcel was, newest first: (moment, place, what happened)."""
    with el("ol", "scans"):
        for at, place, said in scans[:SCANS]:
            with el("li"):
                moment(at)
                text("span", f"{place} {said}".strip())

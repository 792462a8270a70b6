"""Messages as the agent sees them: who, when, what, and how the bot read it."""

from typing import Any

from nicegui.element import Element

from bot.conversations import titles
from bot.conversations.models import Message, Note
from bot.staff.texts import Texts

from .elements import el, moment, text
from .telling import money

SCANS = 3
CARDS = ("order", "logistics", "product", "return", "ticket")
READINGS = 3
MOODS = ("hurried", "unhappy", "angry", "pleased")
NOTES = ("note", "whisper", "breach")


class Bubble:
    """One message in the chat column; must be made inside its container."""

    def __init__(self, message: Message, t: Texts) -> None:
        self._t = t
        self.seq = message.seq
        self.by_agent = message.sender == "agent"
        self._delivered: bool | None = None
        self.element = el(
            "article", f"message from-{message.sender}", data_testid="message", data_from=message.sender
        )
        if message.client_id and self.by_agent:
            self.element.props["data-client"] = message.client_id.removeprefix("/")
        with self.element:
            if message.sender != "system":
                with el("header", "message-head"):
                    text("span", message.name or t(f"from_{message.sender}"), "message-who")
                    moment(message.at)
                    if message.mood in MOODS:
                        text("span", t(f"mood_{message.mood}"), "chip", data_mood=message.mood)
                    if self.by_agent:
                        self._delivery = text("span", "", "delivery", data_testid="delivery")
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

    def show_delivery(self, delivered: bool) -> None:
        """Show whether the message has reached the shopper's screen, if it is an agent's."""
        if self.by_agent and delivered != self._delivered:
            self._delivered = delivered
            self._delivery.set_text(self._t("delivered" if delivered else "sent"))
            self._delivery.props["data-delivered"] = "yes" if delivered else "no"
            self._delivery.update()

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


def show_note(note: Note, t: Texts) -> Element:
    """What staff say among themselves, in its place among the messages."""
    kind = note.kind if note.kind in NOTES else "note"
    with el("aside", "note", data_testid="note", data_kind=kind) as shown:
        with el("header", "message-head"):
            text("span", t(f"note_{kind}"), "note-kind")
            if note.name:
                text("span", note.name, "message-who")
            moment(note.at)
            el("span", "gap")
            text("span", t("note_hidden"), "note-hidden")
        text("p", t(f"breach_{note.text}") if kind == "breach" else note.text, "note-text")
    return shown


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
            text("span", str(card.get("order_no") or card.get("ticket_no") or ""), "number")
            if card.get("status_text"):
                state = {"data_ticket" if kind == "ticket" else "data_status": str(card.get("status") or "")}
                text("span", str(card["status_text"]), "chip", **state)
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
        elif kind == "ticket":
            text("div", str(card.get("title") or ""), "card-line")
            if card.get("due_at"):
                with el("div", "card-line"):
                    text("span", f"{t('card_due')} ")
                    moment(str(card["due_at"]))
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

"""The escalation packet: what an agent must know first."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nicegui.element import Element

from actions.backend.contract import Customer, NotFound, Order, Shop
from bot.handoff.packet import Packet
from bot.staff.texts import Texts

from ..bubbles import show_picture, show_readings
from ..elements import button, el, moment, since, text
from .asking import fill

COMPARED = 3  # orders whose state is looked up anew


class PacketBox:
    """Made inside the column.

    Args:
        use_reply: called with a reply that the agent wants in the composer.
    """

    def __init__(self, shop: Shop, t: Texts, use_reply: Callable[[str], object]) -> None:
        self._shop, self._t, self._use_reply = shop, t, use_reply
        self._now: Element | None = None
        self._orders: list[dict[str, Any]] = []
        with el("section", "box", data_testid="packet"):
            text("h2", t("packet"))
            self._box = el("div", "packet")

    def show(self, packet: Packet | None, evidence: Sequence[str]) -> None:
        """Show this one with the pictures sent, or that there is none."""
        self._box.clear()
        self._now, self._orders = None, []
        with self._box:
            if packet is None:
                text("p", self._t("packet_empty"), "hint")
            else:
                self._show(packet, evidence)

    async def compare(self, customer_id: str) -> None:
        """Tell of the orders touched what has changed since the hand-over."""
        then = {str(order["order_no"]): order for order in self._orders[-COMPARED:]}
        if self._now is None or not then:
            return
        customer = Customer(customer_id)

        def look() -> list[Order]:
            return [order for no in then if (order := _order(self._shop, customer, no))]

        await fill(self._now, self._t, look, lambda orders: self._show_now(orders, then), "state_failed")

    def _show_now(self, orders: Sequence[Order], then: Mapping[str, Mapping[str, Any]]) -> None:
        for order in orders:
            if order.status_text != then[order.no].get("status_text"):
                with el("p", "now", data_testid="packet-now"):
                    text("span", self._t("now_is"))
                    text("span", order.no, "number")
                    text("span", order.status_text, "chip", data_status=order.status)

    def _show(self, packet: Packet, evidence: Sequence[str]) -> None:
        t = self._t
        with el("div", "packet-head"):
            text("span", packet.reason_text, "chip strong", data_reason=packet.reason)
            text("span", packet.mood_text, "chip", data_mood=packet.mood, title=t("mood"))
            text("span", packet.queue_text, "chip", title=t("suggested_queue"))
            with el("span", "packet-wait"):
                text("span", t("waited"))
                since(packet.waiting_since, packet.waited_until)
        text("p", packet.summary, "packet-summary", data_testid="packet-summary")
        if packet.understood:
            with part(t("reading")):
                show_readings([(r.title, r.confidence) for r in packet.understood])
        if packet.slots:
            with part(t("collected")), el("dl", "facts"):
                for label, value in packet.slots:
                    fact(label, value)
        if packet.orders:
            self._orders = packet.orders
            with part(t("touched")):
                for order in packet.orders:
                    self._show_then(order)
                self._now = el("div", "packet-now")
        if evidence:
            with part(t("evidence")), el("div", "evidence", data_testid="evidence"):
                for attachment_id in evidence:
                    show_picture(attachment_id, t)
        for label, lines, style in (
            (t("did"), packet.done, "lines"),
            (t("failed"), packet.failed, "lines bad"),
        ):
            if lines:
                with part(label), el("ul", style):
                    for line in lines:
                        text("li", line)
        with part(t("reply")), el("div", "reply"):
            text("p", packet.reply)
            with el("div", "reply-foot"):
                fill_in = button(t("use_reply"), "link", data_testid="use-reply")
                fill_in.on("click", lambda: self._use_reply(packet.reply), args=[])

    def _show_then(self, order: Mapping[str, Any]) -> None:
        """As it was at the moment of the hand-over."""
        with el("div", "then", data_testid="packet-then"):
            text("span", str(order["order_no"]), "number")
            if order.get("status_text"):
                status = str(order.get("status") or "")
                text("span", str(order["status_text"]), "chip", data_status=status)
            if order.get("as_of"):
                moment(str(order["as_of"]))
        items = [item for item in order.get("items") or [] if isinstance(item, dict)]
        goods = [f"{item.get('name', '')} {item.get('spec') or ''} ×{item.get('qty', 1)}" for item in items]
        if goods:
            text("p", self._t("comma").join(goods), "hint then-goods", title="\n".join(goods))


def _order(shop: Shop, customer: Customer, no: str) -> Order | None:
    """None: it is not hers, so it is not shown how it fares."""
    try:
        return shop.order(customer, no)
    except NotFound:
        return None


def part(label: str) -> Element:
    """A part with a heading, to be filled."""
    part = el("section", "part")
    with part:
        text("h3", label)
    return part


def fact(label: str, value: str) -> None:
    """A line of a ``dl``."""
    with el("div"):
        text("dt", label)
        text("dd", value)

"""The right column: the packet first, then the customer with her orders, then what happened."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import TypeVar

from nicegui.element import Element

from actions.backend.contract import Customer, Order, Profile, Shipment, Shop, ShopError
from bot.conversations.models import Conversation, Event, Rating
from bot.conversations.ownership import BOT
from bot.handoff.packet import Packet, reason_text
from bot.staff.texts import Texts

from .bubbles import show_item, show_picture, show_readings, show_scans
from .elements import button, el, moment, money, since, text

T = TypeVar("T")
ORDERS = 10  # the newest
ON_THE_WAY = 2  # orders whose parcels are looked up at once; the others on demand

# The shop may be slow: it must not hold up the threads that read the log.
_threads = ThreadPoolExecutor(16, thread_name_prefix="orders")


async def _ask(call: Callable[..., T], *args: object) -> T:
    return await asyncio.get_running_loop().run_in_executor(_threads, call, *args)


def show_packet(
    container: Element,
    packet: Packet | None,
    evidence: Sequence[str],
    t: Texts,
    use_reply: Callable[[str], object],
) -> None:
    """Fill the container with the packet and the pictures sent, or say that there is none."""
    container.clear()
    with container:
        if packet is None:
            text("p", t("packet_empty"), "hint")
            return
        with el("div", "packet-head"):
            text("span", packet.reason_text, "chip strong", data_reason=packet.reason)
            text("span", packet.mood_text, "chip", data_mood=packet.mood, title=t("mood"))
            with el("span", "packet-wait"):
                text("span", t("waited"))
                since(packet.waiting_since, packet.waited_until)
        text("p", packet.summary, "packet-summary", data_testid="packet-summary")
        with _part(t("reading")):
            if packet.understood:
                show_readings([(r.title, r.confidence) for r in packet.understood])
            else:
                text("p", t("reading_empty"), "hint")
        if packet.slots:
            with _part(t("collected")), el("dl", "facts"):
                for label, value in packet.slots:
                    _fact(label, value)
        if packet.orders:
            with _part(t("touched")), el("ul", "lines"):
                for order in packet.orders:
                    with el("li"):
                        text("span", str(order["order_no"]), "number")
                        if order.get("status_text"):
                            status = str(order.get("status") or "")
                            text("span", str(order["status_text"]), "chip", data_status=status)
        if evidence:
            with _part(t("evidence")), el("div", "evidence", data_testid="evidence"):
                for attachment_id in evidence:
                    show_picture(attachment_id, t)
        for label, lines, style in (
            (t("did"), packet.done, "lines"),
            (t("failed"), packet.failed, "lines bad"),
        ):
            if lines:
                with _part(label), el("ul", style):
                    for line in lines:
                        text("li", line)
        with _part(t("reply")), el("div", "reply"):
            text("p", packet.reply)
            with el("div", "reply-foot"):
                text("span", f"{t('suggested_queue')} · {packet.queue_text}", "hint")
                fill = button(t("use_reply"), "link", data_testid="use-reply")
                fill.on("click", lambda: use_reply(packet.reply), args=[])


async def show_customer(container: Element, conversation: Conversation, shop: Shop, t: Texts) -> None:
    """Fill the container with the customer and her orders as the shop knows them now."""
    container.clear()
    customer_id = conversation.customer_id
    if customer_id is None:
        with container:
            text("p", t("visitor_hint"), "hint")
        return
    with container:
        profile_box = el("div", "profile")
        orders_box = el("div", "orders", data_testid="orders")
    with profile_box:
        text("strong", conversation.customer_name or customer_id)
    with orders_box:
        text("p", t("loading"), "hint")
    await asyncio.gather(
        _show_profile(profile_box, customer_id, shop, t), _show_orders(orders_box, customer_id, shop, t)
    )


async def _show_profile(box: Element, customer_id: str, shop: Shop, t: Texts) -> None:
    try:
        profile: Profile | None = await _ask(shop.profile, Customer(customer_id))
    except ShopError:
        profile = None
    if box.is_deleted:
        return
    with box:
        if profile is None:
            text("p", t("profile_failed"), "hint")
            return
        box.clear()
        with el("div", "profile-head"):
            text("strong", profile.name)
            if profile.level_text:
                text("span", profile.level_text, "chip", title=t("level"))
        with el("dl", "facts"):
            _fact(t("phone"), profile.phone)
            if profile.points is not None:
                _fact(t("points"), f"{profile.points:,}")


async def _show_orders(box: Element, customer_id: str, shop: Shop, t: Texts) -> None:
    try:
        orders: Sequence[Order] | None = (
            await _ask(partial(shop.orders, page_size=ORDERS), Customer(customer_id))
        ).items
    except ShopError:
        orders = None
    if box.is_deleted:
        return
    box.clear()
    with box:
        with el("div", "part-head"):
            text("h3", t("orders"))
            again = button(
                t("refresh" if orders is not None else "retry"), "link", data_testid="orders-refresh"
            )
            again.on("click", lambda: _show_orders(box, customer_id, shop, t), args=[])
        if orders is None:
            text("p", t("orders_failed"), "hint bad", data_testid="orders-failed")
            return
        if not orders:
            text("p", t("orders_empty"), "hint")
        parcels = [(_show_order(order, customer_id, shop, t), order) for order in orders]
    moving = [(parcel, order) for parcel, order in parcels if order.status == "shipped"][:ON_THE_WAY]
    await asyncio.gather(*(_show_parcels(p, customer_id, order.no, shop, t) for p, order in moving))


def _show_order(order: Order, customer_id: str, shop: Shop, t: Texts) -> Element:
    """Show one order; answers where its parcels belong."""
    with el("section", "order", data_testid="order"):
        with el("div", "card-head"):
            text("span", order.no, "number")
            text("span", order.status_text, "chip", data_status=order.status)
        for item in order.items:
            show_item(item.name, item.spec, item.qty, item.price_fen, item.image, t)
        with el("div", "order-foot"):
            moment(order.placed_at)
            text("strong", money(order.amounts.due_fen), "number")
        parcels = el("div", "parcels")
        if order.shipped_at:
            with parcels:
                show = button(t("parcel"), "link")
                show.on("click", lambda: _show_parcels(parcels, customer_id, order.no, shop, t), args=[])
    return parcels


async def _show_parcels(box: Element, customer_id: str, order_no: str, shop: Shop, t: Texts) -> None:
    try:
        parcels: Sequence[Shipment] | None = await _ask(shop.shipments, Customer(customer_id), order_no)
    except ShopError:
        parcels = None
    if box.is_deleted:
        return
    box.clear()
    with box:
        if parcels is None:
            text("p", t("parcel_failed"), "hint bad")
            again = button(t("retry"), "link")
            again.on("click", lambda: _show_parcels(box, customer_id, order_no, shop, t), args=[])
        elif not parcels:
            text("p", t("parcel_empty"), "hint")
        for parcel in parcels or ():
            with el("div", "parcel"):
                with el("div", "card-head"):
                    text("span", f"{parcel.courier} {parcel.tracking_no}", "number")
                    text("span", parcel.status_text, "chip", data_status=parcel.status)
                if parcel.expected_at:
                    with el("div", "hint"):
                        text("span", t("expected"))
                        moment(parcel.expected_at)
                show_scans([(scan.at.isoformat(), scan.place, scan.text) for scan in parcel.events])


def show_history(
    container: Element,
    events: Sequence[Event],
    ratings: Sequence[Rating],
    names: Mapping[str, str],
    t: Texts,
) -> None:
    """Fill the container with the changes of owner and the ratings, newest first."""
    container.clear()
    by = {"shopper": t("by_shopper"), "system": t("by_system"), **names}
    happened: list[Event | Rating] = [*events, *ratings]
    with container:
        for each in sorted(happened, key=_moment_of, reverse=True):
            with el("li"):
                moment(_moment_of(each))
                if isinstance(each, Rating):
                    _show_rating(each, t)
                else:
                    _show_event(each, by, t)


def _moment_of(happened: Event | Rating) -> datetime:
    return happened.at if isinstance(happened, Event) else happened.rated_at or happened.asked_at


def _show_event(event: Event, by: Mapping[str, str], t: Texts) -> None:
    name = by.get(event.by, t("someone"))
    text("span", t(f"move_{event.move}", name=name, reason=reason_text(event.reason or "", t.language)))
    detail = event.detail or {}
    if settled := detail.get("settled"):
        text("p", t("settled", settled=settled), "settled")
    if note := detail.get("note"):
        text("p", t("noted", note=note), "settled")


def _show_rating(rating: Rating, t: Texts) -> None:
    text("span", t("rated_bot" if rating.served_by == BOT else "rated", score=rating.score))
    if rating.comment:
        text("p", rating.comment, "settled")


def _part(label: str) -> Element:
    part = el("section", "part")
    with part:
        text("h3", label)
    return part


def _fact(label: str, value: str) -> None:
    with el("div"):
        text("dt", label)
        text("dd", value)

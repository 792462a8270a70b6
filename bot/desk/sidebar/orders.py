"""The customer's orders, the newest first: goods, parcels, and what may be done with them."""

from collections.abc import Awaitable, Callable, Sequence

from nicegui.element import Element

from actions.backend.contract import Customer, Order, OrderPage, Shipment
from bot.conversations.models import Conversation

from .. import order_actions
from ..bubbles import show_item, show_scans
from ..context import Context
from ..elements import button, el, moment, text
from ..telling import money
from .asking import fill
from .packet import fact

PAGE = 10
ON_THE_WAY = 2  # orders whose parcels are looked up at once; the others on demand

# Opens the dialog of an action: the order, the action, and what to do once it was done.
Act = Callable[[Order, str, Callable[[], Awaitable[None]]], Awaitable[None]]


class OrdersBox:
    """Made inside the column."""

    def __init__(self, ctx: Context, act: Act) -> None:
        self._ctx, self._act = ctx, act
        self._frame = el("section", "box", data_testid="orders")
        with self._frame:
            with el("div", "part-head"):
                text("h2", ctx.t("orders"))
                again = button(ctx.t("refresh"), "link", data_testid="orders-refresh")
                again.on("click", lambda: self._load(self._box, 1), args=[])
            self._box: Element = el("div", "orders")

    async def show(self, conversation: Conversation) -> None:
        """Show the orders of the conversation's customer; a visitor has none to be seen."""
        self._frame.set_visibility(conversation.customer_id is not None)
        self._box.clear()
        if conversation.customer_id is not None:
            self._customer = Customer(conversation.customer_id)
            await self._load(self._box, 1)

    async def _load(self, box: Element, page: int) -> None:
        shop, customer = self._ctx.desk.shop, self._customer

        def look() -> OrderPage:
            return shop.orders(customer, page=page, page_size=PAGE)

        moving: list[OrderCard] = []
        await fill(
            box, self._ctx.t, look, lambda found: moving.extend(self._show(box, found)), "orders_failed"
        )
        for card in moving[:ON_THE_WAY]:
            self._ctx.run(card.load_parcels())

    def _show(self, box: Element, found: OrderPage) -> "list[OrderCard]":
        """Show one page and the way to the next; answers the cards of what is on its way."""
        t = self._ctx.t
        if not found.items:
            text("p", t("orders_empty"), "hint")
        cards = [OrderCard(self._ctx, self._customer, order, self._act) for order in found.items]
        if found.page * found.page_size < found.total:
            more_box = el("div", "orders")
            with more_box:
                more = button(
                    t("orders_more", left=found.total - found.page * found.page_size),
                    "link more",
                    data_testid="orders-more",
                )
                more.on("click", lambda: self._load(more_box, found.page + 1), args=[])
        return [card for card in cards if card.order.status == "shipped"]


class OrderCard:
    """One order; made inside the list."""

    def __init__(self, ctx: Context, customer: Customer, order: Order, act: Act) -> None:
        self._ctx, self._customer, self._act = ctx, customer, act
        self.order = order
        self._open = False
        self._card = el("section", "order", data_testid="order", data_order=order.no)
        self._show()

    def _show(self) -> None:
        order, t = self.order, self._ctx.t
        self._card.clear()
        with self._card:
            with el("div", "card-head"):
                text("span", order.no, "number")
                text("span", order.status_text, "chip", data_status=order.status)
            for item in order.items:
                show_item(item.name, item.spec, item.qty, item.price_fen, item.image, t)
            with el("div", "order-foot"):
                moment(order.placed_at)
                text("strong", money(order.amounts.due_fen), "number")
            self._parcels = el("div", "parcels")
            if order.shipped_at:
                with self._parcels:
                    show = button(t("parcel"), "link")
                    show.on("click", self.load_parcels, args=[])
            with el("details", "order-more", open=self._open) as more:
                text("summary", t("order_more"), data_testid="order-more")
                self._detail = el("div", "order-detail")
        more.on(
            "toggle", lambda event: self._toggled(bool(event.args)), js_handler="(e) => emit(e.target.open)"
        )

    async def refresh(self) -> None:
        """Show it as the shop knows it now."""
        await fill(self._detail, self._ctx.t, self._look, self._renew, "orders_failed")

    async def load_parcels(self) -> None:
        """Show where its parcels are."""
        box, shop = self._parcels, self._ctx.desk.shop

        def look() -> list[Shipment]:
            return shop.shipments(self._customer, self.order.no)

        await fill(box, self._ctx.t, look, lambda parcels: show_parcels(parcels, self._ctx), "parcel_failed")

    def _look(self) -> Order:
        return self._ctx.desk.shop.order(self._customer, self.order.no)

    def _renew(self, order: Order) -> None:
        self.order = order
        self._show()
        with self._detail:
            self._show_detail()

    async def _toggled(self, opened: bool) -> None:
        # Built anew while open, it says so once more.
        if opened and not self._open:
            await fill(self._detail, self._ctx.t, self._look, self._renewed_detail, "orders_failed")
        self._open = opened

    def _renewed_detail(self, order: Order) -> None:
        self.order = order
        self._show_detail()

    def _show_detail(self) -> None:
        order, t = self.order, self._ctx.t
        with el("dl", "facts"):
            if order.address.text:
                fact(t("recipient"), f"{order.address.name} {order.address.phone}")
                fact(t("address"), order.address.text)
            if order.remark:
                fact(t("remark"), order.remark)
            if order.amounts.discount_fen:
                fact(t("discount"), f"−{money(order.amounts.discount_fen)}")
            if order.amounts.shipping_fen:
                fact(t("shipping"), money(order.amounts.shipping_fen))
            if order.invoice:
                fact(t("invoice"), f"{order.invoice.title} · {order.invoice.state_text}")
        allowed = order_actions.allowed(order)
        with el("div", "order-actions", data_testid="order-actions"):
            for action in allowed:
                do = button(t(f"act_{action}"), "quiet small", data_testid=f"act-{action}")
                do.on("click", lambda action=action: self._act(order, action, self.refresh), args=[])
        if allowed:
            text("p", t("act_not_yours"), "hint act-hint")
        if forbidden := order_actions.forbidden(order):
            with el("details", "forbidden", data_testid="forbidden"):
                text("summary", t("act_forbidden", count=len(forbidden)))
                with el("dl", "facts"):
                    for action, reason in forbidden:
                        fact(t(f"act_{action}"), reason)


def show_parcels(parcels: Sequence[Shipment], ctx: Context) -> None:
    """The parcels of one order."""
    t = ctx.t
    if not parcels:
        text("p", t("parcel_empty"), "hint")
    for parcel in parcels:
        with el("div", "parcel"):
            with el("div", "card-head"):
                text("span", f"{parcel.courier} {parcel.tracking_no}", "number")
                text("span", parcel.status_text, "chip", data_status=parcel.status)
            if parcel.expected_at:
                with el("div", "hint"):
                    text("span", t("expected"))
                    moment(parcel.expected_at)
            show_scans([(scan.at.isoformat(), scan.place, scan.text) for scan in parcel.events])

"""Returns, exchanges and repairs with their steps, and money on its way back."""

from collections.abc import Awaitable, Callable, Sequence

from nicegui.element import Element

from actions.backend.contract import AfterSale, Customer, Refund
from bot.staff.texts import Texts

from ..bubbles import show_item
from ..context import Context
from ..elements import button, el, moment, text
from ..telling import money, money_back
from .asking import fill
from .packet import fact

PAGE = 10

# Opens the dialog that takes an after-sale back.
Withdraw = Callable[[AfterSale], Awaitable[None]]


def load_after_sales(
    ctx: Context, customer: Callable[[], Customer], withdraw: Withdraw
) -> Callable[[Element], Awaitable[None]]:
    """What fills the fold of after-sales."""

    def load(box: Element) -> Awaitable[None]:
        shop, her = ctx.desk.shop, customer()

        def show(sales: Sequence[AfterSale]) -> None:
            if not sales:
                text("p", ctx.t("after_sales_empty"), "hint")
            for sale in sales:
                _show_after_sale(sale, ctx.t, withdraw)

        return fill(
            box, ctx.t, lambda: shop.after_sales(her, page_size=PAGE).items, show, "after_sales_failed"
        )

    return load


def load_refunds(ctx: Context, customer: Callable[[], Customer]) -> Callable[[Element], Awaitable[None]]:
    """What fills the fold of refunds."""

    def load(box: Element) -> Awaitable[None]:
        shop, her = ctx.desk.shop, customer()

        def show(refunds: Sequence[Refund]) -> None:
            if not refunds:
                text("p", ctx.t("refunds_empty"), "hint")
            for refund in refunds:
                _show_refund(refund, ctx.t)

        return fill(box, ctx.t, lambda: shop.refunds(her, page_size=PAGE).items, show, "refunds_failed")

    return load


def _show_after_sale(sale: AfterSale, t: Texts, withdraw: Withdraw) -> None:
    with el("section", "order", data_testid="after-sale", data_id=sale.id):
        with el("div", "card-head"):
            text("strong", sale.kind_text)
            text("span", sale.order_no, "number")
            text("span", sale.state_text, "chip", data_state=sale.state)
        for item in sale.items:
            show_item(item.name, item.spec, item.qty, None, None, t)
        with el("dl", "facts"):
            if sale.target:
                fact(t("target"), f"{sale.target.name} {sale.target.spec}")
            fact(t("reason"), sale.reason_text)
            if sale.refund_fen:
                fact(t("card_refund"), money_back(sale.refund_fen, sale.method_text, t))
            if sale.postage_by:
                fact(t("postage"), t(f"postage_{sale.postage_by}"))
            if sale.next_step:
                fact(t("next_step"), sale.next_step)
        with el("ol", "scans"):
            for step in sale.timeline:
                with el("li"):
                    moment(step.at)
                    text("span", step.text)
        if sale.can_withdraw.allowed:
            with el("div", "order-actions"):
                back = button(t("act_withdraw"), "quiet small", data_testid="act-withdraw")
                back.on("click", lambda: withdraw(sale), args=[])
            text("p", t("act_not_yours"), "hint act-hint")


def _show_refund(refund: Refund, t: Texts) -> None:
    with el("section", "order", data_testid="refund"):
        with el("div", "card-head"):
            text("strong", money(refund.amount_fen), "number")
            text("span", refund.order_no, "number")
            text("span", refund.state_text, "chip", data_state=refund.state)
        with el("div", "order-foot"):
            text("span", " · ".join(filter(None, (refund.reason_text, refund.method_text))), "hint")
            at = refund.done_at or refund.expected_at or refund.created_at
            with el("span", "hint"):
                if not refund.done_at and refund.expected_at:
                    text("span", t("money_expected"))
                moment(at)

"""refund_status: what became of money and goods on their way back."""

import asyncio

from rasa_sdk.executor import CollectingDispatcher

from actions.after_sales.request import facts
from actions.backend.contract import Actor, AfterSale, Customer, Order, OrderPage, Refund
from actions.cards import return_card
from actions.order_answers import OrderAction, sure_actor
from actions.order_choice import ValidateOrderForm
from actions.shop import ask_shop, shop
from actions.turn import Turn
from actions.wording import button, expected, human_offer, moment, money, order_title

UNDER_WAY = {"requested", "approved", "received", "pending", "processing", "failed"}
TOLD = 3  # matters of an order, those under way and the newest first


class ValidateRefundStatusForm(ValidateOrderForm):
    """Finds the order whose refunds and returns are asked for: the one where something is under way."""

    form = "refund_status_form"
    intent = "refund_status"

    async def choosable(self, turn: Turn, customer: Customer, orders: list[Order]) -> list[Order]:
        matters = await _matters(turn, customer)
        live = {matter.order_no for matter in matters if matter.state in UNDER_WAY}
        numbers = live or {matter.order_no for matter in matters}
        return [order for order in orders if order.no in numbers] or orders

    async def _topic(
        self, turn: Turn, customer: Customer, page: OrderPage, offered: list[Order]
    ) -> Order | None:
        topic = await super()._topic(turn, customer, page, offered)
        return topic if topic in offered else None


class ActionRefundStatus(OrderAction):
    """Tells of each refund and after-sale of the order: how much, how far, and what comes next."""

    intent = "refund_status"

    def name(self) -> str:
        return "action_refund_status"

    async def tell(
        self, say: CollectingDispatcher, turn: Turn, order: Order, others: list[dict[str, str]]
    ) -> None:
        matters = await _matters(turn, sure_actor(turn, order), order.no)
        sales = {matter.id for matter in matters if isinstance(matter, AfterSale)}
        refunds = {m.after_sale: m for m in matters if isinstance(m, Refund) and m.after_sale in sales}
        matters = [m for m in matters if not (isinstance(m, Refund) and m.after_sale in sales)]
        matters.sort(key=lambda matter: matter.state not in UNDER_WAY)
        if not matters:
            ways = [button("return", f'/return_request{{"order_no": "{order.no}"}}'), *others]
            say.utter_message(response="utter_refund_status_none", title=order_title(order), buttons=ways)
        for matter in matters[:TOLD]:
            buttons = others if matter is matters[:TOLD][-1] else []
            if isinstance(matter, Refund):
                _tell_refund(say, order, matter, buttons)
            else:
                _tell_after_sale(say, matter, refunds.get(matter.id), buttons)


async def _matters(turn: Turn, actor: Actor, order_no: str | None = None) -> list[AfterSale | Refund]:
    """Refunds and after-sales, newest first, of one order or all."""
    sales, refunds = await asyncio.gather(
        ask_shop(turn, shop().after_sales, actor, order_no=order_no),
        ask_shop(turn, shop().refunds, actor, order_no=order_no),
    )
    return sorted([*sales.items, *refunds.items], key=lambda matter: matter.created_at, reverse=True)


def _tell_after_sale(
    say: CollectingDispatcher, sale: AfterSale, refund: Refund | None, buttons: list[dict[str, str]]
) -> None:
    money_told = sale.refund_fen and sale.state in UNDER_WAY
    what = "refunds" if money_told else "goods"
    said = facts(sale)
    if refund:
        what = refund.state if refund.state in {"done", "failed"} else "processing"
        said |= _of_refund(refund)
    say.utter_message(
        response=f"utter_refund_status_after_sale_{what}",
        buttons=_with_human(what, buttons),
        json_message={"card": return_card(sale)},
        **said,
    )


def _tell_refund(
    say: CollectingDispatcher, order: Order, refund: Refund, buttons: list[dict[str, str]]
) -> None:
    what = refund.state if refund.state in {"done", "failed"} else "processing"
    say.utter_message(
        response=f"utter_refund_status_{what}",
        title=order_title(order),
        buttons=_with_human(what, buttons),
        **_of_refund(refund),
    )


def _of_refund(refund: Refund) -> dict[str, str]:
    at = refund.done_at or refund.expected_at
    return {
        "amount": money(refund.amount_fen),
        "method": refund.method_text,
        "reason": refund.reason_text,
        "at": moment(refund.done_at) if refund.done_at else "",
        "when": expected(at, "money"),
    }


def _with_human(what: str, buttons: list[dict[str, str]]) -> list[dict[str, str]]:
    return [*human_offer(), *buttons] if what == "failed" else buttons

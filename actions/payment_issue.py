"""payment_issue: which orders are unpaid, and what the shop knows of a payment."""

from datetime import UTC, datetime

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.backend.contract import Customer, Order
from actions.cards import order_card
from actions.faq import ActionNearestTopics
from actions.shop import ask_shop, shop
from actions.turn import Turn, TurnAction
from actions.wording import human_offer, lines, moment, money, order_title, says, wording

SHOWN = 3


class ActionPaymentIssue(TurnAction):
    """Tells the state of payment as the shop has it. It promises no money: that is a colleague's to see."""

    def name(self) -> str:
        return "action_payment_issue"

    async def act(self, say: CollectingDispatcher, turn: Turn) -> list[EventType]:
        twice = says("paid_twice", turn.text)
        if turn.text and not twice and not says("payment_state", turn.text):
            return await ActionNearestTopics().act(say, turn)
        if not turn.customer:
            say.utter_message(response="utter_payment_issue_sign_in", buttons=human_offer())
            return []
        if twice:
            say.utter_message(response="utter_payment_issue_twice", buttons=human_offer())
            return []
        orders = await _orders(turn, turn.customer)
        unpaid = [order for order in orders if order.status == "pending_payment"]
        told = unpaid[:SHOWN] or orders[:1]
        claimed = says("paid_already", turn.text)
        what = ("claimed" if claimed else "unpaid") if unpaid else "none" if not orders else "paid"
        if what == "paid" and not orders[0].paid_at:
            what = "other"
        last = orders[0] if orders else None
        say.utter_message(
            response=f"utter_payment_issue_{what}",
            orders=lines(_line(order) for order in unpaid[:SHOWN]),
            title=order_title(last) if last else "",
            status=last.status_text if last else "",
            at=moment(last.paid_at) if last and last.paid_at else "",
            buttons=[] if what == "unpaid" else human_offer(),
            json_message={"cards": [order_card(order) for order in told]} if told else None,
        )
        return [SlotSet("order_no", told[0].no)] if len(told) == 1 else []


async def unpaid_orders(turn: Turn, customer: Customer) -> list[Order]:
    """Her orders that wait for payment, newest first."""
    return [order for order in await _orders(turn, customer) if order.status == "pending_payment"]


async def _orders(turn: Turn, customer: Customer) -> list[Order]:
    page = await ask_shop(turn, shop().orders, customer)
    return list(page.items)


def _line(order: Order) -> str:
    """An unpaid order: what it costs and how long it is kept."""
    left = ""
    if order.pay_before:
        minutes = int((order.pay_before - datetime.now(UTC)).total_seconds() // 60)
        unit = "over" if minutes < 1 else "minutes" if minutes < 60 else "hours"
        left = wording()["time_left"][unit].format(minutes=minutes, hours=minutes // 60, rest=minutes % 60)
    return f"{order_title(order)}（{order.no}），{money(order.amounts.due_fen)}{left}"

"""order_status: what state an order is in."""

from rasa_sdk.executor import CollectingDispatcher

from actions.backend.contract import Order
from actions.cards import order_card
from actions.order_answers import OrderAction
from actions.order_choice import ValidateOrderForm
from actions.turn import Turn
from actions.wording import button, moment, order_title

TOLD = {"pending_payment", "paid", "shipped", "delivered", "completed", "cancelled"}


class ValidateOrderStatusForm(ValidateOrderForm):
    """Finds the order whose state is asked for."""

    form = "order_status_form"
    intent = "order_status"


class ActionOrderStatus(OrderAction):
    """Tells the state of the order that the form found, with its card."""

    intent = "order_status"

    def name(self) -> str:
        return "action_order_status"

    async def tell(
        self, say: CollectingDispatcher, turn: Turn, order: Order, others: list[dict[str, str]]
    ) -> None:
        buttons = []
        if order.status in {"shipped", "delivered"}:
            buttons.append(button("logistics", f'/logistics_track{{"order_no": "{order.no}"}}'))
        reached = {
            "pending_payment": order.placed_at,
            "paid": order.paid_at,
            "shipped": order.shipped_at,
            "delivered": order.delivered_at,
            "completed": order.delivered_at,
        }.get(order.status)
        say.utter_message(
            response=f"utter_order_{order.status if order.status in TOLD else 'other'}",
            title=order_title(order),
            order_no=order.no,
            status=order.status_text,
            at=moment(reached or order.placed_at),
            buttons=[*buttons, *others],
            json_message={"card": order_card(order)},
        )

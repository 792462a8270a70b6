"""order_status: what state an order is in."""

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.cards import order_card
from actions.job import unfinished
from actions.order_choice import OTHER, ValidateOrderForm, chosen_order
from actions.turn import Turn, TurnAction
from actions.wording import button, moment, order_title

TOLD = {"pending_payment", "paid", "shipped", "delivered", "completed", "cancelled"}


class ValidateOrderStatusForm(ValidateOrderForm):
    """Finds the order whose state is asked for."""

    form = "order_status_form"
    intent = "order_status"


class ActionOrderStatus(TurnAction):
    """Tells the state of the order that the form found, with its card."""

    def name(self) -> str:
        return "action_order_status"

    async def act(self, say: CollectingDispatcher, turn: Turn) -> list[EventType]:
        chosen = chosen_order(turn)
        if not chosen:
            return []  # the form ended without an order and has said why
        order, several = chosen
        buttons = []
        if order.status in {"shipped", "delivered"}:
            buttons.append(button("logistics", f'/logistics_track{{"order_no": "{order.no}"}}'))
        buttons += unfinished(turn)
        if several:
            buttons.append(button("other_orders", f'/order_status{{"ordinal": "{OTHER}"}}'))
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
            buttons=buttons,
            json_message={"card": order_card(order)},
        )
        return [SlotSet("order", None)]

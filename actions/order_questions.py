"""How the shopper is asked for an order: which of her own, or for what proves one to be hers."""

import math

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.backend.contract import Order
from actions.cards import order_card, restored
from actions.turn import HUMAN, Turn, TurnAction
from actions.wording import button, order_button, says

ATTEMPTS = 2  # failed attempts after which a human is offered

# Values of the entity `ordinal` that only buttons send.
MORE = "more"
OTHER = "other"


def need(slot: str, failed: int, *known: EventType) -> list[EventType]:
    """Has the form ask for ``slot``, after so many failed attempts."""
    return [*known, SlotSet("order_attempts", failed), SlotSet("requested_slot", slot)]


def leave() -> list[EventType]:
    """Ends a form without an order; its answering action then stays silent."""
    return [SlotSet("order", None), SlotSet("order_choices", None), SlotSet("requested_slot", None)]


def locked(say: CollectingDispatcher, seconds: float) -> list[EventType]:
    """Ends the form, as there were too many wrong proofs; tells when they are taken again."""
    say.utter_message(response="utter_verification_locked", minutes=str(max(1, math.ceil(seconds / 60))))
    return [*leave(), SlotSet("order_no", None), SlotSet("phone_tail", None)]


def shown_orders(turn: Turn) -> list[Order]:
    """The orders last offered to this customer, as they were shown."""
    choices = turn.slot("order_choices")
    # Who speaks may have changed since: one customer's list is never another's.
    if not choices or not turn.customer or choices["customer"] != turn.customer.id:
        return []
    return [restored(order) for order in choices["orders"]]


class AskOrderNo(TurnAction):
    """Asks a customer which of her orders, a visitor for the order number."""

    def name(self) -> str:
        return "action_ask_order_no"

    async def act(self, say: CollectingDispatcher, turn: Turn) -> list[EventType]:
        failed = int(turn.slot("order_attempts") or 0)
        orders = shown_orders(turn)
        if not orders:
            _ask_for(say, turn, "order_no", failed)
            return []
        choices = turn.slot("order_choices")
        if turn.digressed:
            response, cards = "utter_choose_order_still", False
        elif failed >= ATTEMPTS:
            response, cards = "utter_offer_human", False  # the cards still stand above
        elif choices["unknown"]:
            response, cards = "utter_order_not_found", True
        elif failed:
            response, cards = "utter_choose_order_again", False
        else:
            response, cards = "utter_choose_order", True
        buttons = [
            {"title": order_button(order), "payload": f'/inform{{"order_no": "{order.no}"}}'}
            for order in orders
        ]
        if choices["more"]:
            buttons.append(button("more", f'/inform{{"ordinal": "{MORE}"}}'))
        if response == "utter_offer_human":
            buttons.append(button("human", HUMAN))
        say.utter_message(
            response=response,
            buttons=buttons,
            json_message={"cards": [order_card(order) for order in orders]} if cards else None,
        )
        return []


class AskPhoneTail(TurnAction):
    """Asks a visitor for the last digits of the phone that the order was placed with."""

    def name(self) -> str:
        return "action_ask_phone_tail"

    async def act(self, say: CollectingDispatcher, turn: Turn) -> list[EventType]:
        if says("forgotten", turn.text) and not turn.digressed:
            say.utter_message(response="utter_ask_phone_tail_forgotten", buttons=[button("human", HUMAN)])
            return []
        _ask_for(say, turn, "phone_tail", int(turn.slot("order_attempts") or 0))
        return []


def _ask_for(say: CollectingDispatcher, turn: Turn, slot: str, failed: int) -> None:
    """Ask a visitor for a value; after two failed attempts offer a human as well."""
    if turn.digressed or not failed:
        say.utter_message(response=f"utter_ask_{slot}")
    elif failed < ATTEMPTS:
        say.utter_message(response=f"utter_ask_{slot}_again")
    else:
        say.utter_message(response="utter_offer_human", buttons=[button("human", HUMAN)])

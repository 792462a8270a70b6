"""human_agent: handing the conversation to a colleague, with what is known."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from rasa_sdk.events import ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.backend.contract import ShopError
from actions.cards import order_card
from actions.shop import ask_shop, shop
from actions.turn import UNSURE, Turn, TurnAction
from actions.visitors import actor_for

ORDERS = 3  # of those spoken of, the last ones
# What the agent gets to see of the slots: neither the phone nor the token that opens an order.
SLOTS = ("order_no", "product", "tracking_no", "courier")

# Why a human is asked for, by what the bot said before.
AFTER = {
    "utter_shop_unavailable": "action_failed",
    "utter_write_unsure": "action_failed",
    "utter_write_failed": "action_failed",
    "utter_offer_human": "repeated_failure",
    "utter_evidence_stuck": "repeated_failure",
    "utter_unclear_twice": "repeated_failure",
    "utter_verification_locked": "repeated_failure",
    "utter_refused": "policy",
    "utter_over_limit": "policy",
    "utter_invoice_special": "policy",
    "utter_invoice_requested": "policy",
    "utter_invoice_issued": "policy",
    "utter_left_twice": "policy",
}


class ActionHandoff(TurnAction):
    """Hands over to a human with the reason, the slots and the orders spoken of."""

    def name(self) -> str:
        return "action_handoff"

    async def act(self, say: CollectingDispatcher, turn: Turn) -> list[EventType]:
        return await hand_over(say, turn)


async def hand_over(say: CollectingDispatcher, turn: Turn) -> list[EventType]:
    """Say that a colleague takes over and put the packet beside it; ends an active form."""
    reason = _reason(turn)
    slots = {name: value for name in SLOTS if (value := turn.known(name))}
    if turn.settled:
        slots["settled"] = turn.settled
    handoff: dict[str, Any] = {"reason": reason, "slots": slots, "orders": await _orders(turn)}
    say.utter_message(response=f"utter_handoff_{reason}", json_message={"handoff": handoff})
    # What a job has collected, such as an address, is not kept.
    return [ActiveLoop(None), SlotSet("requested_slot", None), SlotSet("job", None)]


def _reason(turn: Turn) -> str:
    if turn.intent == "complain_service":
        return "complaint"
    if turn.intent in UNSURE:
        return "low_confidence"
    said = (turn.last_said.get("metadata") or {}).get("utter_action", "")
    return AFTER.get(said, "asked_for_human")


async def _orders(turn: Turn) -> list[dict[str, Any]]:
    """The orders spoken of as they are now; those that the shop does not give are left out."""
    spoken: list[str] = []
    for event in reversed(turn.events):
        if event["event"] == "slot" and event["name"] == "order_no" and isinstance(event["value"], str):
            spoken.append(event["value"])
    found = await asyncio.gather(*(_snapshot(turn, no) for no in list(dict.fromkeys(spoken))[:ORDERS]))
    return [snapshot for snapshot in found if snapshot]


async def _snapshot(turn: Turn, no: str) -> dict[str, Any] | None:
    actor = actor_for(turn, no)
    if actor is None:
        return None
    try:
        order = await ask_shop(turn, shop().order, actor, no)
    except ShopError:
        return None  # a handoff waits for nobody
    return {**order_card(order), "as_of": datetime.now(UTC).isoformat(timespec="seconds")}

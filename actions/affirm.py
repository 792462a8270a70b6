"""affirm: a yes outside of a form. To the offer of a human it means the human."""

from typing import Any

from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.human_agent import hand_over
from actions.turn import HUMAN, NO_THANKS, Turn, TurnAction

LOOKS = ("/logistics_track", "/refund_status")


class ActionAffirm(TurnAction):
    """Hands over after a yes to that offer; says that a job done is done; else asks what it is about."""

    def name(self) -> str:
        return "action_affirm"

    async def act(self, say: CollectingDispatcher, turn: Turn) -> list[EventType]:
        if others := _others_offered(turn):
            say.utter_message(response="utter_affirm_which", buttons=others)
            return []
        if turn.offered_human:
            return await hand_over(say, turn)
        job = turn.slot("job") or {}
        shown = turn.entity("proposal")
        if job.get("outcome") == "done" and (shown == job["key"] or turn.turns_since("job") == 1):
            say.utter_message(response="utter_done_already")
        elif shown:
            undecided = shown == job.get("key") and job.get("failures")
            say.utter_message(response="utter_left_undecided" if undecided else "utter_nothing_to_confirm")
        else:
            say.utter_message(response="utter_affirm")
        return []


def _others_offered(turn: Turn) -> list[dict[str, Any]]:
    """The buttons of what was just offered, where that was more than a human: a yes picks none of them."""
    said = turn.last_said
    if (said.get("metadata") or {}).get("utter_action") not in {"utter_refused", "utter_ask_back"}:
        return []
    buttons: list[dict[str, Any]] = (said.get("data") or {}).get("buttons") or []
    # Beside the offer of a human what only tells more is no answer to a yes.
    none = {HUMAN, NO_THANKS, *(LOOKS if turn.offered_human else ())}
    return buttons if any(each["payload"].partition("{")[0] not in none for each in buttons) else []

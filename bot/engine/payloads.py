"""What a button sends in place of words."""

from __future__ import annotations

import json
import re
from typing import Any

from rasa.nlu.constants import (
    RESPONSE_SELECTOR_PREDICTION_KEY,
    RESPONSE_SELECTOR_PROPERTY_NAME,
    RESPONSE_SELECTOR_RESPONSES_KEY,
    RESPONSE_SELECTOR_UTTER_ACTION_KEY,
)
from rasa.shared.core.constants import USER_INTENT_BACK, USER_INTENT_RESTART, USER_INTENT_SESSION_START
from rasa.shared.core.domain import Domain

from bot.engine.nlu.faq import FAQ

_PAYLOAD = re.compile(
    r"/(?P<intent>[A-Za-z0-9_]+)(?:/(?P<topic>[A-Za-z0-9_]+))?(?P<slots>\{.*\})?", re.DOTALL
)
# Rasa knows these everywhere; they would wipe a conversation.
_FORBIDDEN = frozenset((USER_INTENT_RESTART, USER_INTENT_BACK, USER_INTENT_SESSION_START))


class BadPayload(Exception):
    """A payload that no button of this bot has."""

    def __init__(self) -> None:
        super().__init__("Send the payload of a button as this bot offered it.")


def read_payload(payload: str, domain: Domain) -> dict[str, Any]:
    """Read a button's ``/intent{"entity": "value"}`` or ``/faq/topic`` as Rasa's parse result.

    Raises:
        BadPayload: it is no payload, or names an intent, entity or topic that the model does not know.
    """
    match = _PAYLOAD.fullmatch(payload)
    intent = match["intent"] if match else ""
    if not match or intent not in domain.intents or intent in _FORBIDDEN:
        raise BadPayload()
    try:
        values = json.loads(match["slots"] or "{}")
    except (ValueError, RecursionError):
        raise BadPayload() from None
    if not values.keys() <= set(domain.entities):
        raise BadPayload()
    reading = {"name": intent, "confidence": 1.0}
    parsed: dict[str, Any] = {
        "text": payload,
        "intent": reading,
        "intent_ranking": [reading],
        "entities": [
            {"entity": name, "value": value, "start": match.start("slots"), "end": match.end("slots")}
            for name, value in values.items()
        ],
    }
    if intent == FAQ or match["topic"]:
        utter = f"utter_{intent}/{match['topic']}"
        if intent != FAQ or utter not in domain.responses:
            raise BadPayload()
        parsed[RESPONSE_SELECTOR_PROPERTY_NAME] = {
            FAQ: {
                RESPONSE_SELECTOR_PREDICTION_KEY: {
                    RESPONSE_SELECTOR_RESPONSES_KEY: domain.responses[utter],
                    "confidence": 1.0,
                    "intent_response_key": f"{intent}/{match['topic']}",
                    RESPONSE_SELECTOR_UTTER_ACTION_KEY: utter,
                },
                "ranking": [],
            }
        }
    return parsed

"""What the conversation so far makes of a message that is unclear by itself."""

from __future__ import annotations

from typing import Any

from rasa.core.actions.forms import FormAction
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME as UNSURE
from rasa.shared.core.constants import REQUESTED_SLOT, SlotMappingType
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.engine.nlu.faq import COUNTS_AS
from bot.engine.nlu.intent_classifier import THRESHOLD
from bot.engine.nlu.normalizer import normalize

INFORM = "inform"

# A fragment goes on with the topic of the turn before: what its odds for that are multiplied by, how many
# characters it may have, and how probable that topic must be by the words alone.
_TOPIC_ODDS = 5.0
_FRAGMENT = 12
_PLAUSIBLE = 0.1


def tapped(text: str, tracker: DialogueStateTracker) -> str | None:
    """Return the payload of the last offered button whose title was typed, or None.

    After readings were offered, their number ("2", "第二个") does as well.
    """
    buttons = _offered(tracker)
    said = normalize(text).strip("。.!~ ")
    for button in buttons:
        if said == normalize(button["title"]):
            return str(button["payload"])
    number = _NUMBERS.get(said)
    if number and number <= len(buttons) and all(b["payload"].startswith("/") for b in buttons):
        return str(buttons[number - 1]["payload"])
    return None


_NUMBERS = {
    spelling: number
    for number, digit in enumerate("一二三四", start=1)
    for spelling in (str(number), digit, f"第{digit}个", f"第{number}个", f"选{number}", f"选{digit}")
}


def _offered(tracker: DialogueStateTracker) -> list[dict[str, Any]]:
    """The buttons under the bot's last utterance."""
    for event in reversed(tracker.events):
        if isinstance(event, BotUttered):
            return list(event.data.get("buttons") or ())
    return []


def in_context(parsed: dict[str, Any], tracker: DialogueStateTracker, domain: Domain) -> None:
    """Read ``parsed`` again in the light of ``tracker``, which does not hold the message yet.

    A value that the bot asked for is an answer, however bare. An unsure fragment is believed to go on with
    what the shopper spoke of before, if its words allow that.
    """
    if parsed["intent"]["name"] != UNSURE:
        return
    if _answers_the_form(parsed, tracker, domain):
        _believe(parsed, {"name": INFORM, "confidence": 1.0})
    elif len(parsed["text"]) <= _FRAGMENT and (topic := _topic(tracker)):
        for reading in parsed["intent_ranking"][1:]:
            likely = reading["confidence"]
            if reading.get(COUNTS_AS, reading["name"]) == topic and likely >= _PLAUSIBLE:
                likely = likely * _TOPIC_ODDS / (1 + likely * (_TOPIC_ODDS - 1))
                if likely >= parsed[THRESHOLD]:
                    _believe(parsed, {**reading, "confidence": likely})
                return


def _believe(parsed: dict[str, Any], reading: dict[str, Any]) -> None:
    others = [r for r in parsed["intent_ranking"] if r["name"] not in (UNSURE, reading["name"])]
    parsed["intent"] = reading
    parsed["intent_ranking"] = [reading, *others]


def _answers_the_form(parsed: dict[str, Any], tracker: DialogueStateTracker, domain: Domain) -> bool:
    slot = tracker.get_slot(REQUESTED_SLOT)
    if not tracker.active_loop_name or not slot or INFORM not in domain.intents:
        return False
    form = FormAction(tracker.active_loop_name, None)
    asked = {
        mapping["entity"]
        for mapping in form.get_mappings_for_slot(slot, domain)
        if mapping.get("type") == str(SlotMappingType.FROM_ENTITY)
    }
    return any(entity["entity"] in asked for entity in parsed["entities"])


def _topic(tracker: DialogueStateTracker) -> str | None:
    """What the shopper's last message was about."""
    intent = (tracker.latest_message.intent if tracker.latest_message else None) or {}
    name = intent.get(COUNTS_AS) or intent.get("name")
    return None if name == UNSURE else name

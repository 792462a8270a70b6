"""What the conversation so far makes of a message that is unclear by itself."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME as UNSURE
from rasa.shared.core.constants import REQUESTED_SLOT, SlotMappingType
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.engine.nlu.faq import COUNTS_AS
from bot.engine.nlu.intent_classifier import THRESHOLD
from bot.engine.nlu.normalizer import normalize
from bot.engine.requests import INFORM, wording
from bot.wordings import Words

# What is requested while a form waits for a yes before it acts.
CONFIRMED = "confirmed"

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
    if not buttons:
        return None
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

    A plain yes or no is one where it is awaited, and a value that the bot asked for is an answer, however
    bare. An unsure fragment is believed to go on with what the shopper spoke of before, if its words allow
    that.
    """
    asked = tracker.get_slot(REQUESTED_SLOT) if tracker.active_loop_name else None
    if asked == CONFIRMED and (answer := yes_or_no(parsed["text"])) in domain.intents:
        believe(parsed, {"name": answer, "confidence": 1.0})
    elif parsed["intent"]["name"] != UNSURE:
        return
    elif asked and _answers(parsed, asked, domain):
        believe(parsed, {"name": INFORM, "confidence": 1.0})
    elif len(parsed["text"]) <= _FRAGMENT and (topic := _topic(tracker)):
        for reading in parsed["intent_ranking"][1:]:
            likely = reading["confidence"]
            if reading.get(COUNTS_AS, reading["name"]) == topic and likely >= _PLAUSIBLE:
                likely = likely * _TOPIC_ODDS / (1 + likely * (_TOPIC_ODDS - 1))
                if likely >= parsed[THRESHOLD]:
                    believe(parsed, {**reading, "confidence": likely})
                return


def believe(parsed: dict[str, Any], reading: dict[str, Any]) -> None:
    """Put ``reading`` first in ``parsed``."""
    others = [r for r in parsed["intent_ranking"] if r["name"] not in (UNSURE, reading["name"])]
    parsed["intent"] = reading
    parsed["intent_ranking"] = [reading, *others]


def _answers(parsed: dict[str, Any], slot: str, domain: Domain) -> bool:
    """Whether the message holds a value of the entities that fill ``slot``."""
    if INFORM not in domain.intents:
        return False
    mappings = next((each.mappings for each in domain.slots if each.name == slot), [])
    wanted = {
        mapping["entity"] for mapping in mappings if mapping.get("type") == str(SlotMappingType.FROM_ENTITY)
    }
    return any(entity["entity"] in wanted for entity in parsed["entities"])


def yes_or_no(text: str) -> str | None:
    """Return ``affirm`` or ``deny`` for what is nothing but a yes or a no, however often said; else None."""
    typed, words = normalize(text).lower(), _short_answers(wording())
    if typed and not typed.strip(wording()["nods"]):
        return "affirm"
    said = _solid(typed)
    if len(said) > _FRAGMENT:
        return None
    if words["yes"].fullmatch(said):
        # "要" and "是" are a yes, "要是" and "可以?" are none.
        return None if words["hesitation"].search(typed) else "affirm"
    return "deny" if words["no"].fullmatch(said) else None


def _solid(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)


@lru_cache(1)
def _short_answers(words: Words) -> dict[str, re.Pattern[str]]:
    """How a yes, a no and a hesitation are said, by data/wording.yml."""
    said = {kind: [normalize(word).lower() for word in words[kind]] for kind in ("yes", "no", "hesitation")}
    patterns = {kind: re.compile(f"(?:{'|'.join(map(_solid, said[kind]))})+") for kind in ("yes", "no")}
    return patterns | {"hesitation": re.compile("|".join(map(re.escape, said["hesitation"])))}


def _topic(tracker: DialogueStateTracker) -> str | None:
    """What the shopper's last message was about."""
    intent = (tracker.latest_message.intent if tracker.latest_message else None) or {}
    name = intent.get(COUNTS_AS) or intent.get("name")
    return None if name == UNSURE else name

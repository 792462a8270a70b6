"""The second request of a message that holds two."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME as UNSURE

from bot.engine.fingerprint import bot_folder
from bot.engine.nlu.faq import COUNTS_AS, FAQ
from bot.followed import Followed
from bot.wordings import Words, words

INFORM = "inform"

_BREAK = re.compile(r"[，,。.；;！!？?\n~～…]+|\s+|另外|还有|顺便|顺带|然后|对了|以及|同时")
# "Not to return it, only to ask …": the clauses would say the opposite of the whole.
_NOT = re.compile(r"不是|不用|不要|不想|不问|不需|没让|没说|除了|甭|别[^的人家]|先别|與其|与其")
_LEAST = 3
_OF_GOODS = {"product", "size", "colour", "height", "weight"}
_BY_CATALOGUE = {"stock", "size_recommend"}
_NUMBERS = ("order_no", "tracking_no", "phone_tail")
_LABELS = re.compile(r"(?:我的?)?(?:订单号?|单号|运单号?|手机)?(?:尾号|号码?|号)?(?:[是为:：]|就是)?(?=\s|$)")
_MOST = 4


def clauses(text: str) -> list[str]:
    """The parts of a message that could be requests of their own; none where it has but one part.

    Only the first few count: nobody has five requests, and each is read by itself. Of a message that says
    what is not wanted there are none.
    """
    if _NOT.search(text):
        return []
    parts = [part.strip() for part in _BREAK.split(text)]
    parts = [part for part in parts if len(part) >= _LEAST]
    return parts[:_MOST] if len(parts) > 1 else []


def beside_numbers(parsed: dict[str, Any]) -> str | None:
    """What a message says beside its numbers ("查快递 2026112000012345"), where it says anything.

    For one that is unclear, or that seems to bring nothing but the number.
    """
    numbers = [entity for entity in parsed["entities"] if entity["entity"] in _NUMBERS]
    if parsed["intent"]["name"] not in (UNSURE, INFORM) or not numbers:
        return None
    rest = parsed["text"]
    for number in sorted(numbers, key=lambda entity: int(entity["start"]), reverse=True):
        rest = rest[: number["start"]] + " " + rest[number["end"] :]
    rest = _LABELS.sub("", rest).strip(" ,，。:：")
    return rest if len(re.findall(r"[^\W\d_]", rest)) >= _LEAST else None


def about_me(parsed: dict[str, Any]) -> str | None:
    """The intent of a question that only the shop's records of this shopper answer."""
    likely = {r.get(COUNTS_AS) or r["name"] for r in parsed["intent_ranking"][:_MOST]}
    asked = (intent for intent, said in _asked_of_records().items() if said.search(parsed["text"]))
    return next((intent for intent in asked if intent in likely), None)


def of_goods(parsed: dict[str, Any]) -> str | None:
    """The intent of a question that the catalogue answers: whether a named thing is there, or fits."""
    intent = parsed["intent"].get(COUNTS_AS)
    named = {entity["entity"] for entity in parsed["entities"]} & _OF_GOODS
    if intent not in _BY_CATALOGUE or not named or _not_yet().search(parsed["text"]):
        return None
    return str(intent)


def is_wish(parsed: dict[str, Any]) -> bool:
    """Whether it is a clear request for more than a written answer."""
    return parsed["intent"]["name"] in _titles()


def another(parsed: dict[str, Any], readings: Sequence[dict[str, Any]]) -> dict[str, str] | None:
    """Return a button, ``{title, payload}``, for what the clauses ask besides the message's own reading.

    Only where the message's reading is found again in one of its clauses: else they are parts of one
    request, each of which may look like something else by itself.
    """
    own = wish(parsed)
    if not own or own not in map(wish, readings):
        return None
    others = (reading for reading in readings if wish(reading) not in (None, own))
    return next(map(_button, others), None)


def wish(parsed: dict[str, Any]) -> str | None:
    """Return the intent of a clear request; None of anything else."""
    intent = parsed["intent"]
    name = intent.get(COUNTS_AS) or intent["name"]
    return name if name != UNSURE and name in _titles() else None


def _button(parsed: dict[str, Any]) -> dict[str, str]:
    name = parsed["intent"]["name"]
    if name == FAQ:
        topic = parsed["response_selector"][FAQ]["ranking"][0]
        return {"title": topic["title"], "payload": f"/{topic['intent_response_key']}"}
    return {"title": _titles()[name], "payload": f"/{name}"}


def wording() -> Words:
    """What data/wording.yml says now."""
    return _followed().now()


@cache
def _followed() -> Followed[Any, Words]:
    return words(bot_folder())


def _not_yet() -> re.Pattern[str]:
    return re.compile("|".join(wording()["not_yet_there"]))


def _asked_of_records() -> dict[str, re.Pattern[str]]:
    return _asked(wording())


@lru_cache(1)
def _asked(words: Words) -> dict[str, re.Pattern[str]]:
    return {intent: re.compile("|".join(patterns)) for intent, patterns in words["about_me"].items()}


def _titles() -> dict[str, str]:
    """What each request is called on a button; what has no title is no request."""
    titles: dict[str, str] = wording()["readings"]
    return titles

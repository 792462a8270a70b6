"""What the conversation makes of a message that is unclear by itself."""

from typing import Any

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, BotUttered, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.engine.context import in_context, tapped, yes_or_no
from bot.engine.requests import wording

DOMAIN = Domain.from_yaml("""
version: "3.1"
intents: [inform, logistics_track, size_recommend, greet, affirm, deny]
entities: [size, order_no, colour]
slots:
  size: {type: text, mappings: [{type: from_entity, entity: size}]}
  remark: {type: any, mappings: [{type: custom}]}
  confirmed: {type: any, mappings: [{type: custom}]}
forms:
  size_form: {required_slots: [size]}
""")


def conversation(*events: Any) -> DialogueStateTracker:
    tracker = DialogueStateTracker("c", DOMAIN.slots)
    for event in events:
        tracker.update(event, DOMAIN)
    return tracker


def unsure(text: str, *readings: tuple[str, float], entity: str | None = None) -> dict[str, Any]:
    ranking = [{"name": name, "confidence": confidence} for name, confidence in readings]
    fallback = {"name": "nlu_fallback", "confidence": 1 - readings[0][1]}
    return {
        "text": text,
        "intent": fallback,
        "intent_ranking": [fallback, *ranking],
        "entities": [{"entity": entity, "value": "M"}] if entity else [],
        "threshold": 0.7,
    }


@pytest.mark.parametrize(("entity", "intent"), [("size", "inform"), ("order_no", "nlu_fallback")])
def test_the_value_a_form_waits_for_is_its_answer(entity: str, intent: str) -> None:
    tracker = conversation(ActiveLoop("size_form"), SlotSet("requested_slot", "size"))
    parsed = unsure("M码", ("size_recommend", 0.5), ("inform", 0.4), entity=entity)
    in_context(parsed, tracker, DOMAIN)
    assert parsed["intent"]["name"] == intent


@pytest.mark.parametrize("slot", ["remark", "not_in_the_domain"])
def test_what_no_entity_fills_is_left_as_it_is(slot: str) -> None:
    tracker = conversation(ActiveLoop("size_form"), SlotSet("requested_slot", slot))
    parsed = unsure("M码", ("size_recommend", 0.5), entity="size")
    in_context(parsed, tracker, DOMAIN)
    assert parsed["intent"]["name"] == "nlu_fallback"


@pytest.mark.parametrize(
    ("asked", "text", "intent"),
    [
        ("confirmed", "中", "affirm"),
        ("confirmed", "嗯…算了", "deny"),
        ("confirmed", "中，不过再等等", "nlu_fallback"),
        ("remark", "中", "nlu_fallback"),
    ],
)
def test_a_short_answer_counts_where_a_yes_is_awaited(asked: str, text: str, intent: str) -> None:
    tracker = conversation(ActiveLoop("size_form"), SlotSet("requested_slot", asked))
    parsed = unsure(text, ("size_recommend", 0.5))
    in_context(parsed, tracker, DOMAIN)
    assert parsed["intent"]["name"] == intent


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("好的好的！", "affirm"),
        ("OK，麻煩了", "affirm"),
        ("沒問題", "affirm"),
        ("👌🏻👌", "affirm"),
        ("😂👌", None),
        ("不用不用", "deny"),
        ("嗯 算了", "deny"),
        ("可以？", None),
        ("要是", None),
        ("行不行", None),
        ("行李", None),
        ("取消吧", None),
        ("", None),
    ],
)
def test_nothing_but_a_yes_or_a_no(text: str, answer: str | None) -> None:
    assert yes_or_no(text) == answer


def test_a_nod_is_a_yes_whatever_it_was_read_as() -> None:
    tracker = conversation(ActiveLoop("size_form"), SlotSet("requested_slot", "confirmed"))
    chitchat = {"name": "chitchat", "confidence": 0.9}
    parsed = {
        "text": "👌",
        "intent": chitchat,
        "intent_ranking": [chitchat],
        "entities": [],
        "threshold": 0.7,
    }
    in_context(parsed, tracker, DOMAIN)
    assert parsed["intent"]["name"] == "affirm"


def test_no_yes_of_the_list_hesitates() -> None:
    words = wording()
    assert not [yes for yes in words["yes"] for word in words["hesitation"] if word in yes.lower()]
    assert {yes_or_no(no) for no in words["no"]} == {"deny"}


def test_without_a_form_a_bare_value_stays_unclear() -> None:
    parsed = unsure("M码", ("size_recommend", 0.5), entity="size")
    in_context(parsed, conversation(), DOMAIN)
    assert parsed["intent"]["name"] == "nlu_fallback"


@pytest.mark.parametrize(
    ("text", "likely", "intent"),
    [
        pytest.param("还在南京吗", 0.4, "logistics_track", id="goes on"),
        pytest.param("还在南京吗", 0.05, "nlu_fallback", id="words speak against it"),
        pytest.param("还在南京吗我昨天就已经看到在南京了", 0.4, "nlu_fallback", id="no fragment"),
    ],
)
def test_a_fragment_goes_on_with_the_topic_before(text: str, likely: float, intent: str) -> None:
    tracker = conversation(UserUttered("到哪了", {"name": "logistics_track", "confidence": 0.9}))
    parsed = unsure(text, ("size_recommend", 0.45), ("logistics_track", likely))
    in_context(parsed, tracker, DOMAIN)
    assert parsed["intent"]["name"] == intent
    assert all(reading["confidence"] <= 1 for reading in parsed["intent_ranking"])


BUTTONS = [
    {"title": "查物流到哪了", "payload": "/logistics_track"},
    {"title": "转人工", "payload": "/human_agent"},
]


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ("查物流到哪了", "/logistics_track"),
        ("轉人工。", "/human_agent"),
        ("第二个", "/human_agent"),
        ("1", "/logistics_track"),
        ("3", None),
        ("转人工吧", None),
    ],
)
def test_a_title_typed_is_a_button_tapped(text: str, payload: str | None) -> None:
    tracker = conversation(
        ActionExecuted("action_ask_back"), BotUttered("您是想问哪一个？", {"buttons": BUTTONS})
    )
    assert tapped(text, tracker) == payload

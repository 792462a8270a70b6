"""A window of a conversation leads to what the whole of it leads to, in random dialogues.

Rasa as it comes predicts from all events; ours, with every patch, from what the store gives back of the last
turns. DIALOGUES in the environment says how many are tried (``make soak``: 10,000).
"""

import asyncio
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rasa.core.agent import Agent
from rasa.core.policies.memoization import MemoizationPolicy
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME, REQUESTED_SLOT
from rasa.shared.core.domain import State
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    BotUttered,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from bot.engine import patches
from bot.engine.graph import fit
from bot.engine.tracker_store import TurnStore
from bot.engine.turns import looks_back
from bot.engine.window import MOST_TURNS, TURNS

DIALOGUES = int(os.environ.get("DIALOGUES", "150"))
SEED = int(os.environ.get("SEED", "7"))

CONFIG = """
recipe: default.v1
language: zh
assistant_id: window
pipeline: [{name: KeywordIntentClassifier}]
policies:
- {name: RulePolicy, enable_fallback_prediction: false}
- {name: MemoizationPolicy, max_history: 6}
"""
NLU = """
version: "3.1"
nlu:
- {intent: greet, examples: "- 你好"}
- {intent: track, examples: "- 物流"}
- {intent: refund, examples: "- 退款"}
- {intent: faq, examples: "- 发票"}
- {intent: thanks, examples: "- 谢谢"}
- {intent: affirm, examples: "- 是"}
"""
DOMAIN = """
version: "3.1"
session_config: {session_expiration_time: 0, carry_over_slots_to_new_session: true}
intents: [greet, track, refund, faq, thanks, affirm]
entities: [order_no]
slots:
  order_no: {type: text, influence_conversation: false, mappings: [{type: from_entity, entity: order_no}]}
  member: {type: bool, influence_conversation: true, mappings: [{type: custom}]}
  mood: {type: categorical, values: [calm, angry], influence_conversation: true, mappings: [{type: custom}]}
  reason: {type: text, influence_conversation: true, mappings: [{type: custom}]}
forms:
  track_form: {required_slots: [order_no]}
  refund_form: {required_slots: [order_no, reason]}
actions: [action_track, action_refund, action_member]
responses:
  utter_greet: [{text: 您好}]
  utter_welcome: [{text: 欢迎}]
  utter_faq: [{text: 可以}]
  utter_sorry: [{text: 抱歉}]
  utter_thanks: [{text: 不客气}]
  utter_more: [{text: 还需要什么}]
"""
STORIES = """
version: "3.1"
rules:
- {rule: first greeting, conversation_start: true, steps: [{intent: greet}, {action: utter_welcome}]}
- {rule: question, steps: [{intent: faq}, {action: utter_faq}]}
- rule: angry
  condition: [{slot_was_set: [{mood: angry}]}]
  steps: [{intent: thanks}, {action: utter_sorry}]
- {rule: track, steps: [{intent: track}, {action: track_form}, {active_loop: track_form}]}
- rule: tracked
  condition: [{active_loop: track_form}]
  steps:
  - {action: track_form}
  - {active_loop: null}
  - {slot_was_set: [{requested_slot: null}]}
  - {action: action_track}
- {rule: refund, steps: [{intent: refund}, {action: refund_form}, {active_loop: refund_form}]}
- rule: a question in the form
  condition: [{active_loop: refund_form}]
  steps: [{intent: affirm}, {action: utter_more}, {action: refund_form}, {active_loop: refund_form}]
- rule: refunded
  condition: [{active_loop: refund_form}]
  steps:
  - {action: refund_form}
  - {active_loop: null}
  - {slot_was_set: [{requested_slot: null}]}
  - {action: action_refund}
stories:
- story: greeted twice
  steps:
  - {intent: greet}
  - {action: utter_welcome}
  - {intent: greet}
  - {action: utter_greet}
  - {intent: affirm}
  - {action: action_member}
  - {slot_was_set: [{member: true}]}
  - {intent: thanks}
  - {action: utter_thanks}
- story: thanks after the parcel
  steps:
  - {intent: track}
  - {action: track_form}
  - {active_loop: track_form}
  - {active_loop: null}
  - {slot_was_set: [{requested_slot: null}]}
  - {action: action_track}
  - {intent: thanks}
  - {action: utter_thanks}
  - {action: utter_more}
  - {intent: affirm}
  - {action: utter_greet}
- story: yes after yes
  steps:
  - {intent: affirm}
  - {action: utter_more}
  - {intent: affirm}
  - {action: action_member}
"""
INTENTS = ("greet", "track", "refund", "faq", "thanks", "affirm")
FORMS = ("track_form", "refund_form")


@pytest.fixture(scope="module")
def processor(tmp_path_factory: pytest.TempPathFactory) -> MessageProcessor:
    root = tmp_path_factory.mktemp("window")
    files = {
        "config.yml": CONFIG,
        "domain.yml": DOMAIN,
        "data/nlu/all.yml": NLU,
        "data/stories/all.yml": STORIES,
    }
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        fit(root / "window.tar.gz", lambda _: None)
    return Agent.load(root / "window.tar.gz").processor


@contextmanager
def as_it_comes() -> Iterator[None]:
    """Rasa without any patch."""
    for patch in patches.PATCHES:
        if patch.original:
            setattr(patch.owner, patch.name, patch.original)
        else:
            delattr(patch.owner, patch.name)
    try:
        yield
    finally:
        for patch in patches.PATCHES:
            setattr(patch.owner, patch.name, patch.replacement)


class Dialogue:
    """One dialogue, told to both."""

    def __init__(
        self, name: str, chance: random.Random, processor: MessageProcessor, store: TurnStore
    ) -> None:
        self.name, self.chance, self.processor, self.store = name, chance, processor, store
        self.whole = DialogueStateTracker(name, processor.domain.slots)

    async def play(self, turns: int) -> None:
        for number in range(turns):
            self.window, _ = await self.store.read(self.name, f"m{number}")
            assert len(self.window.events) <= 14 * (MOST_TURNS + TURNS)
            assert self.window.current_slot_values() == self.whole.current_slot_values()
            assert self.window.active_loop == self.whole.active_loop
            if number == 0 or self.chance.random() < 0.03:
                known = [SlotSet(s.name, s.value) for s in self.whole.slots.values() if s.value is not None]
                begun = [ActionExecuted(ACTION_SESSION_START_NAME), SessionStarted(), *known]
                self.tell(*begun, ActionExecuted(ACTION_LISTEN_NAME))
            intent = {"name": self.chance.choice(INTENTS), "confidence": 1.0}
            self.tell(UserUttered("…", intent, message_id=f"m{number}"), *self.slots(0.3))
            self.answer()
            await self.store.save(self.window)

    def answer(self) -> None:
        for _ in range(8):
            prediction = self.prediction()
            action = self.processor.domain.action_names_or_texts[prediction.max_confidence_index]
            self.tell(*prediction.events)
            if action in FORMS and self.chance.random() < 0.2:
                self.tell(ActionExecutionRejected(action))
                continue
            self.tell(ActionExecuted(action, hide_rule_turn=prediction.hide_rule_turn), *self.done(action))
            if action == ACTION_LISTEN_NAME:
                return
        self.tell(ActionExecuted(ACTION_LISTEN_NAME))

    def prediction(self) -> PolicyPrediction:
        with as_it_comes():
            looked_at = self.states(self.whole)
            expected = self.processor._predict_next_with_tracker(self.whole)
        assert self.states(self.window) == looked_at, [str(event) for event in self.whole.events]
        found = self.processor._predict_next_with_tracker(self.window)
        assert vars(found) == vars(expected), [str(event) for event in self.whole.events]
        return found

    def states(self, tracker: DialogueStateTracker) -> list[State]:
        """What the policy that learns from stories looks at, whether or not it comes to anything."""
        back = self.store.looks_back
        memoization = next(
            node._component
            for node in self.processor.graph_runner._instantiated_nodes.values()
            if type(node._component) is MemoizationPolicy
        )
        states: list[State] = memoization._prediction_states(
            tracker, self.processor.domain, rule_only_data=back.rule_only_data
        )
        return states

    def done(self, action: str) -> list[Event]:
        """What the action may bring about."""
        if action in FORMS:
            started: list[Event] = [] if self.whole.active_loop_name == action else [ActiveLoop(action)]
            if self.chance.random() < 0.35:
                return [*started, *self.slots(0.5), ActiveLoop(None), SlotSet(REQUESTED_SLOT, None)]
            return [*started, SlotSet(REQUESTED_SLOT, self.chance.choice(["order_no", "reason"]))]
        if action.startswith("utter_"):
            return [BotUttered(action)]
        return self.slots(0.4) if action.startswith("action_") and action != ACTION_LISTEN_NAME else []

    def slots(self, likely: float) -> list[Event]:
        values: dict[str, list[Any]] = {
            "order_no": ["1", "2", "3", None],
            "member": [True, False, None],
            "mood": ["calm", "angry", None],
            "reason": ["坏了", None],
        }
        return [
            SlotSet(name, self.chance.choice(choices))
            for name, choices in values.items()
            if self.chance.random() < likely / 2
        ]

    def tell(self, *events: Event) -> None:
        for event in events:
            self.whole.update(event, self.processor.domain)
            self.window.update(event, self.processor.domain)


def test_a_window_leads_to_what_the_whole_conversation_leads_to(
    processor: MessageProcessor, tmp_path: Path
) -> None:
    store = TurnStore(f"sqlite:///{tmp_path}/engine.db", processor.domain)
    store.looks_back = looks_back(processor)
    for number in range(DIALOGUES):
        chance = random.Random(SEED * 1_000_000 + number)
        dialogue = Dialogue(f"c{number}", chance, processor, store)
        asyncio.run(dialogue.play(turns=chance.choice([3, 10, 25])))

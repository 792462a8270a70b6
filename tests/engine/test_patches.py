"""Each patch gives what Rasa's own function gives, also where the input is odd."""

import ast
import asyncio
import copy
import inspect
import json
import os
import random
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import ValidationError
from jsonschema.validators import validator_for
from rasa.core.actions.action import ActionExtractSlots, RemoteAction
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.core.policies.rule_policy import RULES, RULES_FOR_LOOP_UNHAPPY_PATH, RulePolicy
from rasa.engine.constants import PLACEHOLDER_MESSAGE, PLACEHOLDER_TRACKER
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.shared.core.constants import ACTION_LISTEN_NAME, REQUESTED_SLOT
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionReverted,
    ActiveLoop,
    BotUttered,
    ConversationPaused,
    EntitiesAdded,
    Event,
    FollowupAction,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.slots import CategoricalSlot, FloatSlot, Slot
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.utils.common import all_subclasses
from rasa_sdk import Tracker

from bot.engine import patches
from bot.engine.fingerprint import ROOT, current_model
from bot.engine.window import Past, WindowTracker
from bot.engine.without_tensorflow import leave_out

PATCHES = {patch.place: patch for patch in patches.PATCHES}


def both(place: str) -> tuple[Any, Any]:
    """Rasa's function, and what is put in its place."""
    replacement = PATCHES[place].replacement
    return PATCHES[place].original, getattr(replacement, "__func__", replacement)


def outcome(function: Any, *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except Exception as error:
        return type(error), str(error)


# The graph


@pytest.fixture(scope="module")
def agent(model: Path) -> Agent:
    return Agent.load(model)


@pytest.mark.parametrize("text", ["你好", "查一下订单状态，还有退货运费谁出", "／greet", "", "😀" * 300])
def test_a_graph_gives_the_same_by_the_same_steps(agent: Agent, text: str) -> None:
    runner, metadata = agent.processor.graph_runner, agent.processor.model_metadata
    read, predict = metadata.nlu_target, metadata.core_target
    tracker = DialogueStateTracker.from_events("s", [ActionExecuted(ACTION_LISTEN_NAME)])
    tracker.update(UserUttered("您好", {"name": "greet"}))
    inputs = {PLACEHOLDER_MESSAGE: [UserMessage(text)], PLACEHOLDER_TRACKER: tracker}
    inner = next(iter(runner._graph_schema.nodes[read].needs.values()))
    for targets in (
        [read],
        [predict],
        [read, predict],
        [predict, read],
        [PLACEHOLDER_TRACKER, read],
        [inner],
    ):
        expected, found = [watched(runner, run, inputs, targets) for run in both("DaskGraphRunner.run")]
        assert found == expected, targets
    ready = {**inputs, inner: found[0][0][1]}
    expected, found = [watched(runner, run, ready, [read]) for run in both("DaskGraphRunner.run")]
    assert found == expected, "a step that is given is not taken"


def watched(runner: DaskGraphRunner, run: Any, inputs: dict[str, Any], targets: list[str]) -> Any:
    """What is given in its order, and which steps were taken, each after those it needs."""
    steps: list[str] = []

    def step(name: str, node: Any) -> Any:
        def take(*given: Any) -> Any:
            assert set(runner._graph_schema.nodes[name].needs.values()) <= {*steps, *inputs}
            steps.append(name)
            return node(*given)

        return take

    nodes = runner._instantiated_nodes
    runner._instantiated_nodes = {name: step(name, node) for name, node in nodes.items()}
    try:
        result = run(runner, inputs, targets)
    finally:
        runner._instantiated_nodes = nodes
    return [(name, plain(value)) for name, value in result.items()], sorted(steps)


def plain(value: Any) -> Any:
    if isinstance(value, list):
        return value  # messages, which compare themselves
    # The prediction's values; the tracker as it came.
    return {k: v for k, v in vars(value).items() if k != "events"} if "Prediction" in repr(value) else value


def test_a_graph_that_cannot_run_fails_alike(agent: Agent) -> None:
    runner, read = agent.processor.graph_runner, agent.processor.model_metadata.nlu_target
    original, ours = both("DaskGraphRunner.run")
    assert outcome(ours, runner, {}, [read]) == outcome(original, runner, {}, [read])
    for run in (original, ours):
        with pytest.raises(Exception, match="nowhere"):
            dict(run(runner, {}, ["nowhere"]))


# Events


def test_kinds_of_events_are_found_alike() -> None:
    class Later(SlotSet):
        type_name = "later"

    original, ours = both("Event.resolve_by_type")
    names = {each.type_name for each in all_subclasses(Event)}
    assert {"user", "action", "slot", "bot", "active_loop", "later"} <= names
    for name in (*names, "topic", "Slot", "", "unknown", None):
        assert outcome(ours, name) == outcome(original, name)
        assert ours(name, UserUttered) is original(name, UserUttered)


# Results of actions

SOUND = [
    event.as_dict()
    for event in (
        UserUttered("查订单", {"name": "order_status"}, [{"entity": "order_no", "value": "1"}]),
        EntitiesAdded([{"entity": "order_no", "value": "1", "start": 0, "end": 1}]),
        *(ActionExecuted("action_listen", "rule", 1.0), SlotSet("order_no", "1"), SlotSet("order_no", None)),
        *(BotUttered("好的", {"buttons": []}), ActiveLoop("form"), ActiveLoop(None), SessionStarted()),
        *(FollowupAction("action_listen"), Restarted(), ConversationPaused(), UserUtteranceReverted()),
    )
]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda parts: st.lists(parts, max_size=2) | st.dictionaries(st.text(max_size=3), parts, max_size=2),
    max_leaves=4,
)


@st.composite
def events(draw: st.DrawFn) -> Any:
    event = copy.deepcopy(draw(st.sampled_from(SOUND)))
    for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
        key = draw(st.sampled_from([*event, "event", "name", "entities", "parse_data"]))
        if draw(st.booleans()):
            event.pop(key, None)
        else:
            event[key] = draw(ANYTHING | st.sampled_from(["slot", "user", "action", {"intent": 1}]))
    return event


RESULTS = (
    st.fixed_dictionaries(
        {}, optional={"events": st.lists(events(), max_size=3), "responses": st.just([{"text": "好"}])}
    )
    | st.fixed_dictionaries({"events": st.lists(events() | ANYTHING, max_size=2), "responses": ANYTHING})
    | ANYTHING
)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(RESULTS)
def test_results_of_actions_are_judged_alike(result: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        # Rasa has the schema itself checked each time.
        patch.setattr(validator_for({}), "check_schema", lambda *_, **__: None)
        expected, found = [verdict(judge, result) for judge in both("RemoteAction._validate_action_result")]
    assert found == expected


def verdict(judge: Any, result: Any) -> Any:
    try:
        return judge(RemoteAction("action", None), copy.deepcopy(result))
    except ValidationError as error:
        return error.message, list(error.absolute_path), error.validator


def test_what_is_wrong_with_a_result_is_told() -> None:
    _, judge = both("RemoteAction._validate_action_result")
    with pytest.raises(ValidationError, match=r"'值' is not of type 'array'.*custom-actions"):
        judge(RemoteAction("action", None), {"events": [SOUND[0]], "responses": "值"})
    with pytest.raises(ValidationError) as told:
        judge(RemoteAction("action", None), {"events": [SOUND[0], {"event": "slot", "name": "order_no"}]})
    assert list(told.value.absolute_path)[:2] == ["events", 1]


# What actions are told

DOMAIN = Domain.from_dict(
    {
        "intents": ["inform", "ask", "greet"],
        "entities": [{"city": {"roles": ["from", "to"], "groups": ["1"]}}, "order_no", "day"],
        "slots": {
            "order_no": {"type": "text", "mappings": [{"type": "from_entity", "entity": "order_no"}]},
            "start": {
                "type": "text",
                "mappings": [
                    {"type": "from_entity", "entity": "city", "role": "from"},
                    {"type": "from_entity", "entity": "city"},
                ],
            },
            "goal": {
                "type": "text",
                "mappings": [
                    {"type": "from_entity", "entity": "city", "role": "to", "not_intent": "greet"},
                    {"type": "from_entity", "entity": "city", "intent": ["inform", "ask"]},
                ],
            },
            "via": {
                "type": "list",
                "mappings": [{"type": "from_entity", "entity": "city", "group": "1"}],
            },
            "known": {
                "type": "bool",
                "mappings": [
                    {"type": "from_intent", "intent": "inform", "value": True},
                    {"type": "from_intent", "not_intent": "inform", "value": False},
                ],
            },
            "wish": {
                "type": "text",
                "mappings": [
                    {
                        "type": "from_text",
                        "conditions": [{"active_loop": "travel", "requested_slot": "wish"}],
                    }
                ],
            },
            "day": {
                "type": "text",
                "mappings": [
                    {"type": "from_trigger_intent", "intent": "ask", "value": "today"},
                    {"type": "from_entity", "entity": "day", "conditions": [{"active_loop": None}]},
                ],
            },
            "price": {"type": "any", "mappings": [{"type": "custom", "action": "action_price"}]},
            "mood": {"type": "any", "mappings": [{"type": "custom"}]},
        },
        "forms": {
            "travel": {"required_slots": ["start", "goal", "wish"], "ignored_intents": ["greet"]},
            "other": {"required_slots": ["order_no"]},
        },
        "actions": ["action_price"],
    }
)
CHECKED = DOMAIN.merge(Domain.from_dict({"actions": ["action_validate_slot_mappings"]}))


class Endpoint:
    """An action server that notes what it is told."""

    def __init__(self) -> None:
        self.kwargs: dict[str, Any] = {}
        self.told: list[Any] = []

    async def request(self, *, json: dict[str, Any], **_: Any) -> dict[str, Any]:
        self.told.append((json["next_action"], json["tracker"]["slots"]))
        return {"events": [{"event": "slot", "name": "price", "value": 1}], "responses": []}


@pytest.mark.parametrize("domain", [DOMAIN, CHECKED], ids=["unchecked", "checked"])
def test_the_same_slots_are_filled(domain: Domain) -> None:
    filled: set[str] = set()
    for number in range(150):
        tracker = spoken_with(random.Random(number), domain)
        results = []
        for run in both("ActionExtractSlots.run"):
            endpoint = Endpoint()
            channel, nlg = CollectingOutputChannel(), TemplatedNaturalLanguageGenerator({})
            events = asyncio.run(run(ActionExtractSlots(endpoint), channel, nlg, tracker, domain))
            results.append(([(type(e), e.as_dict() | {"timestamp": 0}) for e in events], endpoint.told))
        assert results[1] == results[0], number
        filled |= {event.key for event in events if isinstance(event, SlotSet)}
    assert filled == {slot.name for slot in domain.slots} - {
        "mood",
        REQUESTED_SLOT,
        "session_started_metadata",
    }


def spoken_with(chance: random.Random, domain: Domain) -> DialogueStateTracker:
    tracker = DialogueStateTracker("s", domain.slots)
    for _ in range(chance.randint(0, 3)):
        tracker.update(ActionExecuted(ACTION_LISTEN_NAME))
        tracker.update(UserUttered("去哪", {"name": chance.choice(["inform", "ask", "greet", None])}))
        tracker.latest_message.parse_data["response_selector"] = {"faq": {"ranking": [1, 2]}}
        tracker.update(SlotSet(chance.choice(["start", "goal", "order_no"]), chance.choice(["北京", None])))
    if chance.random() < 0.6:
        tracker.update(ActiveLoop(chance.choice(["travel", "other"])))
        tracker.update(SlotSet(REQUESTED_SLOT, chance.choice(["start", "goal", "wish", "order_no"])))
    if number_of_messages := chance.randint(0, 9):
        found = [entity(chance) for _ in range(number_of_messages % 4)]
        intent = {"name": chance.choice(["inform", "ask", "greet", "unknown", None])}
        tracker.update(UserUttered("从北京到上海", intent, found, {"response_selector": {"faq": {}}}))
    return tracker


def entity(chance: random.Random) -> dict[str, Any]:
    found = {
        "entity": chance.choice(["city", "order_no", "day", "other"]),
        "value": chance.choice(["北京", "", 3, None]),
    }
    if chance.random() < 0.6:
        found["role"] = chance.choice(["from", "to"])
    if chance.random() < 0.3:
        found["group"] = "1"
    return found


def test_an_action_is_told_the_same_but_for_rankings_of_earlier_messages() -> None:
    shortened = 0
    for number in range(100):
        tracker = spoken_with(random.Random(number), DOMAIN)
        if number % 7 == 0:
            tracker.update(ActionReverted())
        original, ours = both("RemoteAction._action_call_format")
        action = RemoteAction("action_price", None)
        expected, found = [json.loads(json.dumps(tell(action, tracker, DOMAIN))) for tell in (original, ours)]
        assert expected.pop("domain") and found.keys() == expected.keys()
        seen, known = [vars(Tracker.from_dict(told["tracker"])) for told in (found, expected)]
        read = [event["parse_data"] for event in known["events"] if "parse_data" in event]
        for parsed in [*read, known["active_loop"].get("trigger_message") or {}]:
            shortened += bool(parsed.pop("response_selector", None))
            parsed.pop("intent_ranking", None)
        assert seen == known
        assert {**found, "tracker": 0} == {**expected, "tracker": 0}
    assert shortened > 50


# States and rules


def test_other_trackers_have_the_states_they_had() -> None:
    for number in range(20):
        tracker = spoken_with(random.Random(number), DOMAIN)
        for unset, hidden in [(False, False), (True, False), (False, True), (True, True)]:
            expected, found = [
                states(DOMAIN, tracker, unset, hidden, {"rule_only_slots": ["goal"], "rule_only_loops": []})
                for states in both("Domain.states_for_tracker_history")
            ]
            assert found == expected


@pytest.mark.parametrize("kind", [RULES, RULES_FOR_LOOP_UNHAPPY_PATH])
def test_the_same_rules_are_possible(model: Path, kind: str) -> None:
    with tarfile.open(current_model(ROOT / "models") or model) as archive:
        stored = archive.extractfile("components/train_RulePolicy0/rule_policy.json")
        assert stored
        lookup = json.load(stored)["lookup"][kind]
    policy = RulePolicy.__new__(RulePolicy)
    original, ours = both("RulePolicy._get_possible_keys")
    rules = [json.loads(key) for key in lookup]
    possible = 0
    for number in range(150):
        states = changed(random.Random(number), rules) if rules else [{}]
        expected = original(policy, lookup, states)
        assert ours(policy, lookup, states) == expected, states
        possible += bool(expected)
    assert possible > 50 or not rules
    assert ours(policy, lookup, []) == original(policy, lookup, [])
    # Another lookup, perhaps at the same place in memory.
    assert ours(policy, {}, [{}]) == set()
    assert ours(policy, dict(list(lookup.items())[:1]), states) <= expected


def changed(chance: random.Random, rules: list[Any]) -> list[Any]:
    """The states of a rule behind any others, with something otherwise."""
    states = [
        copy.deepcopy(state) for rule in chance.choices(rules, k=chance.randint(1, 3)) for state in rule
    ]
    for _ in range(chance.choice([0, 0, 1, 2])):
        state = chance.choice(states[-3:])
        other = chance.choice(chance.choice(rules))
        part = chance.choice([*(state or ["user"]), "user", "prev_action", "slots", "active_loop"])
        match chance.randint(0, 3):
            case 0:
                state.pop(part, None)
            case 1:
                state[part] = dict(other.get(part, {}))
            case 2 if state.get(part):
                state[part].pop(chance.choice(list(state[part])))
            case _:
                state.setdefault(part, {})[chance.choice(["intent", "action_name", "text"])] = "other"
    return [
        {
            part: {key: tuple(v) if isinstance(v, list) else v for key, v in features.items()}
            for part, features in state.items()
        }
        for state in states
    ]


# Copies


def test_a_copied_slot_is_the_same_and_independent(monkeypatch: pytest.MonkeyPatch) -> None:
    slots = []
    for kind in all_subclasses(Slot):
        if inspect.isabstract(kind):
            continue
        more = {CategoricalSlot: {"values": ["a", "b"]}, FloatSlot: {"max_value": 9.0}}.get(kind, {})
        slot = kind("s", [{"type": "custom"}], **more)
        slots.append(slot)
        if kind.type_name != "any":
            slot.value = {"bool": True, "float": 3.0, "list": ["x"]}.get(kind.type_name, "a")
    assert len(slots) >= 6
    ours = [copy.copy(slot) for slot in slots]
    with monkeypatch.context() as patch:
        patch.delattr(Slot, "__copy__")
        expected = [copy.copy(slot) for slot in slots]
    for slot, twin, other in zip(slots, ours, expected, strict=True):
        assert type(twin) is type(other) and vars(twin) == vars(other)
        assert all(vars(twin)[name] is value for name, value in vars(other).items())
        before = dict(vars(slot))
        twin.value = None
        twin.reset()
        assert vars(slot) == before


@pytest.mark.parametrize("place", [place for place in PATCHES if place.endswith(".copy")])
def test_a_module_copies_deeply_for_its_log_alone(place: str) -> None:
    tree = ast.parse(inspect.getsource(PATCHES[place].owner))
    logged = {
        id(part)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in ("logger", "structlogger")
        for copied in ast.walk(call)
        if isinstance(copied, ast.Call) and isinstance(copied.func, ast.Attribute)
        if copied.func.attr == "deepcopy"
        for part in ast.walk(copied.func)
    }
    uses = [part for part in ast.walk(tree) if isinstance(part, ast.Name) and part.id == "copy"]
    assert uses and all(id(use) in logged for use in uses)


def test_a_windows_copy_is_what_rasa_would_copy_and_goes_on_alone() -> None:
    for number in range(50):
        window = WindowTracker("s", DOMAIN)
        window.begin(Past(slots={"goal": ["南京", "广州"]}, loop="travel"))
        window.mark(7)
        for event in spoken_with(random.Random(number), DOMAIN).events:
            window.update(event)
        expected, twin = DialogueStateTracker.copy(window), window.copy()
        assert told_of(twin) == told_of(expected) == told_of(window)
        before = told_of(window)
        assert twin.replay.states() == window.replay.states()
        twin.mark(8)
        for tracker in (twin, expected):
            for event in (ActiveLoop("other"), ActionExecuted("action_price"), UserUttered("好")):
                tracker.update(event)
            tracker.update(SlotSet("goal", "成都"))
        assert told_of(twin) == told_of(expected) != before
        assert told_of(window) == before and [mark.number for mark in window.marks] == [7]


def told_of(tracker: DialogueStateTracker) -> Any:
    told = {
        name: value for name, value in vars(tracker).items() if name in vars(DialogueStateTracker("s", []))
    }
    return {**told, "slots": [(name, vars(copy.copy(slot))) for name, slot in tracker.slots.items()]} | {
        "events": list(tracker.events),
        "active_loop": copy.copy(tracker.active_loop),
    }


# Another Rasa, and TensorFlow

OTHER = """
def resolve_by_type(type_name, default=None):
    return default
"""
RUN = """
import other
from bot.engine import run

leave_out = run.leave_out

def change(components):
    leave_out(components)
    from rasa.shared.core.events import Event
    Event.resolve_by_type = staticmethod(other.resolve_by_type)

run.leave_out = change
run.main()
"""
ANSWER = """
import asyncio, sys
from pathlib import Path
from bot.engine.environment import prepare
from bot.engine.run import components
from bot.engine.without_tensorflow import leave_out

prepare()
for model in sys.argv[1:]:
    assert leave_out(components(Path(model)))
from rasa.core.agent import Agent
read = asyncio.run(Agent.load(sys.argv[1]).parse_message("您好呀"))
there = [m for name, m in sys.modules.items() if name.partition(".")[0] in ("tensorflow", "keras")]
print(read["intent"]["name"], len(there) > 0, {type(m).__module__ for m in there})
"""


def in_a_process(program: str, folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{folder}", "GUITAI_DATA_DIR": str(folder / "data")}
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_beside_other_code_no_patch_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    for patch in patches.PATCHES:
        if patch.original and not inspect.ismodule(patch.owner):
            for other in (lambda: None, len):
                monkeypatch.setitem(patches._originals, patch.place, other)
                with pytest.raises(patches.OtherRasa, match=f"^{patch.place} is not the one of Rasa 3.6.21"):
                    patch.apply()
    monkeypatch.undo()
    patches.apply()


def test_the_engine_says_so_in_one_sentence(model: Path, tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text(OTHER)
    ended = in_a_process(RUN, tmp_path, "--model", str(model))
    assert ended.returncode == 1
    assert "The engine cannot start: Event.resolve_by_type is not the one of Rasa 3.6.21" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_engine_answers_without_tensorflow(model: Path, tmp_path: Path) -> None:
    current = current_model(ROOT / "models")
    ended = in_a_process(ANSWER, tmp_path, str(model), *([str(current)] if current else []))
    assert ended.stdout.splitlines()[-1:] == ["greet True {'bot.engine.without_tensorflow'}"], ended.stderr


@pytest.mark.parametrize(
    "component",
    [
        "rasa.nlu.classifiers.diet_classifier.DIETClassifier",
        "rasa.core.policies.ted_policy.TEDPolicy",
        "rasa.core.policies.unexpected_intent_policy.UnexpecTEDIntentPolicy",
        "rasa.nlu.selectors.response_selector.ResponseSelector",
        "somebody.elses.Component",
    ],
)
def test_tensorflow_stays_where_it_is_needed(component: str) -> None:
    before = list(sys.meta_path), set(sys.modules)
    assert not leave_out({"rasa.core.policies.rule_policy.RulePolicy", component})
    assert (list(sys.meta_path), set(sys.modules)) == before

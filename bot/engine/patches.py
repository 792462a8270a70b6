"""Where Rasa 3.6.21 is made faster, or is told what a window of a conversation is, from inside.

Each patch puts in the place of one function (or module) another that gives the same, and says why. It looks
first whether what it replaces is what it was written for: beside other code the engine does not start.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from copy import copy
from dataclasses import dataclass
from functools import cache, partial
from types import ModuleType, SimpleNamespace
from typing import Any

import fastjsonschema
import rasa
import rasa.core.actions.forms
import rasa.core.policies.memoization
import rasa.core.policies.rule_policy
import rasa.core.processor
from fastjsonschema import JsonSchemaValueException
from jsonschema.exceptions import best_match
from jsonschema.validators import validator_for
from rasa.core.actions.action import ActionExtractSlots, RemoteAction
from rasa.core.channels.channel import OutputChannel
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.graph import GraphSchema
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.nlu.constants import RESPONSE_SELECTOR_PROPERTY_NAME
from rasa.shared.constants import DOCS_BASE_URL
from rasa.shared.core.constants import (
    ACTION_VALIDATE_SLOT_MAPPINGS,
    PREVIOUS_ACTION,
    USER,
    SlotMappingType,
)
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import Event
from rasa.shared.core.slots import Slot
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity
from rasa.shared.nlu.constants import ACTION_NAME, INTENT, INTENT_RANKING_KEY
from rasa.shared.utils.common import all_subclasses
from rasa.shared.utils.schemas.events import EVENT_SCHEMA

from bot.engine.window import WindowTracker


class OtherRasa(Exception):
    """What is to be replaced is not what the patch was written for; the text names it."""


@dataclass(frozen=True)
class Patch:
    """``owner.name`` becomes ``replacement``, if the code it is part of has the checksum ``source``."""

    owner: Any
    name: str
    replacement: Any
    source: str
    reason: str

    @property
    def place(self) -> str:
        return f"{self.owner.__name__}.{self.name}"

    @property
    def original(self) -> Any:
        return _originals[self.place]

    @property
    def code(self) -> Any:
        """What the patch was written for: all of a module whose name it changes, of a class it adds to."""
        whole = isinstance(self.owner, ModuleType) or not self.original
        return self.owner if whole else self.original

    def check(self) -> None:
        """Raises OtherRasa."""
        found = checksum(self.code)
        if found != self.source:
            raise OtherRasa(
                f"{self.place} is not the one of Rasa 3.6.21 (checksum {found}, not {self.source}). "
                "Run `make setup`."
            )

    def apply(self) -> None:
        """Raises OtherRasa."""
        self.check()
        setattr(self.owner, self.name, self.replacement)


def checksum(code: Any) -> str:
    """Return 16 hexadecimal digits that change with the source of a function or module."""
    try:
        source = inspect.getsource(code)
    except (OSError, TypeError):
        source = ""  # something that is not Python, or without its file
    return hashlib.sha256(source.encode()).hexdigest()[:16]


def apply() -> None:
    """Make all patches. Raises OtherRasa; then Rasa may be patched in part and must not serve."""
    for patch in PATCHES:
        patch.apply()


def _run_graph(
    self: DaskGraphRunner, inputs: dict[str, Any] | None = None, targets: list[str] | None = None
) -> dict[str, Any]:
    wanted = tuple(targets or self._graph_schema.target_names)
    plans = self.__dict__.setdefault("_plans", {})
    if wanted not in plans:
        plans[wanted] = _in_order(self._graph_schema.minimal_graph_schema(list(wanted)))
    results = {name: (name, value) for name, value in (inputs or {}).items()}
    for name, needs in plans[wanted]:
        if name not in results:
            # What is missing a node tells by its name.
            results[name] = self._instantiated_nodes[name](*[results.get(need, need) for need in needs])
    return dict(results[name] for name in wanted)


def _in_order(schema: GraphSchema) -> list[tuple[str, tuple[str, ...]]]:
    """The nodes, each behind those it needs, with the names of what it needs."""
    ordered: dict[str, tuple[str, ...]] = {}

    def add(name: str) -> None:
        if name in ordered or name not in schema.nodes:
            return
        needs = tuple(schema.nodes[name].needs.values())
        for need in needs:
            add(need)
        ordered[name] = needs

    for name in schema.nodes:
        add(name)
    return list(ordered.items())


@cache
def _event_types() -> dict[str, type[Event]]:
    types: dict[str, type[Event]] = {}
    for each in all_subclasses(Event):
        types.setdefault(each.type_name, each)
    return types


def _resolve_by_type(type_name: str, default: type[Event] | None = None) -> type[Event] | None:
    known = _event_types().get(type_name)
    return known if known else _originals["Event.resolve_by_type"](type_name, default)


@cache
def _validators() -> tuple[Any, dict[str, Any]]:
    """Of a whole result, and of an event of each kind: functions that raise JsonSchemaValueException."""
    spec = RemoteAction.action_response_format_spec()
    one_of = EVENT_SCHEMA["oneOf"]
    common = {key: rules for key, rules in EVENT_SCHEMA.items() if key != "oneOf"}
    # An event's kind tells which of the 23 schemas it has to keep: no need to try all.
    kinds = {kind["properties"]["event"]["const"]: {"allOf": [common, kind]} for kind in one_of}
    make = partial(fastjsonschema.compile, use_default=False)
    return make(spec), {kind: make(schema) for kind, schema in kinds.items()}


def _validate_action_result(self: RemoteAction, result: dict[str, Any]) -> bool:
    if _is_sound(result):
        return True
    spec = self.action_response_format_spec()
    error = best_match(validator_for(spec)(spec).iter_errors(result))
    if error is None:
        return True
    error.message += (
        f". Failed to validate Action server response from API, make sure your response from the Action "
        f"endpoint is valid. For more information about the format visit {DOCS_BASE_URL}/custom-actions"
    )
    raise error


def _is_sound(result: Any) -> bool:
    whole, kinds = _validators()
    try:
        for event in result["events"]:
            kinds[event["event"]](event)
        whole({**result, "events": []})
    except (JsonSchemaValueException, LookupError, TypeError, ValueError):
        return False  # what is wrong is told by the schema as it stands
    return True


def _action_call_format(self: RemoteAction, tracker: DialogueStateTracker, domain: Domain) -> dict[str, Any]:
    loop = tracker.active_loop
    # The loop is put aside, because `current_state` would copy all that was read of its first message.
    tracker.active_loop = None
    try:
        state = tracker.current_state(EventVerbosity.NONE)
    finally:
        tracker.active_loop = loop
    if loop:
        state["active_loop"] = {**vars(loop), "trigger_message": _told(loop.trigger_message or {})}
    state["events"] = [event.as_dict() for event in tracker.events]
    for event in state["events"]:
        if "parse_data" in event:
            event["parse_data"] = _told(event["parse_data"])
    return {
        "next_action": self.name(),
        "sender_id": tracker.sender_id,
        "tracker": state,
        "version": rasa.__version__,
    }


def _told(parsed: dict[str, Any]) -> dict[str, Any]:
    """What was read of a message, without what only `latest_message` is asked for."""
    return {key: value for key, value in parsed.items() if key not in _OF_THE_LATEST}


_OF_THE_LATEST = (INTENT_RANKING_KEY, RESPONSE_SELECTOR_PROPERTY_NAME, "text_tokens")


async def _extract_slots(
    self: ActionExtractSlots,
    output_channel: OutputChannel,
    nlg: NaturalLanguageGenerator,
    tracker: DialogueStateTracker,
    domain: Domain,
) -> list[Event]:
    some = domain
    # A validation of all slots is told of all slots.
    if tracker.latest_message and ACTION_VALIDATE_SLOT_MAPPINGS not in domain.user_actions:
        said = {entity.get("entity") for entity in tracker.latest_message.entities}
        some = copy(domain)
        some.slots = [slot for slot in domain.slots if any(_may_fill(m, said) for m in slot.mappings)]
    return list(await _originals["ActionExtractSlots.run"](self, output_channel, nlg, tracker, some))


def _may_fill(mapping: dict[str, Any], said: set[str | None]) -> bool:
    kind = mapping.get("type")
    if kind == str(SlotMappingType.FROM_ENTITY):
        return mapping.get("entity") in said
    return kind != str(SlotMappingType.CUSTOM) or "action" in mapping


def _states_for_tracker_history(
    self: Domain,
    tracker: DialogueStateTracker,
    omit_unset_slots: bool = False,
    ignore_rule_only_turns: bool = False,
    rule_only_data: dict[str, Any] | None = None,
) -> list[State]:
    if not isinstance(tracker, WindowTracker) or omit_unset_slots:
        return list(
            _originals["Domain.states_for_tracker_history"](
                self, tracker, omit_unset_slots, ignore_rule_only_turns, rule_only_data
            )
        )
    return tracker.replay.seen() if ignore_rule_only_turns else tracker.replay.states()


class _RuleIndex:
    """The rules of a lookup by what their last state asks for, so that few are left to be compared."""

    def __init__(self, lookup: dict[str, str]) -> None:
        self.lookup = lookup
        self.longest = 0
        self._keys: dict[tuple[str | None, str | None], list[str]] = {}
        for key in lookup:
            states = json.loads(key)
            self.longest = max(self.longest, len(states))
            last = states[-1]
            action = (last.get(PREVIOUS_ACTION) or {}).get(ACTION_NAME)
            intent = (last.get(USER) or {}).get(INTENT)
            self._keys.setdefault((action, intent), []).append(key)

    def candidates(self, state: State) -> set[str]:
        action: Any = (state.get(PREVIOUS_ACTION) or {}).get(ACTION_NAME)
        intent: Any = (state.get(USER) or {}).get(INTENT)
        return {
            key
            for (wanted, said), keys in self._keys.items()
            # Without an action before it, a state is compared in nothing else.
            if wanted == action and (action is None or said is None or said == intent)
            for key in keys
        }


def _get_possible_keys(self: RulePolicy, lookup: dict[str, str], states: list[State]) -> set[str]:
    indexes: dict[int, _RuleIndex] = self.__dict__.setdefault("_indexes", {})
    index = indexes.get(id(lookup))
    if index is None or index.lookup is not lookup:
        index = indexes[id(lookup)] = _RuleIndex(lookup)
    if not states:
        return set(lookup)
    possible = index.candidates(states[-1])
    # Beyond its own length a rule asks for nothing.
    for turn, state in enumerate(reversed(states[-index.longest :])):
        possible = {key for key in possible if self._is_rule_applicable(key, turn, state)}
    return possible


def _copy_slot(self: Slot) -> Slot:
    twin: Slot = object.__new__(type(self))
    twin.__dict__.update(self.__dict__)
    return twin


def _for_logs_only(module: ModuleType, source: str) -> Patch:
    shown_as_it_is = SimpleNamespace(deepcopy=lambda value: value)
    reason = "Copies of whole states and events are made for debug lines that nobody reads."
    return Patch(module, "copy", shown_as_it_is, source, reason)


PATCHES = (
    Patch(
        DaskGraphRunner,
        "run",
        _run_graph,
        "45f0f52f574f3aa9",
        "dask plans the same few nodes anew for each message: about a third of a parse.",
    ),
    Patch(
        Event,
        "resolve_by_type",
        staticmethod(_resolve_by_type),
        "b5cf570fa7f286c7",
        "It walks over all kinds of events for each one that is read: 50 µs instead of 0.1.",
    ),
    Patch(
        RemoteAction,
        "_validate_action_result",
        _validate_action_result,
        "f8cdb4be68123961",
        "The schema itself is checked at each call, and compiled never: 18 ms of the event loop, not 0.02.",
    ),
    Patch(
        RemoteAction,
        "_action_call_format",
        _action_call_format,
        "428795b944f22edb",
        "The domain (sent by bot/engine/action_server.py when it is asked for) and the rankings with each "
        "message: nine tenths of what is sent.",
    ),
    Patch(
        ActionExtractSlots,
        "run",
        _extract_slots,
        "13487835d751b652",
        "Every mapping of every slot is looked at, also of entities that were not said.",
    ),
    Patch(
        Domain,
        "states_for_tracker_history",
        _states_for_tracker_history,
        "035111ce73ac90ba",
        "A window's past goes before it, and no policy begins anew with the first event.",
    ),
    Patch(
        RulePolicy,
        "_get_possible_keys",
        _get_possible_keys,
        "2915fd81711e194c",
        "Every rule is compared with every state of the dialogue, also those before any rule's beginning.",
    ),
    Patch(
        Slot,
        "__copy__",
        _copy_slot,
        "0a694d68aef36732",
        "Each look at the past copies all slots, by way of what pickle would need: 0.7 µs instead of 5.",
    ),
    _for_logs_only(rasa.core.processor, "f42dfbf26e2ffcb6"),
    _for_logs_only(rasa.core.policies.rule_policy, "952d1a13906511ac"),
    _for_logs_only(rasa.core.policies.memoization, "e4519f1a04ecdcce"),
    _for_logs_only(rasa.core.actions.forms, "7cb6c30550116597"),
)
_originals: dict[str, Any] = {patch.place: getattr(patch.owner, patch.name, None) for patch in PATCHES}

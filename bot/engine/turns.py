"""One turn of a conversation through Rasa: stored whole with its answer, or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from rasa.core.actions.action import Action, ActionExecutionRejection
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.core.policies.policy import Policy, PolicyPrediction
from rasa.core.policies.rule_policy import RULES, RULES_FOR_LOOP_UNHAPPY_PATH, RulePolicy
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import FailSafeTrackerStore
from rasa.nlu.constants import RESPONSE_SELECTOR_PREDICTION_KEY, RESPONSE_SELECTOR_PROPERTY_NAME
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME as UNSURE
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.events import (
    ActionExecuted,
    BotUttered,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import INTENT_RESPONSE_KEY

from bot.engine import requests
from bot.engine.action_server import ActionServer, calls_failed
from bot.engine.context import believe, in_context, tapped
from bot.engine.nlu.faq import FAQ
from bot.engine.nlu.intent_classifier import THRESHOLD
from bot.engine.payloads import BadPayload, read_payload
from bot.engine.tracker_store import LooksBack, TurnStore

ALSO = "also"

_RANKING_LENGTH = 3
# So many texts of so many characters are known as they were read, some 4 KB each.
_READ_TEXTS = 1_000
_SHORT = 30
# What a policy that would look back without end may see: so many states.
_ALL = 50
_WARM_UP = "请问我的订单 2026010100000001 发顺丰了吗？"


class ActionFailed(Exception):
    """A custom action gave no result."""


class EmptyAnswer(Exception):
    """The dialogue came to no reply and no handoff."""


class Nowhere(OutputChannel):
    """Sends nothing: the answer is read from the events. Its name picks a channel's own wordings."""

    def __init__(self, channel: str) -> None:
        self._channel = channel

    def name(self) -> str:  # type: ignore[override]
        return self._channel

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        return None


class TurnProcessor(MessageProcessor):
    """Rasa's processor, made to answer each message once and to own up to what fails."""

    def __init__(self, loaded: MessageProcessor) -> None:
        """Take over the model, store and action endpoint of ``loaded``."""
        vars(self).update(vars(loaded))
        store = self.tracker_store
        # The wrapper hides errors of the store: a failed read would answer out of an empty memory.
        if isinstance(store, FailSafeTrackerStore):
            store = store._tracker_store
        if not isinstance(store, TurnStore):
            raise TypeError(f"tracker_store in endpoints.yml must be {TurnStore.__qualname__}")
        store.looks_back = looks_back(loaded)
        self.tracker_store: TurnStore = store
        self.action_endpoint = ActionServer(loaded.action_endpoint, loaded.domain)
        self._read: dict[str, str] = {}

    @property
    def model(self) -> str:
        """Name of the loaded model, without its suffix."""
        return str(self.model_filename).removesuffix(".tar.gz")

    async def answer(self, message: UserMessage) -> dict[str, Any]:
        """Return the answer to ``message``; of a message answered before, the same answer again.

        Raises:
            ActionFailed, EmptyAnswer, Conflict: nothing of the turn is stored; it may be tried again.
        """
        tracker, answered = await self.tracker_store.read(message.sender_id, message.message_id)
        if known := answer_from(answered, message.message_id):
            return known
        if not tracker.events or _begins_anew(message, tracker):
            self._start_session(tracker)
        await self._handle_message_with_tracker(message, tracker)
        failed = calls_failed.set([])
        try:
            await self.run_action_extract_slots(message.output_channel, tracker)
            # Rasa fills slots unchecked where their validation fails.
            if calls_failed.get():
                raise ActionFailed("validation of slots") from calls_failed.get()[0]
        finally:
            calls_failed.reset(failed)
        await self._run_prediction_loop(message.output_channel, tracker)
        answer = answer_from(tracker.events, message.message_id)
        if not answer or not (answer["replies"] or "handoff" in answer):
            raise EmptyAnswer(tracker.latest_action_name)
        if "handoff" not in answer and await self._offer_other_request(tracker, message.output_channel):
            answer = answer_from(tracker.events, message.message_id)
        await self.save_tracker(tracker)
        return answer

    def _start_session(self, tracker: DialogueStateTracker) -> None:
        """Forget what was going on, but not what is known: slots are carried over."""
        known = [SlotSet(name, slot.value) for name, slot in tracker.slots.items() if slot.value is not None]
        kept = known if self.domain.session_config.carry_over_slots else []
        tracker.update(ActionExecuted(ACTION_SESSION_START_NAME), self.domain)
        tracker.update_with_events([SessionStarted(), *kept, ActionExecuted(ACTION_LISTEN_NAME)], self.domain)

    async def parse_message(
        self,
        message: UserMessage,
        tracker: DialogueStateTracker | None = None,
        only_output_properties: bool = True,
    ) -> dict[str, Any]:
        """Read ``message`` as the pipeline does, then in the light of ``tracker``, and its second request."""
        if tracker and (payload := tapped(message.text, tracker)):
            with suppress(BadPayload):  # one that is for the service, such as to leave the queue
                return read_payload(payload, self.domain)
        parsed = await super().parse_message(message, tracker, only_output_properties)
        if THRESHOLD not in parsed:
            return parsed  # another pipeline, to be measured beside ours as it is
        if tracker:
            if not tracker.active_loop_name and (rest := requests.beside_numbers(parsed)):
                reading = await super().parse_message(UserMessage(rest))
                if requests.is_wish(reading):
                    believe(parsed, reading["intent"])
            intent = requests.about_me(parsed) or requests.of_goods(parsed)
            if intent and parsed["intent"]["name"] in (FAQ, UNSURE):
                believe(parsed, {"name": intent, "confidence": parsed["intent"]["confidence"]})
            in_context(parsed, tracker, self.domain)
        if requests.wish(parsed) and (button := requests.another(parsed, await self._clauses(message.text))):
            parsed[ALSO] = button
        return parsed

    async def _clauses(self, text: str) -> list[dict[str, Any]]:
        """Read the clauses of a message each by itself; none where fewer than two can be requests."""
        clauses = requests.clauses(text)
        readings: dict[str, dict[str, Any]] = {}
        requested = 0
        # The shortest first: mostly they are polite words, which are known as they were read.
        for clause in sorted(clauses, key=len):
            if requested + len(clauses) - len(readings) < 2:
                return []
            readings[clause] = await super().parse_message(UserMessage(clause))
            requested += requests.wish(readings[clause]) is not None
        return [readings[clause] for clause in clauses]

    @staticmethod
    def _log_slots(tracker: DialogueStateTracker) -> None:
        """Nothing: what is known of the shopper belongs in no log, and a line of all slots takes its time."""

    def _check_for_unseen_features(self, parse_data: dict[str, Any]) -> None:
        """Nothing to warn of: domain and examples were compared before training."""

    def _parse_message_with_graph(
        self, message: UserMessage, tracker: DialogueStateTracker, only_output_properties: bool = True
    ) -> dict[str, Any]:
        """Read the text alone. Much is said in the same words by many, and read but once."""
        text = message.text or ""
        if known := self._read.get(text):
            return dict(json.loads(known))
        read: dict[str, Any] = super()._parse_message_with_graph(message, tracker)
        # Numbers and places are a shopper's own, to be forgotten with her, and "tomorrow" changes.
        if len(text) <= _SHORT and not read["entities"]:
            if len(self._read) >= _READ_TEXTS:
                del self._read[next(iter(self._read))]
            self._read[text] = json.dumps(read)
        return read

    async def _offer_other_request(self, tracker: DialogueStateTracker, channel: OutputChannel) -> bool:
        """Say that the message's second request is not forgotten, if it had one."""
        button = (tracker.latest_message.parse_data if tracker.latest_message else {}).get(ALSO)
        said = await self.nlg.generate("utter_also_asked", tracker, channel.name()) if button else None
        if not said:
            return False
        tracker.update(BotUttered(said["text"], {"buttons": [button]}), self.domain)
        return True

    async def warm(self) -> None:
        """Take one turn through reading, store and policies, leaving no trace."""
        tracker, _ = await self.tracker_store.read("warm-up", "")
        self._start_session(tracker)
        await self._handle_message_with_tracker(UserMessage(_WARM_UP, sender_id="warm-up"), tracker)
        self._predict_next_with_tracker(tracker)

    async def _run_action(
        self,
        action: Action,
        tracker: DialogueStateTracker,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        prediction: PolicyPrediction,
    ) -> bool:
        watched = _Watched(action)
        goes_on: bool = await super()._run_action(watched, tracker, output_channel, nlg, prediction)
        if watched.failure:
            raise ActionFailed(action.name()) from watched.failure
        return goes_on


class _Watched:
    """An action whose failure is kept: Rasa's loop only logs it and goes on with half an answer."""

    def __init__(self, action: Action) -> None:
        self._action = action
        self.failure: Exception | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._action, name)

    async def run(self, *args: Any) -> list[Event]:
        try:
            events: list[Event] = await self._action.run(*args)
            return events
        except ActionExecutionRejection:
            raise
        except Exception as error:
            self.failure = error
            raise


def looks_back(processor: MessageProcessor) -> LooksBack:
    """Return how far the policies of the loaded model look back."""
    answers, states, rule_only_data = 0, 0, None
    for node in processor.graph_runner._instantiated_nodes.values():
        policy = node._component
        if isinstance(policy, RulePolicy):
            keys = [key for kind in (RULES, RULES_FOR_LOOP_UNHAPPY_PATH) for key in policy.lookup[kind]]
            answers = max((len(json.loads(key)) for key in keys), default=0)
            rule_only_data = policy._get_rule_only_data()
        elif isinstance(policy, Policy):
            states = max(states, getattr(policy.featurizer, "max_history", None) or _ALL)
    return LooksBack(answers, states, rule_only_data)


def answer_from(events: Iterable[Event], message_id: str) -> dict[str, Any] | None:
    """Build the engine's answer to the message from what its turn left in ``events``.

    Returns:
        ``{replies, understanding, handoff?, model}``, or None where the message is not among them.
    """
    said: UserUttered | None = None
    replies: list[dict[str, Any]] = []
    handoff: dict[str, Any] | None = None
    for event in events:
        if isinstance(event, UserUttered) and event.message_id:
            if said:
                break
            if event.message_id == message_id:
                said = event
        elif said and isinstance(event, BotUttered):
            custom = event.data.get("custom") or {}
            handoff = custom.get("handoff") or handoff
            reply = {
                "text": event.text,
                "buttons": [
                    {"title": button["title"], "payload": button["payload"]}
                    for button in event.data.get("buttons") or ()
                ],
                "card": custom.get("card"),
                "cards": custom.get("cards"),
            }
            reply = {key: value for key, value in reply.items() if value}
            if reply:
                replies.append(reply)
    if not said:
        return None
    answer: dict[str, Any] = {
        "replies": replies,
        "understanding": _understanding(said.parse_data),
        "model": said.metadata.get("model"),
    }
    if handoff:
        answer["handoff"] = handoff
    return answer


def _understanding(parsed: dict[str, Any]) -> dict[str, Any]:
    """``ranking`` holds the readings only: that the bot is unsure is told by ``intent``."""
    intent = parsed["intent"]
    readings = [r for r in parsed.get("intent_ranking") or () if r["name"] != UNSURE]
    understanding: dict[str, Any] = {
        "intent": intent["name"],
        "confidence": _rounded(intent["confidence"]),
        "ranking": [
            {"name": r["name"], "confidence": _rounded(r["confidence"])} for r in readings[:_RANKING_LENGTH]
        ],
        "entities": [
            {key: entity.get(key) for key in ("entity", "value", "start", "end")}
            for entity in parsed.get("entities") or ()
        ],
    }
    selection = parsed.get(RESPONSE_SELECTOR_PROPERTY_NAME)
    if selection and intent["name"] in (FAQ, UNSURE):
        topic = selection[FAQ][RESPONSE_SELECTOR_PREDICTION_KEY]
        understanding["faq"] = {
            "topic": topic[INTENT_RESPONSE_KEY].partition("/")[2],
            "score": _rounded(topic["confidence"]),
        }
    return understanding


def _rounded(confidence: float) -> float:
    return round(float(confidence), 4)


def _begins_anew(message: UserMessage, tracker: DialogueStateTracker) -> bool:
    """Whether this is the first message of a service that began anew."""
    context = message.metadata.get("context") or {}
    last = tracker.get_last_event_for(UserUttered)
    before = (last.metadata.get("context") or {}) if last else {}
    return bool(context.get("anew")) and context.get("service") != before.get("service", 0)

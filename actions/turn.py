"""One turn of a conversation as the actions see it, and the frame every action runs in."""

import time
import traceback
import unicodedata
from abc import ABC, abstractmethod
from functools import cache, cached_property
from typing import Any

import structlog
from opencc import OpenCC
from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import ActionExecutionRejection

from actions.backend.contract import Customer, Unavailable

log = structlog.get_logger(__name__)

TURN_SECONDS = 4.0  # what all actions of one turn together may spend waiting for the shop
LEAST_SECONDS = 0.3  # what a late action of the turn still gets
TOPIC_TURNS = 3  # for so many messages what was just spoken of stays the topic

UNSURE = {"nlu_fallback", "out_of_scope"}
# Where the buttons say how a message may be meant.
READ_AS = {"utter_ask_back", "utter_also_asked"}
LIKELY = 0.08  # a reading less probable is not worth a button
HUMAN = "/human_agent"
NO_THANKS = "/deny"


class Turn:
    """The shopper's message and what is known so far."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._message: dict[str, Any] = tracker.latest_message or {}

    @cached_property
    def text(self) -> str:
        """What the shopper typed, width folded, in simplified characters; empty for a tapped button."""
        return _folded(self._message)

    @property
    def message_id(self) -> str:
        """Id of the shopper's message; the same when the turn is tried again."""
        return str((self._message.get("metadata") or {}).get("message_id") or "")

    @property
    def intent(self) -> str:
        return (self._message.get("intent") or {}).get("name") or ""

    @property
    def ranking(self) -> list[str]:
        """Intents that are likely at all, by falling confidence; behind nlu_fallback the real readings."""
        ranking = self._message.get("intent_ranking") or []
        return [reading["name"] for reading in ranking if reading["confidence"] >= LIKELY]

    @property
    def faq_topics(self) -> list[str]:
        """FAQ topics by falling score."""
        return [_topic(answer) for answer in self._answers]

    def faq_topics_of(self, intent: str) -> list[str]:
        """Those of the topics that count as ``intent``."""
        return [_topic(answer) for answer in self._answers if answer.get("counts_as") == intent]

    @property
    def _answers(self) -> list[dict[str, Any]]:
        selected = (self._message.get("response_selector") or {}).get("faq") or {}
        return [each for each in selected.get("ranking") or [] if _topic(each)]

    @property
    def customer(self) -> Customer | None:
        """The signed-in customer; None for a visitor and for anyone the front did not verify."""
        customer = (self._message.get("metadata") or {}).get("customer") or {}
        return Customer(str(customer["id"])) if customer.get("verified") and customer.get("id") else None

    @property
    def pictures(self) -> list[str]:
        """Ids of the pictures that came with the message."""
        sent = self._context.get("attachments") or []
        return [str(one) for one in [*sent, self.entity("attachment")] if one]

    @property
    def _context(self) -> dict[str, Any]:
        return (self._message.get("metadata") or {}).get("context") or {}

    @property
    def settled(self) -> str | None:
        """What an agent noted as settled when last handing the conversation back to the bot."""
        settled = self._context.get("settled")
        return str(settled) if settled else None

    @property
    def tickets(self) -> list[dict[str, Any]]:
        """The shopper's own tickets as cards, newest first."""
        tickets: list[dict[str, Any]] = self._context.get("tickets") or []
        return tickets

    @property
    def service(self) -> int:
        """Which service of the conversation this is; closing ends one, the next message begins another."""
        return int(self._context.get("service") or 0)

    @cached_property
    def entities(self) -> dict[str, str]:
        """The first value of each entity in the message."""
        return _entities(self._message)

    def entity(self, name: str) -> str | None:
        return self.entities.get(name)

    def slot(self, name: str) -> Any:
        return self._tracker.get_slot(name)

    def known(self, name: str) -> str | None:
        """The value of a text slot; the last one where a message held several."""
        value = self.slot(name)
        # A payload may hold anything, and Rasa puts it into the slot as it is.
        values = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]
        return values[-1] if values else None

    @property
    def events(self) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = self._tracker.events
        return events

    @cached_property
    def _begin(self) -> int:
        """Where this turn begins in the events."""
        users = [i for i, event in enumerate(self.events) if event["event"] == "user"]
        return users[-1] if users else 0

    @property
    def events_now(self) -> list[dict[str, Any]]:
        """What happened since the shopper's message."""
        return self.events[self._begin :]

    @property
    def digressed(self) -> bool:
        """Whether the message was about something else than the form asked, and was answered so."""
        for event in reversed(self.events_now):
            if event["event"] == "active_loop" and event["name"]:
                return False  # it began this form
            if event["event"] == "action_execution_rejected":
                return True
        return False

    @cached_property
    def events_before(self) -> list[dict[str, Any]]:
        """What happened from the shopper's message before this one until this one."""
        earlier = self.events[: self._begin]
        users = [i for i, event in enumerate(earlier) if event["event"] == "user"]
        return earlier[users[-1] :] if users else []

    @property
    def meant(self) -> dict[str, str]:
        """Entities and ``text`` of the wish: of the message before, where this is a tapped reading of it."""
        said = (self.last_said.get("metadata") or {}).get("utter_action")
        if self.text or said not in READ_AS:
            return {**self.entities, "text": self.text}
        before = next((event for event in self.events_before if event["event"] == "user"), {})
        return {**_entities(before.get("parse_data") or {}), **self.entities, "text": _folded(before)}

    @property
    def last_said(self) -> dict[str, Any]:
        """The bot's last utterance before this message, as an event; empty if there is none."""
        said = [event for event in self.events[: self._begin] if event["event"] == "bot"]
        return said[-1] if said else {}

    @property
    def offered_human(self) -> bool:
        """Whether the bot just asked, yes or no, for a colleague to take over."""
        buttons = (self.last_said.get("data") or {}).get("buttons") or []
        payloads = {button["payload"] for button in buttons}
        return payloads >= {HUMAN, NO_THANKS} and not any(each.startswith("/affirm") for each in payloads)

    def turns_since(self, slot: str) -> int | None:
        """How many messages ago the slot last got a value; None if it never did."""
        turns = 0
        for event in reversed(self.events):
            if event["event"] == "user":
                turns += 1
            elif event["event"] == "slot" and event["name"] == slot and event["value"] is not None:
                return turns
        return None

    def lately(self, slot: str) -> bool:
        """Whether the slot got its value so lately that it still is the topic."""
        turns = self.turns_since(slot)
        return turns is not None and turns <= TOPIC_TURNS

    @property
    def seconds_left(self) -> float:
        """How long the shop may still take, so that the whole turn stays within ``TURN_SECONDS``."""
        began = self.events[self._begin].get("timestamp") if self.events else None
        spent = max(0.0, time.time() - began) if began else 0.0
        return max(LEAST_SECONDS, TURN_SECONDS - spent)


def _folded(message: dict[str, Any]) -> str:
    text = message.get("text") or ""
    return "" if text.startswith("/") else _simplified().convert(unicodedata.normalize("NFKC", text).strip())


@cache
def _simplified() -> OpenCC:
    """Our words, by which a message is read, are written in simplified characters."""
    return OpenCC("t2s")


def _entities(message: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for entity in message.get("entities") or []:
        if entity.get("entity") and entity.get("value"):
            found.setdefault(entity["entity"], str(entity["value"]))
    return found


def _topic(answer: dict[str, Any]) -> str:
    return str(answer.get("intent_response_key") or "").partition("/")[2]


class TurnAction(Action, ABC):  # type: ignore[misc]  # rasa_sdk has no types
    """An action that never ends in silence: what it cannot do, it says, and offers a human."""

    @abstractmethod
    def name(self) -> str:
        """Its name in domain.yml."""

    @abstractmethod
    async def act(self, say: CollectingDispatcher, turn: Turn) -> list[EventType]:
        """Answer the turn.

        Raises:
            Unavailable: the shop is out of reach; the shopper is told so.
        """

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        try:
            return await self.act(dispatcher, Turn(tracker))
        except ActionExecutionRejection:
            raise
        except Unavailable as error:
            log.warning("action.without_shop", action=self.name(), cause=str(error))
        except Exception as error:
            # Only where and what kind: an exception's own text may quote a shopper.
            place = traceback.extract_tb(error.__traceback__)[-1]
            log.error(
                "action.failed",
                action=self.name(),
                cause=type(error).__name__,
                place=f"{place.filename}:{place.lineno}",
            )
        dispatcher.messages.clear()
        dispatcher.utter_message(response="utter_shop_unavailable")
        return [SlotSet("order", None), SlotSet("requested_slot", None)]

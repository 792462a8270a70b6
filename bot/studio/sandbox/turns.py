"""A turn of the sandbox chat as people read it: what was understood, and step by step what the bot did."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

FAQ, UNSURE = "faq", "nlu_fallback"
RANKED = 5
SHOWN = 160  # characters of a slot's value
# Rasa names a policy by its place too: policy_0_RulePolicy.
LISTEN, BEGINS = "action_listen", ("action_session_start",)


@dataclass(frozen=True)
class Ranked:
    """A reading, ``faq`` where a topic of its intent answers, or a FAQ topic; ``score`` from 0 to 1."""

    name: str
    score: float
    counts_as: str = ""
    title: str = ""


@dataclass(frozen=True)
class Found:
    """An entity."""

    name: str
    value: str
    text: str
    """As it was typed; empty where a button sent it."""


@dataclass(frozen=True)
class Change:
    """A slot that was set, or emptied: ``value`` is None."""

    slot: str
    value: str | None


@dataclass
class Step:
    """An action, which policy predicted it and how surely (0 to 1, None: nobody did), and what came of it."""

    action: str
    policy: str
    confidence: float | None
    changes: list[Change] = field(default_factory=list)
    loop: str | None = None
    """The form that begins here; empty: it ends."""
    said: int = 0
    """Bubbles."""
    declined: bool = False
    """A form that left the message to others."""


@dataclass(frozen=True)
class Turn:
    """One message and its answer."""

    number: int
    text: str
    """What was typed, or the title of the button."""
    tapped: bool
    replies: tuple[dict[str, Any], ...]
    handoff: str | None
    """Why it would go to a person now."""
    milliseconds: int | None
    intent: str
    """What it was taken for."""
    confidence: float
    threshold: float | None
    """Below it the bot is unsure."""
    readings: tuple[Ranked, ...]
    topics: tuple[Ranked, ...]
    topic: str
    """The FAQ topic that answers, ``faq/…``; empty where none does."""
    entities: tuple[Found, ...]
    heard: tuple[Change, ...]
    """Slots that the message itself set."""
    steps: tuple[Step, ...]
    events: tuple[dict[str, Any], ...]
    """As Rasa writes them."""
    failed: str = ""
    """Why there is no answer: empty-answer, action-failed, internal-error."""
    detail: str = ""

    @property
    def buttons(self) -> list[dict[str, str]]:
        """All that may be tapped under this answer."""
        return [button for reply in self.replies for button in reply.get("buttons", [])]

    @classmethod
    def of(cls, number: int, text: str | None, tapped: str | None, answer: dict[str, Any]) -> "Turn":
        """The turn that the engine answered so (bot/engine/sandbox.py)."""
        events: list[dict[str, Any]] = answer.get("events") or []
        at = next((i for i, event in enumerate(events) if event["event"] == "user"), len(events) - 1)
        parsed: dict[str, Any] = events[at].get("parse_data") or {} if events else {}
        heard, steps = _steps(events[at + 1 :])
        intent = parsed.get("intent") or {}
        selected = (parsed.get("response_selector") or {}).get(FAQ) or {}
        topic = str((selected.get("response") or {}).get("intent_response_key") or "")
        return cls(
            number=number,
            text=(text if text is not None else tapped) or "",
            tapped=text is None,
            replies=tuple(answer.get("replies") or ()),
            handoff=(answer.get("handoff") or {}).get("reason"),
            milliseconds=answer.get("milliseconds"),
            intent=str(intent.get("name") or ""),
            confidence=float(intent.get("confidence") or 0),
            threshold=parsed.get("threshold"),
            readings=_ranked(parsed.get("intent_ranking") or (), "name"),
            topics=_ranked(selected.get("ranking") or (), "intent_response_key"),
            topic=topic if intent.get("name") == FAQ else "",
            entities=tuple(_found(each, parsed.get("text") or "") for each in parsed.get("entities") or ()),
            heard=tuple(heard),
            steps=tuple(steps),
            events=tuple(events),
            failed=str(answer.get("failed") or ""),
            detail=str(answer.get("detail") or ""),
        )


def shown(value: Any) -> str:
    """A slot's value in one line."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _ranked(given: Sequence[dict[str, Any]], key: str) -> tuple[Ranked, ...]:
    return tuple(
        Ranked(
            str(each.get(key)),
            float(each.get("confidence") or 0),
            str(each.get("counts_as") or ""),
            str(each.get("title") or ""),
        )
        for each in given
        if each.get(key) != UNSURE
    )[:RANKED]


def _found(entity: dict[str, Any], text: str) -> Found:
    typed = "" if text.startswith("/") else text[entity.get("start") or 0 : entity.get("end") or 0]
    return Found(str(entity.get("entity")), shown(entity.get("value")), typed)


def _steps(events: Sequence[dict[str, Any]]) -> tuple[list[Change], list[Step]]:
    """What the message itself set, and each action with what it did; of a slot what it came to."""
    heard: list[Change] = []
    steps: list[Step] = []
    for event in events:
        kind = event["event"]
        if kind == "action" and event.get("name") not in BEGINS:
            name, policy = str(event.get("name")), str(event.get("policy") or "").rpartition("_")[2]
            steps.append(Step(name, policy, event.get("confidence") if policy else None))
        elif kind == "action_execution_rejected":
            policy = str(event.get("policy") or "").rpartition("_")[2]
            steps.append(Step(str(event["name"]), policy, event.get("confidence"), declined=True))
        elif kind == "slot":
            value = event.get("value")
            change = Change(event["name"], None if value is None else shown(value))
            changes = steps[-1].changes if steps else heard
            changes[:] = [*(each for each in changes if each.slot != change.slot), change]
        elif kind == "active_loop" and steps:
            steps[-1].loop = event.get("name") or ""
        elif kind == "bot" and steps:
            steps[-1].said += 1
    return heard, steps

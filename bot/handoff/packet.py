"""The escalation packet: what an agent must know first, told from the facts of the log."""

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from ruamel.yaml import YAML

from bot.conversations import handoffs, notices, ownership, script, titles
from bot.conversations.models import Conversation, Event, Message
from bot.conversations.store import UNSURE
from bot.settings import ROOT

from . import desk_rules, mood
from .queue import handed_over

READINGS = 3
# Readings that name no problem.
WISHES = ("human_agent", "greet", "thanks", "goodbye", "affirm", "deny", "chitchat", "inform")
# Cards of which the packet tells that they were shown.
CARDS = ("order", "logistics", "return")
QUOTED = 60  # characters of the shopper's last words
QUOTES = str.maketrans("“”", "‘’")


@dataclass(frozen=True)
class Reading:
    """One way the bot read the shopper; ``confidence`` from 0 to 1."""

    intent: str
    title: str
    confidence: float


@dataclass(frozen=True)
class Packet:
    """``reason``, ``mood`` and ``queue`` are codes; what ends in ``_text`` is for people."""

    reason: str
    reason_text: str
    summary: str
    understood: list[Reading]
    slots: list[tuple[str, str]]
    orders: list[dict[str, Any]]
    """The orders touched, as they were at the moment of the hand-over."""
    done: list[str]
    failed: list[str]
    mood: str
    mood_text: str
    waiting_since: datetime
    waited_until: datetime | None
    """When an agent came; None while the shopper still waits."""
    queue: str
    queue_text: str
    reply: str


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = YAML(typ="safe").load(ROOT / "data" / "handoff.yml")
    return data


def reason_text(code: str, language: str = "zh") -> str:
    """What a reason code means to people; an unknown code is shown as it is."""
    return _label("reasons", code, language)


def build(
    conversation: Conversation,
    events: Sequence[Event],
    messages: Sequence[Message],
    *,
    agent: str,
    language: str = "zh",
    queue: str | None = None,
) -> Packet | None:
    """The packet of the latest hand-over, None if there was none.

    Args:
        events: the conversation's changes of owner, oldest first.
        messages: its messages, oldest first; at least those since the bot last took over.
        agent: display name for the suggested reply.
        language: ``zh`` or ``en``; the suggested reply is Chinese, as the shopper reads it.
        queue: the one it has come into; without, the one that the rules name.
    """
    over = handed_over(list(events))
    if over is None:
        return None
    told = _service(over, events, messages)
    detail = over.detail or {}
    reason = over.reason or "asked_for_human"
    asked = [m for m in told if m.sender == "shopper"]
    read = _last_question(asked)
    intent = _intent_of(read)
    orders = _orders(detail, told)
    queue = queue or str(detail.get("queue") or desk_rules.current().queue_of(reason, intent))
    felt = "angry" if reason in ("complaint", "negative_emotion") else mood_of(asked)
    came = next((e for e in events if e.id > over.id and e.from_owner == ownership.QUEUE), None)
    return Packet(
        reason=reason,
        reason_text=reason_text(reason, language),
        summary=_summary(conversation, reason, asked, told, intent, orders, language),
        understood=_readings(read),
        slots=_slots(detail.get("slots"), language),
        orders=orders,
        done=_done(told, language),
        failed=_failed(told, reason, language),
        mood=felt,
        mood_text=_label("mood", felt, language),
        waiting_since=over.at,
        waited_until=came.at if came else None,
        queue=queue,
        queue_text=desk_rules.queue_title(queue, language),
        reply=str(_reply(reason, intent) or _data()["reply"]).format(agent=agent),
    )


def mood_of(asked: Sequence[Message]) -> str:
    """The worst mood of the shopper's last messages, ``calm`` where they show none."""
    last = asked[-handoffs.MOODS :]
    return mood.worst(m.mood or mood.read(m.text or "") for m in last) or "calm"


def _service(over: Event, events: Sequence[Event], messages: Sequence[Message]) -> list[Message]:
    """The messages between the bot's last taking over and the hand-over."""
    before = [e for e in events if e.id < over.id]
    began = [e.at for e in before if e.to_owner == ownership.BOT and e.move != "leave_queue"]
    return [m for m in messages if (not began or m.at >= began[-1]) and m.at <= over.at]


def _last_question(asked: Sequence[Message]) -> Message | None:
    """The last message whose reading tells more than the wish for a person."""
    read = [m for m in asked if (m.understanding or {}).get("intent") not in (None, *WISHES)]
    return read[-1] if read else None


def _only_a_wish(message: Message) -> bool:
    """Whether she asked for a person, said hello or the like, and named nothing she wants."""
    intent = (message.understanding or {}).get("intent")
    return message.payload == notices.HUMAN or intent in WISHES


def _intent_of(message: Message | None) -> str | None:
    """The intent the bot was sure of; a FAQ topic is only called by itself."""
    intent = str((message.understanding or {})["intent"]) if message else None
    return None if intent in UNSURE else intent


def _readings(message: Message | None) -> list[Reading]:
    ranking = (message.understanding or {}).get("ranking") or [] if message else []
    read = [r for r in ranking if r.get("name") not in (None, "nlu_fallback")]
    return [
        Reading(str(r["name"]), titles.title(str(r["name"])), float(r.get("confidence") or 0))
        for r in read[:READINGS]
    ]


def _slots(slots: Any, language: str) -> list[tuple[str, str]]:
    if not isinstance(slots, Mapping):
        return []
    known = _data()["slots"]
    return [
        (known[name][language], "、".join(map(str, value)) if isinstance(value, list) else str(value))
        for name, value in slots.items()
        if name in known and value and isinstance(value, str | int | float | list) and value is not True
    ]


def _orders(detail: Mapping[str, Any], told: Sequence[Message]) -> list[dict[str, Any]]:
    """As the engine saw them; where it told nothing, the orders whose cards were shown one by one."""
    orders = [o for o in detail.get("orders") or [] if isinstance(o, dict)]
    if not orders:
        cards = [(m.content or {}).get("card") for m in told]
        orders = [c for c in cards if isinstance(c, dict) and c.get("kind") in ("order", "logistics")]
    latest = {str(o.get("order_no") or o.get("no")): o for o in orders}
    return [{**order, "order_no": no} for no, order in latest.items()]


def _done(told: Sequence[Message], language: str) -> list[str]:
    done = []
    for message in told:
        content = message.content or {}
        faq = ((message.understanding or {}).get("faq") or {}).get("topic")
        if faq and str((message.understanding or {}).get("intent")).startswith("faq"):
            done.append(_say("done", "faq", language, title=titles.title(_topic(str(faq)))))
        if message.sender != "bot":
            continue
        if cards := content.get("cards"):
            done.append(_say("done", "orders", language, count=len(cards)))
        card = content.get("card") or {}
        if card.get("kind") in CARDS:
            done.append(
                _say(
                    "done",
                    card["kind"],
                    language,
                    no=card.get("order_no", ""),
                    status=card.get("status_text", ""),
                    courier=card.get("courier", ""),
                    tracking_no=card.get("tracking_no", ""),
                    id=card.get("id", ""),
                    title=card.get("title", ""),
                )
            )
    unsure = sum((m.understanding or {}).get("intent") in UNSURE for m in told if m.sender == "shopper")
    if unsure:
        done.append(_say("done", "asked_back", language, count=unsure))
    return [f"{text} ×{times}" if times > 1 else text for text, times in Counter(done).items()]


def _failed(told: Sequence[Message], reason: str, language: str) -> list[str]:
    notice = notices.text("failed")
    spellings = (notice, script.traditional(notice))
    lost = sum(m.sender == "bot" and m.text in spellings for m in told)
    failed = [_say("failed", "engine", language, count=lost)] if lost else []
    if reason == "action_failed":
        failed.append(_say("failed", "action", language))
    return failed


def _summary(
    conversation: Conversation,
    reason: str,
    asked: Sequence[Message],
    told: Sequence[Message],
    intent: str | None,
    orders: Sequence[Mapping[str, Any]],
    language: str,
) -> str:
    if name := quotable(conversation.customer_name or conversation.customer_id or ""):
        who = _say("summary", "customer", language, name=name)
    else:
        who = _say("summary", "visitor", language)
    if intent:
        parts = [_say("summary", "asks", language, who=who, title=titles.title(intent))]
    elif asked:
        wished = reason == "asked_for_human" and all(map(_only_a_wish, asked))
        parts = [_say("summary", "wish" if wished else "unknown", language, who=who)]
    else:
        parts = [_say("summary", "silent", language, who=who)]
    if asked:
        answered = sum(m.sender == "bot" for m in told)
        parts.append(_say("summary", "talked", language, said=len(asked), answered=answered))
        if words := quotable(asked[-1].text or ""):
            cut = words if len(words) <= QUOTED else words[: QUOTED - 1] + "…"
            parts.append(_say("summary", "words", language, text=cut))
    for order in orders[:2]:
        status = order.get("status_text") or order.get("status") or "—"
        parts.append(_say("summary", "order", language, no=order["order_no"], status=status))
    parts.append(_say("summary", "reason", language, reason=reason_text(reason, language)))
    return "".join(parts)


def quotable(text: str) -> str:
    """Foreign words for a sentence of ours: on one line, unable to end the quotation or to turn it around."""
    shown = (c for c in text if unicodedata.category(c) != "Cf")
    return " ".join("".join(shown).translate(QUOTES).split())


def _topic(topic: str) -> str:
    return topic if topic.startswith("faq/") else f"faq/{topic}"


def _reply(reason: str, intent: str | None) -> str | None:
    data = _data()
    found: str | None = data["reply_by_reason"].get(reason) or data["reply_by_intent"].get(intent)
    return found


def _label(group: str, code: str, language: str) -> str:
    known = _data()[group].get(code)
    return str(known[language]) if known else code


def _say(group: str, key: str, language: str, **values: object) -> str:
    return str(_data()[group][key][language]).format(**values)

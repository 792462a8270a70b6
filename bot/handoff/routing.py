"""Where a hand-over goes and how urgent it is: the heart's ``Rules``, by data/desk.yml and who is there."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.conversations.models import Conversation, Message
from bot.conversations.rules import Place, Targets
from bot.conversations.steps import now

from . import agents, desk_rules, hours, mood
from .desk_rules import DeskRules

READ = 10  # of the shopper's last messages, among which the one is that tells what she wants
TELLS_NOTHING = ("human_agent", "nlu_fallback", "out_of_scope", "inform", "affirm", "deny", "greet", "thanks")


class Routing:
    """The desk's rules for the heart.

    Args:
        read: gives the rules that hold now.
    """

    def __init__(self, read: Callable[[], DeskRules] = desk_rules.current) -> None:
        self._read = read
        mood.lexicon()  # read now, so that no shopper waits for it

    def place(
        self, session: Session, conversation: Conversation, reason: str, detail: Mapping[str, Any]
    ) -> Place:
        """The queue by reason and topic; who is there decides whether it is served, whatever the hour."""
        rules = self._read()
        queue = str(detail.get("queue"))
        if queue not in rules.queues:
            queue = rules.queue_of(reason, _wanted(session, conversation))
        if agents.anybody_there(session):
            return Place(queue)
        return Place(
            queue,
            back_at=hours.next_opening(rules, now()) if not hours.open_at(rules, now()) else None,
            there=False,
            ticket_due=hours.after_hours_of_work(rules, now(), rules.ticket_hours),
        )

    def targets(self, queue: str, level: str | None) -> Targets:
        """Seconds by queue, shortened for the customer's level."""
        rules = self._read()
        found = rules.queues.get(queue) or rules.queues["general"]
        share = rules.levels.get((level or "").lower(), 1.0)
        return Targets(timedelta(seconds=found.first * share), timedelta(seconds=found.next * share))

    def head_start(self, reason: str | None, mood: str | None, level: str | None) -> timedelta:
        """The sum of what reason, mood and level give."""
        start = self._read().head_start
        seconds = (
            start.reasons.get(reason or "", 0)
            + start.moods.get(mood or "", 0)
            + start.levels.get((level or "").lower(), 0)
        )
        return timedelta(seconds=seconds)

    def mood(self, text: str) -> str | None:
        """``mood.read``."""
        return mood.read(text)

    def worse(self, one: str | None, other: str | None) -> str | None:
        """``mood.worst`` of the two."""
        return mood.worst([one, other])

    def early(self, moods: Sequence[str | None], unsure: bool) -> bool:
        """``mood.early``."""
        return mood.early(moods, unsure)


def _wanted(session: Session, conversation: Conversation) -> str | None:
    """The intent that the shopper last had beside wanting a person; of a FAQ its topic's intent."""
    query = (
        select(Message.understanding)
        .where(Message.conversation_id == conversation.id, Message.sender == "shopper")
        .order_by(Message.seq.desc())
        .limit(READ)
    )
    for understanding in session.scalars(query):
        intent = (understanding or {}).get("intent")
        if intent and intent not in TELLS_NOTHING:
            return str(intent)
    return None

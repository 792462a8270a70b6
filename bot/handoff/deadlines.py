"""Deadlines: who is warned, what is overdue, and that nobody waits for people who are not there."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from bot.conversations import handoffs, handover, notes, ownership, steps
from bot.conversations.models import Conversation, Handoff
from bot.conversations.rules import Place
from bot.conversations.steps import now
from bot.conversations.store import Store

from . import agents, desk_rules, hours

BATCH = 100


def check(store: Store) -> list[str]:
    """Do what is due now; gives the conversations that changed. Any number of processes may."""
    at = now()
    rules = desk_rules.current()
    warn_at = at + timedelta(seconds=rules.warn_before)
    near = ~Handoff.warned & (Handoff.answer_due <= warn_at)
    over = ~Handoff.breached & (Handoff.answer_due <= at)
    with store.reading() as session:
        due = _due(session, handoffs.GOES_ON & (near | over))
        alone = not agents.anybody_there(session)
        left = _due(session, handoffs.WAITS & (Handoff.at < at - agents.GRACE)) if alone else []
    return [
        # First who waits no longer, so that nobody is asked for patience and then sent away.
        *(each for each in left if _leave_a_message(store, each, at)),
        *(each for each in due if _mark(store, each, at, warn_at)),
    ]


def _due(session: Session, which: ColumnElement[bool]) -> list[str]:
    query = select(Handoff.conversation_id).where(which).order_by(Handoff.answer_due).limit(BATCH)
    return list(session.scalars(query))


def _mark(store: Store, conversation_id: str, at: datetime, warn_at: datetime) -> bool:
    with store.writing() as session:
        conversation, handoff = _locked(session, conversation_id)
        if handoff is None or handoff.answer_due is None or handoff.answer_due > warn_at:
            return False  # answered meanwhile
        handoff.warned = True
        if handoff.answer_due > at or handoff.breached:
            return True
        handoff.breached = True
        handoff.breaches += 1
        which = "next" if handoff.first_answer_at else "first"
        notes.write(session, conversation, "system", None, which, "breach")
        if conversation.owner == ownership.QUEUE:
            # Honest: not what we hoped for, but what it now looks like.
            steps.append(session, conversation, handover.queue_notice(session, conversation, "wait_longer"))
        return True


def _leave_a_message(store: Store, conversation_id: str, at: datetime) -> bool:
    """Nobody is left for who waits: a ticket stands for the service, and she is told when people are back."""
    rules = desk_rules.current()
    with store.writing() as session:
        conversation, handoff = _locked(session, conversation_id)
        if handoff is None or conversation.owner != ownership.QUEUE or agents.anybody_there(session):
            return False
        back = None if hours.open_at(rules, at) else hours.next_opening(rules, at)
        due = hours.after_hours_of_work(rules, at, rules.ticket_hours)
        handover.leave_a_message(session, conversation, Place(handoff.queue, back, False, due))
        return True


def _locked(session: Session, conversation_id: str) -> tuple[Conversation, Handoff | None]:
    conversation = steps.locked(session, conversation_id)
    return conversation, handoffs.current(session, conversation_id)

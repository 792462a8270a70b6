"""A desk at work for the tests of its lists: real rules, hand-overs, and the clock set back."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from playwright.sync_api import Locator, Page
from sqlalchemy import select

from bot.conversations import handoffs, steps
from bot.conversations.database import connect
from bot.conversations.models import Handoff
from bot.conversations.steps import Reply
from bot.conversations.store import Store
from bot.handoff import agents
from bot.handoff.routing import Routing

from .conftest import Office


def ruled(office: Office) -> Store:
    """The office's log under the rules of data/desk.yml."""
    return Store(connect(office.settings.database), desk_rules=Routing())


def account(office: Office, name: str) -> int:
    """The id of the member of staff with this display name."""
    return next(id for id, known in office.accounts.display_names().items() if known == name)


def wanted(store: Store, said: str = "我要投诉你们", reason: str = "complaint") -> str:
    """A conversation whose shopper waits for a human; its name is no other's."""
    conversation = store.begin("web", None, f"顾客{secrets.token_hex(3)}").id
    store.receive(conversation, secrets.token_hex(6), said)
    turn = store.claim_turn("test", 30)
    assert turn is not None
    assert store.finish_turn(turn, [Reply("这就为您转接")], None, "m", {"reason": reason})
    return conversation


def set_back(store: Store, conversation: str, seconds: float) -> None:
    """It was handed over so much earlier, and what is due was due so much earlier."""
    earlier = timedelta(seconds=seconds)
    with store.writing() as session:
        steps.locked(session, conversation).owner_since -= earlier
        mine = (Handoff.conversation_id == conversation) & Handoff.ended_at.is_(None)
        handoff = session.scalars(select(Handoff).where(mine)).one()
        handoff.at, handoff.rank_at = handoff.at - earlier, handoff.rank_at - earlier
        assert handoff.answer_due
        handoff.answer_due -= earlier


@contextmanager
def shift(office: Office) -> Iterator[Store]:
    """The office's log; before and afterwards nobody is at work and nobody waits."""
    store = ruled(office)
    _end_the_day(store)
    try:
        yield store
    finally:
        _end_the_day(store)


def _end_the_day(store: Store) -> None:
    for agent in agents.all(store):
        agents.force_offline(store, agent.id, agent.id)
    for conversation in handoffs.open(store):
        store.end(conversation)


def row(page: Page, conversation: str) -> Locator:
    """The conversation in the list."""
    return page.locator(f'[data-testid=conversation-row][data-conversation="{conversation}"]')

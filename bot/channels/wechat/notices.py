"""One template message tells a shopper that something waits for her, where nothing else may be sent.

Source: WeChat's pages on template messages; what each kind of keyword takes stands in those on subscription
messages, with the errcodes 40037 and 47003.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from bot.conversations.models import Message
from bot.conversations.outbox import NotDelivered
from bot.conversations.steps import locked, now
from bot.conversations.store import Store

from .accounts import Account, Says
from .api import Api
from .models import Told
from .outcomes import Kind
from .render import ZONE
from .wording import say

AT_MOST_EVERY = timedelta(days=1)
LONGEST = {"thing": 20, "character_string": 32}  # characters of a keyword's value
# What may go well another time; all else would fail again.
PASSING = (Kind.BUSY, Kind.NO_TOKEN, Kind.BAD_TOKEN, Kind.DAILY_CAP)

log = structlog.get_logger()


class Notices:
    """Tells the shoppers of all accounts, each at most once while the same waits, and at most once a day."""

    def __init__(self, store: Store, accounts: Mapping[str, Account], apis: Mapping[str, Api]) -> None:
        self._store, self._accounts, self._apis = store, accounts, apis

    async def tell(self, account: str, openid: str, waiting: Sequence[Message]) -> None:
        """Tell her of what waits, the first of it first, if an agent wrote it or it is about a ticket.

        Raises:
            NotDelivered: WeChat or the line is in trouble.
        """
        settings = self._accounts[account]
        about = subject(waiting)
        if not settings.template or about is None:
            return
        conversation, first = waiting[0].conversation_id, waiting[0].seq
        # Noted before it is sent: whoever dies in between leaves her untold rather than told twice.
        noted, before = await asyncio.to_thread(_note, self._store, conversation, first)
        if not noted:
            return
        data = values(settings.template_fields, about, now())
        outcome = await self._apis[account].notify(openid, settings.template, data, None)
        if outcome.kind in PASSING:
            await asyncio.to_thread(_take_back, self._store, conversation, before)
            raise NotDelivered(outcome.kind)
        if not outcome.ok and outcome.kind is not Kind.UNSURE:
            log.warning("wechat.notice_refused", account=account, code=outcome.code)


def subject(waiting: Sequence[Message]) -> Message | None:
    """The newest of the messages that she is told of: what an agent wrote, or a ticket's notice."""
    told = (message for message in reversed(waiting) if message.sender == "agent" or _ticket_no(message))
    return next(told, None)


def values(fields: Mapping[str, Says], about: Message, at: datetime) -> dict[str, str]:
    """The template's keywords, as WeChat takes each kind."""
    number = _ticket_no(about)
    there = at.astimezone(ZONE)
    said: dict[Says, str] = {
        "what": say("notice_ticket", number=number) if number else say("notice_agent"),
        "ticket": number or say("notice_no_number"),
        "time": f"{there.year}年{there.month}月{there.day}日 {there:%H:%M}",
    }
    return {name: said[what][: LONGEST.get(name.rstrip("0123456789"))] for name, what in fields.items()}


def _ticket_no(message: Message) -> str | None:
    card = (message.content or {}).get("card") or {}
    return str(card.get("ticket_no")) if card.get("kind") == "ticket" else None


def _note(store: Store, conversation_id: str, first: int) -> tuple[bool, tuple[int, datetime] | None]:
    """Note that she is told, unless she was; whether it was noted, and what was noted before."""
    with store.writing() as session:
        locked(session, conversation_id)
        told = session.get(Told, conversation_id)
        before = (told.seq, told.at) if told else None
        if told and (told.seq >= first or told.at > now() - AT_MOST_EVERY):
            return False, before
        session.merge(Told(conversation_id=conversation_id, seq=first, at=now()))
        return True, before


def _take_back(store: Store, conversation_id: str, before: tuple[int, datetime] | None) -> None:
    """She was not told after all."""
    with store.writing() as session:
        locked(session, conversation_id)
        told = session.get(Told, conversation_id)
        if told and before:
            told.seq, told.at = before
        elif told:
            session.delete(told)

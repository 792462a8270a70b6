"""What all calls of the API share."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from actions.backend.contract import Customer, Shop
from bot.conversations import audits, guests, ownership
from bot.conversations.attachments import Attachments
from bot.conversations.models import Conversation
from bot.conversations.store import NotYours, Store
from bot.conversations.watch import Watcher
from bot.desk import customers
from bot.desk.board import Board
from bot.handoff import agents
from bot.handoff.models import Agent
from bot.handoff.suggestions import Suggestions
from bot.problems import Problem
from bot.staff import Accounts
from bot.staff.sessions import Staff
from bot.staff.tokens import Tokens

T = TypeVar("T")

VIEW_SECONDS = 900.0
VIEWS = 10_000


@dataclass(frozen=True)
class Services:
    """The heart and the desk, as one process has them."""

    store: Store
    watcher: Watcher
    accounts: Accounts
    tokens: Tokens
    board: Board
    suggestions: Suggestions
    shop: Shop
    data_dir: Path
    _viewed: dict[tuple[int | None, str, str], float] = field(default_factory=dict)

    @property
    def pictures(self) -> Attachments:
        return Attachments(self.store, self.data_dir)

    async def act(
        self, staff: Staff, action: str, conversation_id: str, do: Callable[[], T], **ids: Any
    ) -> T:
        """Do it in a thread, note in the audit that it was done, and wake whoever looks at it."""

        def noted() -> T:
            done = do()
            self.note(staff, action, conversation=conversation_id, **ids)
            return done

        done = await asyncio.to_thread(noted)
        self.watcher.hint(conversation_id)
        self.board.refresh()
        return done

    def note(self, staff: Staff, action: str, **ids: Any) -> None:
        """Keep in the audit who did it, and by which token."""
        audits.note(self.store, ownership.agent(staff.id), action, token=staff.token, **ids)

    def view(self, staff: Staff, conversation_id: str) -> Conversation:
        """The conversation; that it is looked at is kept, once in ``VIEW_SECONDS``.

        Raises UnknownConversation.
        """
        conversation = self.store.conversation(conversation_id)
        self._note_view(staff, "view_conversation", conversation_id)
        return conversation

    def customer(self, staff: Staff, conversation_id: str) -> Customer:
        """The conversation's customer; that she is looked at is kept, once in ``VIEW_SECONDS``.

        Raises UnknownConversation, Problem.
        """
        customer_id = self.store.conversation(conversation_id).customer_id
        if customer_id is None:
            raise Problem(404, "no-customer", "The shopper has not signed in: the shop knows nothing of her.")
        self._note_view(staff, "view_customer", conversation_id)
        return Customer(customer_id)

    def phone(self, staff: Staff, conversation_id: str) -> str:
        """The customer's phone in full; kept each time. Raises UnknownConversation, ShopError."""
        conversation = self.store.conversation(conversation_id)
        return customers.phone(self.store, self.shop, staff, conversation)

    def _note_view(self, staff: Staff, action: str, conversation_id: str) -> None:
        key, at = (staff.token, action, conversation_id), time.monotonic()
        if at - self._viewed.get(key, -VIEW_SECONDS) >= VIEW_SECONDS:
            if len(self._viewed) >= VIEWS:
                self._viewed.clear()
            self.note(staff, action, conversation=conversation_id)
            self._viewed[key] = at

    def colleague(self, agent_id: int) -> Agent:
        """Somebody who can be given a conversation. Raises Problem."""
        found = next((agent for agent in agents.all(self.store) if agent.id == agent_id), None)
        if found is None:
            raise Problem(404, "unknown-agent", "Nobody of this id has ever been at the desk.")
        if not agents.there(found):
            raise Problem(409, "agent-offline", "She is not there now: choose another, or a queue.")
        return found

    def speaks(self, conversation: Conversation, staff: Staff) -> bool:
        """Whether she may answer the shopper: it is hers, or she has joined."""
        mine = conversation.owner == ownership.agent(staff.id)
        return mine or staff.id in guests.of(self.store, conversation.id)

    def let_write(self, conversation_id: str, staff: Staff) -> Conversation:
        """The conversation, if she may answer in it or is a supervisor. Raises NotYours."""
        conversation = self.store.conversation(conversation_id)
        if not staff.may("supervisor") and not self.speaks(conversation, staff):
            raise NotYours(conversation_id)
        return conversation

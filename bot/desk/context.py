"""What the columns of one page share: who looks at it, its tasks, and how it tells what went wrong."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from dataclasses import dataclass
from typing import Any

import structlog
from nicegui import Client, ui
from nicegui.element import Element
from sqlalchemy.exc import SQLAlchemyError

from actions.backend.contract import Shop
from bot.conversations import ownership
from bot.conversations.steps import UnknownConversation
from bot.conversations.store import NotYours, Store
from bot.conversations.watch import Watcher
from bot.handoff.suggestions import Suggestions
from bot.staff import Accounts, sessions
from bot.staff.sessions import Staff
from bot.staff.texts import Texts

from .board import Board
from .deliveries import Deliveries

STILL_SIGNED_IN_EVERY = 5.0  # seconds

log = structlog.get_logger()


@dataclass(frozen=True)
class Desk:
    """What all pages share."""

    store: Store
    watcher: Watcher
    accounts: Accounts
    board: Board
    shop: Shop
    suggestions: Suggestions
    deliveries: Deliveries


class Context:
    """One page of one member of staff, alive as long as its client.

    Args:
        session: of the sign-in that opened the page.
        address: where the page is opened anew after a failure.
    """

    def __init__(
        self,
        desk: Desk,
        client: Client,
        session: MutableMapping[str, Any],
        staff: Staff,
        t: Texts,
        theme: str,
        address: Callable[[], str],
    ) -> None:
        self.desk = desk
        self.client = client
        self.staff = staff
        self.me = ownership.agent(staff.id)
        self.t = t
        self.theme = theme
        self.root: Element
        self._session = session
        self._address = address
        self._tasks: set[asyncio.Task[None]] = set()

    # -- life -----------------------------------------------------------------------------------------

    def run(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run beside the page until it ends or the client goes."""
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("desk.page_failed", exc_info=error)
            self.client.open(self._address())

    def stop(self) -> None:
        """Nothing runs beside the page any more."""
        for task in self._tasks:
            task.cancel()

    async def stay_signed_in(self) -> None:
        """Leave the page once the sign-in has ended."""
        while await self.signed_in():  # noqa: ASYNC110
            await asyncio.sleep(STILL_SIGNED_IN_EVERY)
        # The browser was told to leave; should it stay, there is nothing left for it to see or press.
        await asyncio.sleep(1)
        self.client.remove_all_elements()
        self.stop()

    async def signed_in(self) -> bool:
        """Whether the sign-in that opened this page still holds; if not, the page leaves."""
        try:
            staff = await asyncio.to_thread(sessions.current, self._session, self.desk.accounts)
        except SQLAlchemyError:
            return True
        if staff is None or not staff.may("agent"):
            self.client.open("/sign-in")
            return False
        return True

    # -- the browser ----------------------------------------------------------------------------------

    def js(self, code: str) -> None:
        self.client.run_javascript(code)

    def tell(self, key: str, **values: object) -> None:
        """A short notice over the page."""
        with self.root:
            ui.notify(self.t(key, **values), position="top", classes="told")

    # -- actions --------------------------------------------------------------------------------------

    async def attempt(self, action: Callable[[], Awaitable[None]], conversation_id: str) -> bool:
        """Do ``action``, which is about this conversation, and tell what stood in its way.

        Returns:
            Whether it was done.
        """
        try:
            if await self.signed_in():
                await action()
                return True
        except ownership.IllegalMove:
            await self._tell_owner(conversation_id)
        except NotYours:
            self.tell("not_yours")
        except UnknownConversation:
            self.tell("gone")
        except SQLAlchemyError as error:
            log.error("desk.action_failed", error=type(error).__name__)
            self.tell("not_now")
        return False

    async def _tell_owner(self, conversation_id: str) -> None:
        """The move was not possible: say who was there first."""
        conversation = await asyncio.to_thread(self.desk.store.conversation, conversation_id)
        if ownership.kind(conversation.owner) == "agent":
            if conversation.owner == self.me:
                self.tell("taken_by_you")
            else:
                names = await asyncio.to_thread(self.desk.accounts.display_names)
                known = {ownership.agent(account): name for account, name in names.items()}
                self.tell("taken_already", name=known.get(conversation.owner, self.t("someone")))
        else:
            self.tell("closed_already")

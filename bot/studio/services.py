"""What the studio's pages and commands work with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from bot.conversations.store import Store
from bot.settings import Settings
from bot.staff import Accounts
from bot.staff.people import People
from bot.studio.audit.keeping import Views, audited_files
from bot.studio.files import Repository
from bot.studio.promotion import Promoter
from bot.studio.proof import Comparisons
from bot.studio.sandbox import Sandboxes


@dataclass(frozen=True)
class Services:
    """One process's way to the log, the accounts and the settings; the rest is made from these."""

    settings: Settings
    store: Store
    accounts: Accounts
    leave_desk: Callable[[int, str], Sequence[str]] | None = None
    """As ``People`` takes it."""

    @cached_property
    def files(self) -> Repository:
        """config.yml, domain.yml and data/; each change is kept in the audit."""
        return audited_files(self.settings.bot_dir, self.store, self.accounts)

    @cached_property
    def people(self) -> People:
        """The staff, to be changed."""
        return People(self.accounts.engine, self.leave_desk)

    @cached_property
    def views(self) -> Views:
        """Keeps who looks at what customers said."""
        return Views(self.store)

    @cached_property
    def comparisons(self) -> Comparisons:
        """The proof of what a model is worth."""
        return Comparisons(self.store, self.settings)

    @cached_property
    def promoter(self) -> Promoter:
        """Lets a model answer that was proven."""
        return Promoter(self.settings, self.store, self.comparisons.against)

    @cached_property
    def sandboxes(self) -> Sandboxes:
        """Chats with any model, away from shoppers; somebody must ``run`` them."""
        return Sandboxes(self.settings)

"""What the studio's pages and commands work with."""

from dataclasses import dataclass
from functools import cached_property

from bot.conversations.store import Store
from bot.settings import Settings
from bot.staff import Accounts
from bot.studio.files import Repository


@dataclass(frozen=True)
class Services:
    """One process's way to the log, the accounts and the settings; the rest is made from these."""

    settings: Settings
    store: Store
    accounts: Accounts

    @cached_property
    def files(self) -> Repository:
        """config.yml, domain.yml and data/."""
        return Repository(self.settings.bot_dir)

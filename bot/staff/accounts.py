"""Care of the accounts from the command line."""

from bot.conversations.database import connect
from bot.settings import Settings

from .store import Accounts, UnknownAccount

__all__ = ["UnknownAccount", "renew_password"]


def renew_password(settings: Settings, name: str) -> str:
    """A new password for the account, told this once. Raises UnknownAccount."""
    return Accounts(connect(settings.database)).renew_password(name)

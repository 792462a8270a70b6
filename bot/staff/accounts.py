"""Care of the accounts from the command line."""

from bot.conversations.database import connect
from bot.settings import Settings

from .store import Accounts, NameTaken, UnknownAccount
from .tokens import Tokens, UnknownToken

__all__ = ["NameTaken", "UnknownAccount", "UnknownToken", "accounts", "renew_password", "tokens"]


def accounts(settings: Settings) -> Accounts:
    """The staff of the installation."""
    return Accounts(connect(settings.database))


def renew_password(settings: Settings, name: str) -> str:
    """A new password for the account, told this once. Raises UnknownAccount."""
    return Accounts(connect(settings.database)).renew_password(name)


def tokens(settings: Settings) -> Tokens:
    """The API tokens of the installation."""
    return Tokens(connect(settings.database))

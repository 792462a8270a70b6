"""The people of the shop: accounts, roles and sign-in, shared by desk and studio."""

from .store import Accounts, ensure_accounts

__all__ = ["Accounts", "ensure_accounts"]

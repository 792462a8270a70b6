"""Stands in for the module of this name until its last user is gone."""

from bot.shop.database import open_database

__all__ = ["open_database"]

"""Customers, products and orders from one YAML file (docs/order-backend.md) into the sample shop."""

from bot.shop.loading.reading import CannotLoad, Place
from bot.shop.loading.replacing import load

__all__ = ["CannotLoad", "Place", "load"]

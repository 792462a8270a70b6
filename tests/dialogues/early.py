"""Loads customers and orders until `bot shop load` does."""

from typing import Any
from unittest.mock import patch

from bot.shop import clock, seed, store
from bot.shop.models import Product


def load(database: str, given: dict[str, list[dict[str, Any]]]) -> None:
    declared = {"orders": [], **given, "products": seed.declared()["products"]}
    with (
        patch.object(seed, "declared", lambda: declared),
        patch.object(seed, "order_no", lambda order, _: order["no"]),
    ):
        rows = [row for row in seed.rows(clock.now()) if not isinstance(row, Product)]
    with store.open_database(database)() as session:
        session.add_all(rows)
        session.commit()

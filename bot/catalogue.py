"""The shop's product names, as the bot learns them at training."""

import os
from pathlib import Path

from actions.backend.contract import Shop
from bot.settings import ROOT

FILE = ROOT / "data" / "nlu" / "lexicon" / "catalogue.txt"
PAGE = 100  # the most that the order contract gives at once


class EmptyCatalogue(Exception):
    """The shop named not one product: more likely a fault than the truth."""


def fetch(shop: Shop) -> list[str]:
    """Return the names of all products of ``shop``, sorted, each once.

    Raises:
        ShopError: a page could not be had.
        EmptyCatalogue: there is none.
    """
    names: set[str] = set()
    page = 0
    while True:
        page += 1
        found = shop.products(page=page, page_size=PAGE)
        names.update(" ".join(product.name.split()) for product in found.items)
        if not found.items or page * found.page_size >= found.total:
            break
    names.discard("")
    if not names:
        raise EmptyCatalogue("it has no products")
    return sorted(names)


def replace(path: Path, names: list[str]) -> tuple[int, int]:
    """Write ``names`` to ``path``, one a line, whole or not at all; tell how many are new and how many gone.

    Raises:
        OSError: the file cannot be read or written.
    """
    before = set(path.read_text(encoding="utf-8").splitlines()) if path.exists() else set()
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    return len(set(names) - before), len(before - set(names))

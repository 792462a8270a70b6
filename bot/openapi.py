"""Writes the public contracts to docs/ (``make openapi``); tests hold them true."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from actions.backend.choice import connect as connect_shop
from bot import front
from bot.desk.api import app as desk_api
from bot.desk.api.follow import Follow
from bot.desk.api.services import Services
from bot.desk.board import Board
from bot.handoff.suggestions import Suggestions
from bot.settings import ROOT, Settings
from bot.shop import app as shop
from bot.staff import Accounts
from bot.staff.tokens import Tokens
from bot.wiring import Heart


def main() -> None:
    """Write the web channel's, the order backend's and the desk's OpenAPI."""
    for name in APPS:
        text = json.dumps(document(name), ensure_ascii=False, indent=2) + "\n"
        (ROOT / "docs" / f"{name}.openapi.json").write_text(text)


def document(name: str) -> dict[str, Any]:
    """The OpenAPI of one of ``APPS``."""
    with tempfile.TemporaryDirectory() as folder:
        return APPS[name](Settings(data_dir=Path(folder))).openapi()


def _desk_api(settings: Settings) -> FastAPI:
    heart = Heart(settings)
    accounts = Accounts(heart.database)
    services = Services(
        heart.store,
        heart.watcher,
        accounts,
        Tokens(heart.database),
        Board(heart.store, accounts, heart.watcher),
        Suggestions(heart.store),
        connect_shop(settings),
        settings.data_dir,
    )
    return desk_api.create(services, Follow(services), settings.desk_api_per_minute)


APPS: dict[str, Callable[[Settings], FastAPI]] = {
    "web-channel": front.create,
    "order-backend": shop.create_app,
    "desk-api": _desk_api,
}


if __name__ == "__main__":
    main()

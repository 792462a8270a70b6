"""Writes the public contracts to docs/ (``make openapi``); tests hold them true."""

import json
import tempfile
from pathlib import Path

from fastapi import FastAPI

from bot import front
from bot.settings import ROOT, Settings
from bot.shop import app as shop


def main() -> None:
    """Write the web channel's and the order backend's OpenAPI."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        _write("web-channel", front.create(settings))
        _write("order-backend", shop.create_app(settings))


def _write(name: str, app: FastAPI) -> None:
    text = json.dumps(app.openapi(), ensure_ascii=False, indent=2) + "\n"
    (ROOT / "docs" / f"{name}.openapi.json").write_text(text)


if __name__ == "__main__":
    main()

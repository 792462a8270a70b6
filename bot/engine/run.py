"""``python -m bot.engine.run``: the engine process.

Rasa with our channel on loopback, one process, no HTTP API. Environment: ``GUITAI_ENGINE_PORT``,
``GUITAI_ACTIONS_PORT`` or ``GUITAI_ACTIONS_URL``, ``GUITAI_DATA_DIR``, ``GUITAI_ENGINE_DATABASE_URL``,
``GUITAI_MODELS_DIR``, ``GUITAI_BOT_DIR``; the defaults are those of bot/settings.py. Which model it loads,
and what ``--side`` has to do with it, is told in bot/live_model.py.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import tarfile
from pathlib import Path
from typing import Any

from bot import live_model
from bot.engine.environment import log_from, prepare
from bot.engine.fingerprint import ROOT, bot_folder, current_model
from bot.engine.without_tensorflow import leave_out
from bot.followed import data_file
from bot.policies import FILE, Unreadable, read
from bot.secret_files import read_or_make
from bot.wordings import words


class CannotStart(Exception):
    """The engine cannot start; the text says what to do."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="bot.engine.run", description=__doc__.partition("\n")[0])
    parser.add_argument("--side", choices=live_model.SIDES, default=live_model.BLUE, help="default: blue")
    parser.add_argument(
        "--model", type=Path, help="archive; default: what was promoted, that of these files, or the newest"
    )
    options = parser.parse_args()
    try:
        _serve(model_to_serve(options.model, options.side))
    except CannotStart as reason:
        sys.exit(f"The engine cannot start: {reason}")


def model_to_serve(given: Path | None = None, side: str | None = None) -> Path:
    """Return ``given``, else what was promoted to this side, the model of these files, or the newest.

    Without ``side`` it is that of the side which answers.

    Raises CannotStart.
    """
    models = Path(os.environ.get("GUITAI_MODELS_DIR") or ROOT / "models")
    return _checked(given or _promoted(models, side) or _current(models))


def data_folder() -> Path:
    """Return the folder with all that is kept."""
    return Path(os.environ.get("GUITAI_DATA_DIR") or ROOT / "var").resolve()


def memory() -> str:
    """Return the address of the database with each dialogue."""
    return os.environ.get("GUITAI_ENGINE_DATABASE_URL") or f"sqlite:///{data_folder() / 'engine.db'}"


def _promoted(models: Path, side: str | None) -> Path | None:
    try:
        live = live_model.read(models)
        name = live.model(side or live.live) if live else None
        return live_model.archive(models, name) if name else None
    except live_model.Unreadable as error:
        raise CannotStart(str(error)) from error
    except live_model.NoModel as error:
        raise CannotStart(
            f"{error} It was promoted: put it back, or delete {models / live_model.FILE} to go on without."
        ) from error


def _current(models: Path) -> Path:
    if model := current_model(models, bot_folder()):
        return model
    # Files edited since the last training must not keep a restarted engine down.
    trained = sorted(models.glob("guitai-*.tar.gz"), key=lambda path: path.stat().st_mtime)
    if not trained:
        raise CannotStart(f"{models} holds no model. Run `make train`.")
    print(f"The files have changed since {trained[-1].name} was trained: it serves until `make train`.")
    return trained[-1]


def _checked(model: Path) -> Path:
    """Return ``model`` after reading it to its end: a torn archive must be told in one sentence."""
    try:
        with tarfile.open(model) as archive:
            archive.getmembers()
    except (OSError, EOFError, tarfile.TarError) as error:
        raise CannotStart(
            f"model {model} cannot be read ({error}). Delete it and run `make train`."
        ) from error
    return model.absolute()


def components(model: Path) -> set[str]:
    """What answers with the model: module and class of each component."""
    with tarfile.open(model) as archive:
        metadata = archive.extractfile("metadata.json")
        nodes: dict[str, Any] = json.load(metadata)["predict_schema"]["nodes"] if metadata else {}
    return {node["uses"] for node in nodes.values()}


def _port(name: str, default: int) -> int:
    value = os.environ.get(name) or str(default)
    if not value.isdigit() or not 1 <= int(value) <= 65535:
        raise CannotStart(f"{name} must be a port from 1 to 65535, not {value!r}.")
    return int(value)


def _serve(model: Path) -> None:
    try:
        read(data_file(bot_folder(), FILE))
        words(bot_folder())
    except Unreadable as error:
        raise CannotStart(str(error)) from error
    port = _port("GUITAI_ENGINE_PORT", 5005)
    actions = os.environ.get("GUITAI_ACTIONS_URL") or (
        f"http://127.0.0.1:{_port('GUITAI_ACTIONS_PORT', 5055)}/webhook"
    )
    data, database = data_folder(), memory()
    # Conversations are nobody else's to read.
    os.umask(0o077)
    scratch = data / "engine-tmp"
    try:
        scratch.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(f"{scratch} cannot be made ({error.strerror}).") from error
    try:
        secret = read_or_make(data, "internal")
    except OSError as error:
        raise CannotStart(f"the secret in {data / 'secrets'} cannot be read ({error.strerror}).") from error
    prepare()
    leave_out(components(model))
    # For endpoints.yml and credentials.yml.
    os.environ.update(
        GUITAI_ACTIONS_URL=actions, GUITAI_ENGINE_DATABASE_URL=database, GUITAI_INTERNAL_SECRET=secret
    )
    # Libraries that unpack or cache must not do it where others write.
    os.environ["TMPDIR"] = str(scratch)
    os.chdir(ROOT)

    from rasa.core.run import serve_application
    from rasa.core.utils import AvailableEndpoints
    from sanic import Sanic
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError

    from bot.engine import patches
    from bot.engine.tracker_store import TurnStore

    log_from(logging.INFO)
    try:
        patches.apply()
        TurnStore(database)
    except patches.OtherRasa as error:
        raise CannotStart(str(error)) from error
    except SQLAlchemyError as error:
        why = str(getattr(error, "orig", error)).strip()
        raise CannotStart(f"its memory, {make_url(database)!r}, cannot be opened ({why}).") from error

    async def require_model(app: Sanic, _: object) -> None:
        if not app.ctx.agent.is_ready():
            raise CannotStart(f"model {model} does not load; the log above says why. Run `make train`.")

    serve_application(
        model_path=str(model),
        interface="127.0.0.1",
        port=port,
        credentials="credentials.yml",
        enable_api=False,
        endpoints=AvailableEndpoints.read_endpoints("endpoints.yml"),
        server_listeners=[(require_model, "after_server_start")],
    )


if __name__ == "__main__":
    main()

"""``python -m bot.engine.tracker_import ADDRESS``: what a stock Rasa remembers becomes our engine's memory.

ADDRESS is that of its SQL tracker store (``sqlite:////home/rasa/rasa.db``, ``postgresql://user:password@host/rasa``),
``--endpoints FILE`` tells of any store instead. The stock store is only read. What our memory has already is
left as it is, so that it can be repeated.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.engine.environment import log_from, prepare
from bot.engine.run import CannotStart, components, memory, model_to_serve
from bot.engine.without_tensorflow import leave_out

if TYPE_CHECKING:
    from bot.engine.stock_stores import Source
    from bot.engine.tracker_store import TurnStore


class CannotImport(Exception):
    """Nothing can be imported; the text says why and what to do."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="bot.engine.tracker_import", description=__doc__.partition("\n")[0])
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("address", nargs="?", help="of a stock SQL tracker store")
    given.add_argument("--endpoints", type=Path, help="endpoints.yml that names the stock store")
    parser.add_argument("--model", type=Path, help="archive; default: the one that the engine serves")
    options = parser.parse_args()
    try:
        model = model_to_serve(options.model)
        prepare()
        leave_out(components(model))
        left_out = _import(model, options.address, options.endpoints)
    except (CannotStart, CannotImport) as reason:
        print(f"Nothing can be imported: {reason}", file=sys.stderr)
        return 1
    return 1 if left_out else 0


def _import(model: Path, address: str | None, endpoints: Path | None) -> int:
    """Return how many conversations were left out. Raises CannotImport."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError

    from bot.engine.stock_stores import import_from
    from bot.engine.tracker_store import TurnStore

    log_from(logging.CRITICAL)
    url = memory()
    try:
        with _source(address, endpoints) as source:
            store = TurnStore(url)
            _learn(store, model)
            database = create_engine(url, future=True, hide_parameters=True)
            tell = partial(print, flush=True)
            done = asyncio.run(import_from(source, store, database.begin, tell))
    except SQLAlchemyError as error:
        raise CannotImport(f"a database fails ({str(getattr(error, 'orig', error)).strip()}).") from error
    print(f"{done}.")
    return done.left_out


def _learn(store: TurnStore, model: Path) -> None:
    """Tell the store of the model that will go on from what it keeps."""
    from rasa.core.agent import Agent

    from bot.engine import patches
    from bot.engine.turns import looks_back

    try:
        patches.apply()
    except patches.OtherRasa as error:
        raise CannotImport(str(error)) from error
    processor = Agent.load(model, tracker_store=store).processor
    if not processor:
        raise CannotImport(f"model {model} does not load. Run `make train`.")
    store.looks_back = looks_back(processor)


@contextmanager
def _source(address: str | None, endpoints: Path | None) -> Iterator[Source]:
    from rasa.core.tracker_store import SQLTrackerStore, TrackerStore
    from rasa.shared.exceptions import RasaException
    from rasa.utils.endpoints import read_endpoint_config

    from bot.engine.stock_stores import RasaSource

    if address:
        with _sql(address) as source:
            yield source
        return
    try:
        config = read_endpoint_config(str(endpoints), "tracker_store")
    except RasaException as error:
        raise CannotImport(f"{endpoints} cannot be read ({error}).") from error
    if config is None or config.type is None:
        raise CannotImport(f"{endpoints} has no `tracker_store` with a `type`.")
    if config.type.lower() == "sql":
        # Rasa's class would make tables there, and wait for ever for a database that is away.
        known = ("dialect", "port", "db", "username", "password", "query")
        told = {key: value for key, value in config.kwargs.items() if key in known}
        with _sql(SQLTrackerStore.get_db_url(host=config.url, **told)) as source:
            yield source
        return
    try:
        yield RasaSource(TrackerStore.create(config))
    except RasaException as error:
        raise CannotImport(f"the store of {endpoints} cannot be read ({error}).") from error


@contextmanager
def _sql(address: Any) -> Iterator[Source]:
    from sqlalchemy import create_engine
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError

    from bot.engine.stock_stores import SqlSource

    try:
        url = make_url(address)
        if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
            raise CannotImport(f"there is no file {url.database}.")
        connection = create_engine(
            url, future=True, hide_parameters=True, isolation_level="AUTOCOMMIT"
        ).connect()
    except (SQLAlchemyError, ImportError) as error:
        why = str(getattr(error, "orig", error)).strip()
        raise CannotImport(f"the stock store cannot be opened ({why}).") from error
    with connection:
        source = SqlSource(connection)
        if not source.is_there():
            raise CannotImport(f"{url!r} has no table `events` of a stock Rasa.")
        yield source


if __name__ == "__main__":
    sys.exit(main())

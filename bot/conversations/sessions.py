"""How the store's parts reach the database."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from threading import Lock

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from .rules import Plain, Rules


class Sessions:
    """Transactions of one database.

    A conversation that was closed at most ``reopen_within`` ago goes on with the shopper's next message.
    ``desk_rules`` say where a hand-over goes; without them there is one queue that is always served.
    """

    def __init__(
        self,
        engine: Engine,
        reopen_within: timedelta = timedelta(hours=24),
        desk_rules: Rules | None = None,
    ) -> None:
        self.rules: Rules = desk_rules or Plain()
        self._writer = engine
        # SQLite makes a writer who finds another one sleep, and that for longer and longer.
        self._writing = Lock() if engine.dialect.name == "sqlite" else nullcontext()
        self._reopen_within = reopen_within
        self._reader = engine.execution_options(read=True)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that may write; committed at its end."""
        info = {"rules": self.rules}
        with (
            self._writing,
            Session(self._writer, expire_on_commit=False, info=info) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that only reads."""
        with Session(self._reader, expire_on_commit=False) as session:
            yield session

"""What may have made a candidate worse: the changes of the data between it and the model that serves.

Told only where it is known: models of another repository, and reports of former versions, tell less.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeGuard

import structlog
from sqlalchemy import select

from bot import model_sidecar
from bot.conversations.store import Store
from bot.studio.files import Change, Refused, Repository, Snapshot, Trouble, language
from bot.studio.training.models import DONE, Training

from .models import Comparison

SHOWN = 20
NAMED = 2
"""So many changes are named as the likely cause of one reading."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Between:
    """The changes of the data between two models."""

    state: Literal["known", "same", "no_current", "no_candidate", "unreadable"]
    """``same``: both are of the same data; ``no_…``: of which data that model is, is not known here."""
    changes: Sequence[Change] = ()
    """The newest first."""
    more: bool = False
    backwards: bool = False
    """Whether it is the candidate whose data lacks them."""


@dataclass(frozen=True)
class Cause:
    """A change that touches how a message is read otherwise."""

    change: Change
    how: Literal["adds", "takes"]
    """Examples to the new reading, or from the former."""
    reading: str
    count: int


@dataclass(frozen=True)
class Reading:
    """A message of a dialogue test that the candidate reads otherwise."""

    turn: int
    text: str
    before: Mapping[str, Any]
    """``kind``, ``reading`` and ``confidence``, as an outcome of the report."""
    after: Mapping[str, Any]
    causes: Sequence[Cause]

    @property
    def right(self) -> str | None:
        """Where an example of it would belong; None where it should not be answered."""
        return None if self.before["kind"] == "ask" else str(self.before["reading"])


@dataclass(frozen=True)
class Causes:
    """What is known of why a candidate differs."""

    between: Between
    readings: Mapping[str, Sequence[Reading]]
    """Of each broken dialogue by its id; none where all is read alike. Former reports do not tell."""


def causes(store: Store, models: Path, files: Repository, found: Comparison) -> Causes:
    """Why the candidate of a comparison with a report may differ; ``models`` is their folder."""
    current = data_commit(store, models, found.current)
    between = _between(files, current, data_commit(store, models, found.candidate))
    broken = (found.report or {"dialogues": {"broken": []}})["dialogues"]["broken"]
    told = {played["id"]: played["readings"] for played in broken if "readings" in played}
    touched = _Touched(files, between)
    return Causes(
        between,
        {
            id: [Reading(**each, causes=touched.likely(each["before"], each["after"])) for each in readings]
            for id, readings in told.items()
        },
    )


def data_commit(store: Store, models: Path, model: str) -> str | None:
    """The commit of the data that a model was trained from; None where nobody noted it."""
    if noted := model_sidecar.read(models / f"{model}{model_sidecar.ENDING}").commit:
        return noted
    query = select(Training.commit_id).where(Training.model == model, Training.state == DONE)
    with store.reading() as session:
        return session.scalar(query.order_by(Training.id.desc()).limit(1))


def _between(files: Repository, current: str | None, candidate: str | None) -> Between:
    try:
        if not _is_there(current, files):
            return Between("no_current")
        if not _is_there(candidate, files):
            return Between("no_candidate")
        since, backwards = files.between(current, candidate, SHOWN + 1), False
        if not since:
            since, backwards = files.between(candidate, current, SHOWN + 1), True
    except Trouble as why:
        log.warning("comparison.changes_unreadable", error=type(why).__name__)
        return Between("unreadable")
    return Between("known", since[:SHOWN], len(since) > SHOWN, backwards) if since else Between("same")


def _is_there(commit: str | None, files: Repository) -> TypeGuard[str]:
    try:
        return commit is not None and bool(files.change(commit))
    except Refused:
        return False


class _Touched:
    """Which of the changes touched the examples of what is read; each is read once, and only if asked for."""

    def __init__(self, files: Repository, between: Between) -> None:
        self._files = files
        # What a candidate lacks cannot be taken back to mend it.
        self._changes = [] if between.backwards else between.changes
        self._known: dict[str, dict[str, tuple[int, int]]] = {}

    def likely(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Cause]:
        """Changes that add examples to the new reading; where none does, that take some from the former."""
        was, now = before["reading"], after["reading"]
        added, taken = [], []
        for change in self._changes:
            examples = self._of(change)
            more, _ = examples.get(now, (0, 0))
            _, less = examples.get(was, (0, 0))
            if more and now != was:
                added.append(Cause(change, "adds", now, more))
            if less:
                taken.append(Cause(change, "takes", was, less))
        return (added or taken)[:NAMED]

    def _of(self, change: Change) -> dict[str, tuple[int, int]]:
        """How many examples came to each intent or topic and went from it."""
        if change.id not in self._known:
            try:
                sides = self._files.around(change.id)
                before, after = (_examples(side, change.paths) for side in sides)
            except Trouble:
                before, after = {}, {}
            self._known[change.id] = {
                name: (
                    len(after.get(name, set()) - before.get(name, set())),
                    len(before.get(name, set()) - after.get(name, set())),
                )
                for name in before.keys() | after.keys()
            }
        return self._known[change.id]


@dataclass(frozen=True)
class _Some:
    """Some of a snapshot's files."""

    whole: Snapshot
    paths: Sequence[str]

    def files(self, under: str = "") -> list[str]:
        return [path for path in self.whole.files(under) if path in self.paths]

    def text(self, path: str) -> str:
        return self.whole.text(path)


def _examples(whole: Snapshot, paths: Sequence[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for each in language.examples(_Some(whole, paths)):
        found.setdefault(each.intent, set()).add(each.plain)
    return found

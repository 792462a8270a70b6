"""How the desk works: data/desk.yml, read anew when it changes."""

from collections.abc import Mapping
from datetime import date, time
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import structlog
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from bot.settings import ROOT

PATH = ROOT / "data" / "desk.yml"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

log = structlog.get_logger()


class Unreadable(Exception):
    """data/desk.yml cannot be used; the text says what to correct."""


def _span(written: object) -> tuple[time, time]:
    """``9:00-21:00``; an end of 24:00 is the end of the day."""
    begins, _, ends = str(written).partition("-")
    try:
        (h1, m1), (h2, m2) = (map(int, each.split(":")) for each in (begins, ends))
        end = time.max if (h2, m2) == (24, 0) else time(h2, m2)
        span = time(h1, m1), end
    except ValueError:
        raise ValueError(f"'{written}' is no span of hours such as 9:00-21:00") from None
    if span[0] >= span[1]:
        raise ValueError(f"'{written}' ends before it begins; write two spans over midnight")
    return span


def _apart(spans: list[tuple[time, time]]) -> list[tuple[time, time]]:
    spans = sorted(spans)
    for (_, ends), (begins, _) in pairwise(spans):
        if begins < ends:
            raise ValueError(f"a span begins at {begins:%H:%M}, before the one ahead of it ends")
    return spans


Span = Annotated[tuple[time, time], BeforeValidator(_span)]
Spans = Annotated[list[Span], AfterValidator(_apart)]
# At most a month, so that no moment lies beyond the calendar.
Seconds = Annotated[int, Field(ge=0, le=30 * 24 * 3600)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Title(_Part):
    """A name in the desk's languages."""

    zh: str
    en: str

    def of(self, language: str) -> str:
        return self.en if language == "en" else self.zh


class Queue(_Part):
    """A queue; ``first`` and ``next`` are seconds until a shopper must have heard from a person."""

    title: Title
    first: Seconds = Field(gt=0)
    next: Seconds = Field(gt=0)


class HeadStart(_Part):
    """Seconds by which somebody is put before others."""

    moods: Mapping[str, Seconds] = {}
    reasons: Mapping[str, Seconds] = {}
    levels: Mapping[str, Seconds] = {}


class DeskRules(_Part):
    """The whole of data/desk.yml, where each part is explained."""

    hours: Mapping[str, Spans]
    holidays: Mapping[date, Spans] = {}
    capacity: int = Field(5, ge=1, le=50)
    away_minutes: int = Field(15, ge=1)
    ticket_hours: float = Field(4, gt=0)
    queues: Mapping[str, Queue]
    levels: Mapping[str, Annotated[float, Field(gt=0, le=10)]] = {}
    level_titles: Mapping[str, Title | None] = {}
    warn_before: Seconds = 30
    head_start: HeadStart = HeadStart()
    queue_by_reason: Mapping[str, str] = {}
    queue_by_intent: Mapping[str, str] = {}
    outcomes: Mapping[str, Title]
    tags: Mapping[str, Title]

    @model_validator(mode="after")
    def _fits(self) -> "DeskRules":
        if unknown := set(self.hours) - set(DAYS):
            raise ValueError(f"hours: {', '.join(sorted(unknown))} is no day of the week in English")
        if "general" not in self.queues:
            raise ValueError("queues: 'general' is missing, which takes what fits nowhere else")
        for named in (*self.queue_by_reason.values(), *self.queue_by_intent.values()):
            if named not in self.queues:
                raise ValueError(f"queue_by_…: there is no queue '{named}'")
        return self

    def queue_of(self, reason: str | None, intent: str | None) -> str:
        """The queue for a hand-over of this reason, about this intent."""
        return self.queue_by_reason.get(reason or "") or self.queue_by_intent.get(intent or "") or "general"


def read(path: Path = PATH) -> DeskRules:
    """The rules of a file. Raises Unreadable."""
    try:
        return DeskRules.model_validate(YAML(typ="safe").load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{path} cannot be read: {error}. Put it back, in UTF-8.") from error
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it holds what no text does"
        raise Unreadable(f"{path}{line} is no YAML: {problem}") from error
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg']}" for fault in error.errors()
        )
        raise Unreadable(f"{path}: {wrong}") from error
    except ValueError as error:  # of a date such as 2027-02-30, before it is looked at
        raise Unreadable(f"{path}: a date in it is none: {error}") from error


class _Current:
    """The rules as the file has them now; of a broken one what held before."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = _changed(path)
        self._rules = read(path)

    def rules(self) -> DeskRules:
        changed = _changed(self._path)
        if changed != self._changed:
            self._changed = changed
            try:
                self._rules = read(self._path)
            except Unreadable as error:
                log.error("desk_rules.unreadable", error=str(error))
        return self._rules


def _changed(path: Path) -> int:
    """When the file was last changed; 0 while there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


_current: dict[Path, _Current] = {}


def current(path: Path = PATH) -> DeskRules:
    """The rules that hold now. Raises Unreadable when they were never whole."""
    if path not in _current:
        _current[path] = _Current(path)
    return _current[path].rules()


def queues() -> Mapping[str, Queue]:
    """The queues by code."""
    return current().queues


def queue_title(code: str, language: str = "zh") -> str:
    """What people call a queue; one that is no more by its code."""
    queue = queues().get(code)
    return queue.title.of(language) if queue else code


def level_title(level: str | None, language: str = "zh") -> str | None:
    """What people call a level, None for the ordinary one; one that is not named as the shop writes it."""
    titles = current().level_titles
    code = (level or "").lower()
    if code not in titles:
        return level or None
    title = titles[code]
    return title.of(language) if title else None


def outcomes() -> Mapping[str, Title]:
    """What a service may come to, by code."""
    return current().outcomes


def tags() -> Mapping[str, Title]:
    """What a service may have been about, by code."""
    return current().tags

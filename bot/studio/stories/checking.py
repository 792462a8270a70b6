"""Do rules and stories contradict each other? Rasa's own checks, in its environment, without a training."""

import asyncio
import json
import os
import signal
import tempfile
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import structlog

from bot.data_faults import Fault
from bot.launcher import ENGINE_PYTHON
from bot.settings import ROOT
from bot.studio.files.language import DOMAIN, HEAD, topics
from bot.studio.files.snapshot import Files, write_out
from bot.studio.files.stories import FOLDER as STORIES
from bot.studio.files.stories import Kind, Told, told
from bot.studio.training.process import be_modest, environment

SECONDS = 180.0
"""How long a check may take."""
LINE = 1 << 22
FOLDER = "bot"
MOST = 60
"""Problems that are told."""
TOPICS = "data/nlu/topics.yml"

log = structlog.get_logger()
# Each takes some hundred megabytes for some seconds.
_one = asyncio.Semaphore(1)


@dataclass(frozen=True)
class Party:
    """A rule or story that takes part in a contradiction, or what Rasa does by itself (``kind`` None)."""

    kind: Kind | None
    name: str
    path: str = ""


@dataclass(frozen=True)
class Contradiction:
    """Two or more that cannot all be followed, or a rule that is not whole.

    ``what``: "contradiction" (of two, of which the second is a rule) and "conflict" (of stories, after
    ``after``): each party wants the action of its number. "incomplete": a rule leaves out ``slots``, or what
    the form is like, after ``actions[0]``. "messages": a rule has several messages.
    """

    what: Literal["contradiction", "conflict", "incomplete", "messages"]
    parties: tuple[Party, ...]
    actions: tuple[str, ...] = ()
    slots: tuple[str, ...] = ()
    after: str = ""

    def names(self, kind: Kind, name: str) -> bool:
        """Whether this one takes part."""
        return any((each.kind, each.name) == (kind, name) for each in self.parties)


@dataclass(frozen=True)
class Step:
    """What goes on: loading, reading, rules or stories; ``waiting``: another check goes before."""

    name: str


@dataclass(frozen=True)
class Outcome:
    """What was found; ``failed``: why nothing could be."""

    found: tuple[Contradiction, ...] = ()
    failed: str = ""


async def check(files: Files, python: Path = ENGINE_PYTHON) -> AsyncGenerator[Step | Outcome]:
    """Check the rules and stories of a snapshot or a draft; gives each step, and at the end the outcome.

    A draft may be checked that the data check would not let pass. Ends its process when it is closed.
    """
    if _one.locked():
        yield Step("waiting")
    async with _one:
        with tempfile.TemporaryDirectory(prefix="guitai-stories-") as place:
            scratch = Path(place)
            await asyncio.to_thread(_lay_out, files, scratch / FOLDER)
            async with aclosing(_lines(python, scratch)) as lines:
                async for line in lines:
                    if "step" in line:
                        yield Step(str(line["step"]))
                    else:
                        yield _outcome(line, await asyncio.to_thread(told, files))


def _lay_out(files: Files, root: Path) -> None:
    """What the check needs: of all examples, one of each retrieval intent, whose answers are actions."""
    laid = {path: files.text(path).encode() for path in ("config.yml", DOMAIN, *files.files(STORIES))}
    bases = {each.name.partition("/")[0]: each.name for each in topics(files)}
    lines = [HEAD, "nlu:"]
    for name in bases.values():
        lines += [f"- intent: {name}", "  examples: |", "    - x"]
    lines += ["responses:", *(f"  utter_{name}: [{{text: x}}]" for name in bases.values())]
    if bases:
        laid[TOPICS] = "\n".join(lines).encode()
    write_out(laid, root)


async def _lines(python: Path, scratch: Path) -> AsyncGenerator[dict[str, Any]]:
    """What the engine's check tells; at the end, one line that says what was found, or why nothing was."""
    log_file = scratch / "log"
    try:
        with log_file.open("wb") as written:
            process = await asyncio.create_subprocess_exec(
                str(python),
                *("-m", "bot.engine.check_stories", "--root", str(scratch / FOLDER)),
                cwd=ROOT,
                env=environment(scratch),
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=written,
                limit=LINE,
                start_new_session=True,
            )
    except OSError as error:
        yield {"failed": f"{python}: {error.strerror}"}
        return
    be_modest(process.pid)
    ended, until = False, time.monotonic() + SECONDS
    stream = process.stdout or asyncio.StreamReader()
    try:
        while line := await asyncio.wait_for(stream.readline(), until - time.monotonic()):
            with suppress(ValueError):
                said = json.loads(line)
                ended = ended or "step" not in said
                yield said
        await process.wait()
    except TimeoutError:
        yield {"failed": Fault("check_slow", seconds=round(SECONDS))}
        return
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if not ended:
        lines = log_file.read_text(errors="replace").strip().splitlines()
        log.error("story-check-failed", status=process.returncode)
        yield {"failed": lines[-1][:400] if lines else Fault("check_silent")}


def _outcome(line: Mapping[str, Any], known: list[Told]) -> Outcome:
    if "failed" in line:
        return Outcome(failed=line["failed"])
    paths: dict[tuple[Kind, str], str] = {}
    for each in known:
        paths.setdefault((each.kind, each.name), each.path)

    def parties(kind: Kind, name: str) -> list[Party]:
        """A tracker is named by its story, or by all through whose checkpoints it goes."""
        names = [name] if (kind, name) in paths else name.split(" > ")
        if all((kind, each) in paths for each in names):
            return [Party(kind, each, paths[kind, each]) for each in names]
        return [Party(None, name)]

    found: dict[object, Contradiction] = {}
    for each in line["found"]:
        for one in _contradictions(each, parties):
            # Those of two rules are found from each of them.
            key = one.what, one.after, one.slots, frozenset(zip(one.parties, one.actions, strict=False))
            found.setdefault(key, one)
    return Outcome(tuple(found.values())[:MOST])


def _contradictions(
    told: Mapping[str, Any], parties: Callable[[Kind, str], list[Party]]
) -> Iterator[Contradiction]:
    match told["what"]:
        case "contradiction":
            mine = parties(told["kind"], told["name"])[-1]
            for name, action in told["others"]:
                yield Contradiction(
                    "contradiction", (mine, parties("rule", name)[-1]), (told["action"], action)
                )
        case "conflict":
            sides = [
                (party, str(action))
                for action, names in told["actions"].items()
                for name in names
                for party in parties("story", name)
            ]
            wanted, actions = zip(*sides, strict=True)
            yield Contradiction("conflict", wanted, actions, after=str(told["after"] or ""))
        case "incomplete":
            slots = tuple(told["slots"])
            yield Contradiction("incomplete", (parties("rule", told["name"])[-1],), (told["action"],), slots)
        case "messages":
            yield Contradiction("messages", (parties("rule", told["name"])[-1],))

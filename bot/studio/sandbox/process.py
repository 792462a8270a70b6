"""The processes of the sandbox chat: each admin has one at most, and few run at once.

A process holds a model, a sample shop and the actions (bot/sandbox.py). It is behind everything else on the
machine, knows none of our secrets, and ends when nobody has used it for a while, with the office, and when
the office dies.
"""

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import psutil
import structlog

from bot.settings import ROOT, Settings
from bot.studio.cannot import Cannot
from bot.studio.models import Models, UnknownModel
from bot.studio.training.process import environment

from .turns import Turn

AT_ONCE = 2
IDLE_MINUTES = 10
# Somebody else's, not used for so long, makes room for who comes.
YIELDS_AFTER = 120.0
MOST_TURNS = 60
LONGEST = 2000
"""Characters of a message, as in the live channels."""
CHANNELS = ("web", "wechat")

# A model with its libraries takes some 400 MB, shop and actions 150.
FREE_MEMORY = 700 * 1024 * 1024
STARTS_WITHIN = 180.0
ANSWERS_WITHIN = 30.0
LOOK_SECONDS = 5.0
LEFT_BEHIND = 24 * 3600.0
LINE_LIMIT = 1 << 24
TAIL = 10_000  # bytes of what the process complained of
NICENESS = 10

State = Literal["starting", "ready", "ended"]

log = structlog.get_logger()


class CannotChat(Cannot):
    """The chat did not do it."""


class Sandbox:
    """One admin's chat with one model."""

    def __init__(self, staff: int, by: str, model: str) -> None:
        """Nothing runs yet."""
        self.staff, self.by, self.model = staff, by, model
        self.state: State = "starting"
        self.step = "begin"
        """How far the start is: begin, shop, load."""
        self.ended = ""
        """Why it ended: failed, idle, gone, stopped; empty while it has not."""
        self.detail = ""
        self.customers: list[dict[str, str]] = []
        self.customer: str | None = None
        """As whom the admin chats; None: a visitor."""
        self.channel = CHANNELS[0]
        self.turns: list[Turn] = []
        self.slots: dict[str, Any] = {}
        self.loop: str | None = None
        self.used = time.monotonic()
        self._conversation = uuid4().hex
        self._process: Process | None = None
        self._work: Path | None = None
        # Of no name, as the process deletes its folder at its end.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._one_at_a_time = asyncio.Lock()
        self._starting: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Of the process, which leads its group; None before and after."""
        return self._process.pid if self._process and self._process.returncode is None else None

    @property
    def key(self) -> str:
        """Changes whenever there is something else to show."""
        return f"{self._conversation}:{self.state}:{self.step}:{len(self.turns)}"

    @property
    def name(self) -> str | None:
        """What the customer is called as whom the admin chats."""
        return next((each["name"] for each in self.customers if each["id"] == self.customer), None)

    def begin(self, archive: Path, bot: Path, folder: Path) -> None:
        """Start the process with the bot's files in ``bot``; ``state`` tells when it is ready, or why not."""
        self._starting = asyncio.create_task(self._start(archive, bot, folder))

    async def say(self, text: str | None, payload: str | None) -> None:
        """Let the bot answer what is typed, or a button's payload; the turn is the last of ``turns``.

        Raises:
            CannotChat: it is not ready, the message cannot be taken, or there were too many.
        """
        async with self._in_use():
            if len(self.turns) >= MOST_TURNS:
                raise CannotChat("too_many", most=MOST_TURNS)
            said = {"text": text} if payload is None else {"payload": payload}
            customer = {"id": self.customer, "name": self.name, "verified": True} if self.customer else None
            message = {
                "conversation": self._conversation,
                "message_id": uuid4().hex,
                "channel": self.channel,
                "customer": customer,
                "context": {},
                **said,
            }
            answer = await self._ask({"do": "say", "message": message})
            failed = answer.get("failed")
            if failed in ("invalid-request", "invalid-payload"):
                raise CannotChat("no_button" if failed == "invalid-payload" else "no_message", most=LONGEST)
            self._take(answer)
            self.turns.append(Turn.of(len(self.turns) + 1, text, self._title(payload), answer))

    async def back(self) -> None:
        """Take the last turn back, also out of the shop's books. Raises CannotChat."""
        async with self._in_use():
            if not self.turns:
                raise CannotChat("nothing_to_take_back")
            # Nothing of a turn that failed was kept.
            if not self.turns[-1].failed:
                self._take(await self._ask({"do": "back", "conversation": self._conversation}))
            self.turns.pop()

    async def anew(self, customer: str | None, channel: str) -> None:
        """Forget the dialogue, put the shop's books as they were, and chat as somebody. Raises CannotChat."""
        async with self._in_use():
            if channel not in CHANNELS or customer not in (None, *(each["id"] for each in self.customers)):
                raise CannotChat("unknown")
            await self._ask({"do": "forget", "conversation": self._conversation})
            self._conversation = uuid4().hex
            self.customer, self.channel = customer, channel
            self.turns, self.slots, self.loop = [], {}, None

    async def end(self, why: str) -> None:
        """Kill the process and all that it started, and delete what it made; the turns stay to be read."""
        if self._starting and self._starting is not asyncio.current_task():
            self._starting.cancel()
        if self.state != "ended":
            self.state, self.ended = "ended", why
        process, self._process = self._process, None
        if process:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        if self._work:
            await asyncio.to_thread(shutil.rmtree, self._work, ignore_errors=True)

    @asynccontextmanager
    async def _in_use(self) -> AsyncIterator[None]:
        """One wish at a time, and only while the process is there."""
        async with self._one_at_a_time:
            if self.state != "ready":
                raise CannotChat("not_ready")
            self.used = time.monotonic()
            yield
            self.used = time.monotonic()

    def _take(self, answer: dict[str, Any]) -> None:
        if "slots" in answer:
            self.slots, self.loop = answer["slots"], answer["loop"]

    def _title(self, payload: str | None) -> str | None:
        """What the tapped button is called, as the bot offered it last."""
        offered = (b for turn in reversed(self.turns) for b in turn.buttons if b["payload"] == payload)
        return next((each["title"] for each in offered), payload)

    async def _start(self, archive: Path, bot: Path, folder: Path) -> None:
        try:
            async with asyncio.timeout(STARTS_WITHIN):
                await self._launch(archive, bot, folder)
                while self.state == "starting":
                    told = await self._line()
                    self.step = told["step"]
                    if self.step == "ready":
                        self.customers = told["customers"]
                        self.used = time.monotonic()
                        self.state = "ready"
        except (CannotChat, OSError, ValueError, TimeoutError) as error:
            self.detail = self._last_words()
            log.warning("sandbox.not_started", model=self.model, error=type(error).__name__)
            await self.end("failed")

    async def _launch(self, archive: Path, bot: Path, folder: Path) -> None:
        self._work = work = await asyncio.to_thread(_folder, folder)
        self._process = await asyncio.create_subprocess_exec(
            *("nice", "-n", str(NICENESS), sys.executable, "-m", "bot.sandbox"),
            *("--model", str(archive), "--work", str(work)),
            cwd=ROOT,
            env=environment(work) | {"GUITAI_BOT_DIR": str(bot)},
            stdin=PIPE,  # its end tells the process that this one is gone
            stdout=PIPE,
            stderr=self._errors,
            limit=LINE_LIMIT,
            start_new_session=True,
        )

    async def _ask(self, wish: dict[str, Any]) -> dict[str, Any]:
        """The answer to a wish. Raises CannotChat: the process is gone, or gave none in time; it is ended."""
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                process = self._process
                if process is None or process.stdin is None:
                    raise CannotChat("gone")
                process.stdin.write(json.dumps(wish).encode() + b"\n")
                await process.stdin.drain()
                return await self._line()
        except (CannotChat, OSError, ValueError, TimeoutError):
            self.detail = self._last_words()
            await self.end("gone")
            raise CannotChat("gone") from None
        except asyncio.CancelledError:
            # The next wish would be given this one's answer.
            await asyncio.shield(self.end("gone"))
            raise

    async def _line(self) -> dict[str, Any]:
        if self._process is None or self._process.stdout is None:
            raise CannotChat("gone")
        line = await self._process.stdout.readline()
        if not line:
            raise CannotChat("gone")
        told: dict[str, Any] = json.loads(line)
        return told

    def _last_words(self) -> str:
        size = os.fstat(self._errors.fileno()).st_size
        said = os.pread(self._errors.fileno(), TAIL, max(0, size - TAIL))
        lines = said.decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:500] if lines else ""


class Sandboxes:
    """All sandbox chats of one office."""

    def __init__(self, settings: Settings) -> None:
        self._models, self._bot = Models(settings.models_dir), settings.bot_dir
        self._folder = settings.data_dir / "sandbox"
        self._all: dict[int, Sandbox] = {}
        self._changing = asyncio.Lock()

    def of(self, staff: int) -> Sandbox | None:
        """The admin's chat, also one that has ended; None where there was none."""
        return self._all.get(staff)

    async def start(self, staff: int, by: str, model: str) -> Sandbox:
        """Begin a chat of the admin's with a model, in place of any other of hers.

        Raises:
            CannotChat: there is no such model, or no room.
        """
        async with self._changing:
            try:
                archive = self._models.model(model).path
            except UnknownModel:
                raise CannotChat("unknown_model") from None
            await self._make_room(staff)
            await self._end(staff)
            if psutil.virtual_memory().available < FREE_MEMORY:
                raise CannotChat("no_memory", needed=FREE_MEMORY >> 20)
            sandbox = self._all[staff] = Sandbox(staff, by, model)
            sandbox.begin(archive, self._bot, self._folder)
            return sandbox

    async def end(self, staff: int) -> None:
        """End the admin's chat, and forget it."""
        async with self._changing:
            await self._end(staff)

    async def run(self) -> None:
        """End what is not used, for ever; and everything when this ends."""
        await asyncio.to_thread(_sweep, self._folder)
        try:
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                for sandbox in list(self._all.values()):
                    idle = time.monotonic() - sandbox.used
                    if sandbox.state == "ready" and idle > IDLE_MINUTES * 60:
                        await sandbox.end("idle")
        finally:
            for sandbox in list(self._all.values()):
                await sandbox.end("stopped")

    async def _end(self, staff: int) -> None:
        sandbox = self._all.pop(staff, None)
        if sandbox:
            await sandbox.end("stopped")

    async def _make_room(self, staff: int) -> None:
        """End somebody else's who has left it, where there are too many. Raises CannotChat."""
        running = [each for each in self._all.values() if each.state != "ended" and each.staff != staff]
        if len(running) >= AT_ONCE:
            longest = min(running, key=lambda each: each.used)
            if time.monotonic() - longest.used < YIELDS_AFTER or longest.state != "ready":
                names = "、".join(each.by for each in running)
                raise CannotChat("busy", names=names, most=AT_ONCE)
            await longest.end("idle")


def _folder(within: Path) -> Path:
    within.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=within))


def _sweep(folder: Path) -> None:
    """Delete what was left by one that was killed together with its office."""
    oldest = time.time() - LEFT_BEHIND
    for path in folder.iterdir() if folder.is_dir() else ():
        with suppress(OSError):
            if path.stat().st_mtime < oldest:
                shutil.rmtree(path, ignore_errors=True)

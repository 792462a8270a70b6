"""Brings up the whole product on one machine: checks, prepares, starts, waits until it is healthy.

Whatever stands in the way is one sentence (``CannotStart``), and nothing stays half started.
"""

import configparser
import io
import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
from honcho.environ import parse_procfile

from bot import live_model
from bot.settings import ROOT, Settings
from bot.supervision import Supervisor, Unreachable, engine_name, engine_names, last_words, socket_file

FREE_BYTES = 500 * 1024 * 1024
HEALTHY_WITHIN = 150.0
ENGINE_PYTHON = ROOT / ".venv-engine" / "bin" / "python"

Say = Callable[[str], None]


class CannotStart(Exception):
    """What stands in the way, and what to do about it, in one sentence."""


class Stack:
    """All processes of the Procfile under one supervisor, with one installation's settings.

    Of the engine there may be several, "engine", "engine2" and so on, and those of the second side, "green",
    "green2", which run from a promotion on.
    """

    def __init__(self, settings: Settings, say: Say = print) -> None:
        self.settings = settings
        self._say = say
        self._supervisor: subprocess.Popen[bytes] | None = None

    def check(self) -> None:
        """Look for what would fail later. Raises CannotStart."""
        settings = self.settings
        wanted = [
            ("GUITAI_FRONT_PORT", settings.host, settings.front_port),
            ("GUITAI_OFFICE_PORT", settings.host, settings.office_port),
            ("GUITAI_SHOP_PORT", settings.host, settings.shop_port),
            ("GUITAI_WECHAT_PORT", settings.host, settings.wechat_port),
            ("GUITAI_ACTIONS_PORT", "127.0.0.1", settings.actions_port),
            *(("GUITAI_ENGINE_PORT", "127.0.0.1", port) for port in settings.engine_ports),
            *(("GUITAI_GREEN_ENGINE_PORT", "127.0.0.1", port) for port in settings.green_engine_ports),
        ]
        if len({port for *_, port in wanted}) < len(wanted):
            names = ", ".join(dict.fromkeys(name for name, *_ in wanted))
            raise CannotStart(f"Every process needs a port of its own: set {names} differently.")
        for name, host, port in wanted:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((host, port))
                except OSError as error:
                    raise CannotStart(
                        f"Port {port} cannot be used ({error.strerror}): stop what runs there or set {name}."
                    ) from None
        self._sides()
        if not ENGINE_PYTHON.exists():
            raise CannotStart("The engine's environment is missing: run `make setup`.")
        try:
            settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            free = shutil.disk_usage(settings.data_dir).free
        except OSError as error:
            raise CannotStart(
                f"The data folder {settings.data_dir} cannot be used ({error.strerror}): "
                "set GUITAI_DATA_DIR to one that can be written."
            ) from None
        if free < FREE_BYTES:
            raise CannotStart(
                f"Only {free >> 20} MB are free at {settings.data_dir} and {FREE_BYTES >> 20} MB are needed: "
                "make room or set GUITAI_DATA_DIR."
            )

    def train(self) -> None:
        """Train a model unless a current one exists, showing the trainer's lines. Raises CannotStart."""
        command = [str(ENGINE_PYTHON), "-m", "bot.engine.train", "--out", str(self.settings.models_dir)]
        command += ["--root", str(self.settings.bot_dir)]
        trained = subprocess.run(command, cwd=ROOT, env=self.environment(), check=False)  # noqa: S603
        if trained.returncode:
            raise CannotStart("The model could not be trained: see the lines above.")

    def start(self) -> None:
        """Start every process and wait until each answers. Raises CannotStart; then nothing runs."""
        folder = self.settings.data_dir / "run"
        logs = self.settings.data_dir / "logs"
        for path in (folder, logs, self.settings.data_dir / "tmp"):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        (logs / "supervisord.log").unlink(missing_ok=True)
        config = folder / "supervisord.conf"
        answers, *stands_by = self._sides()
        programs = _programs((ROOT / "Procfile").read_text(), self.settings, answers)
        config.write_text(_supervisor_config(programs, folder, logs, socket_file(self.settings.data_dir)))
        command = [str(ROOT / ".venv/bin/supervisord"), "-n", "-c", str(config)]
        self._supervisor = subprocess.Popen(  # noqa: S603
            command,
            cwd=ROOT,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Ctrl-C reaches only the launcher, which then stops the rest in order.
            start_new_session=True,
        )
        try:
            self._wait_until_healthy(logs, answers)
            self._stand_by(stands_by)
        except BaseException:
            self.stop()
            raise

    def _sides(self) -> list[str]:
        """The sides of engines that shall run, first the one that answers. Raises CannotStart."""
        try:
            live = live_model.read(self.settings.models_dir)
        except live_model.Unreadable as error:
            raise CannotStart(str(error)) from None
        if live is None:
            return [live_model.BLUE]
        return [live.live, live.other] if live.model(live.other) else [live.live]

    def _stand_by(self, sides: Sequence[str]) -> None:
        """Start the former model's engines, so that the way back is short; nobody waits for them."""
        try:
            for side in sides:
                Supervisor(self.settings.data_dir).start(engine_names(side, self.settings.engines))
        except Unreachable as why:
            self._say(f"  The former model does not stand by: {why}.")

    def wait(self) -> None:
        """Return when the supervisor has ended."""
        if self._supervisor:
            self._supervisor.wait()

    def stop(self) -> None:
        """Stop every process; safe to call at any time."""
        if self._supervisor and self._supervisor.poll() is None:
            self._supervisor.terminate()
            self._supervisor.wait()

    @property
    def pid(self) -> int:
        """The supervisor's process id; the processes are its children."""
        if self._supervisor is None:
            raise CannotStart("Nothing was started.")
        return self._supervisor.pid

    def environment(self) -> dict[str, str]:
        """The environment of every process: this one's, with the settings spelled out."""
        values = self.settings.model_dump()
        return {
            **os.environ,
            **{f"GUITAI_{name.upper()}": str(value) for name, value in values.items()},
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            # jieba reads a cache from here with marshal: nobody else may write it.
            "TMPDIR": str(self.settings.data_dir / "tmp"),
        }

    def _wait_until_healthy(self, logs: Path, side: str) -> None:
        s = self.settings
        checks = {
            "shop": f"{s.shop_api}/healthz",
            "front": f"http://{s.host}:{s.front_port}/healthz",
            "office": f"http://{s.host}:{s.office_port}/healthz",
            "wechat": f"{s.wechat_simulator}/healthz",
            "actions": f"http://127.0.0.1:{s.actions_port}/health",
            **{
                engine_name(side, number): f"{url}/webhooks/conversation/ready"
                for number, url in enumerate(s.sides[side], 1)
            },
        }
        began = time.monotonic()
        with httpx.Client(timeout=15) as http:
            while checks:
                for name, url in list(checks.items()):
                    if _answers(http, url):
                        del checks[name]
                        self._say(f"  {name:8} ready after {time.monotonic() - began:4.1f} s")
                if self._supervisor and self._supervisor.poll() is not None:
                    raise CannotStart(f"The processes ended at once: see {logs / 'supervisord.log'}.")
                if ended := _ended_often(logs):
                    raise CannotStart(f"The {ended} ends again and again: {last_words(logs, ended)}")
                if checks and time.monotonic() - began > HEALTHY_WITHIN:
                    late = next(iter(checks))
                    raise CannotStart(
                        f"The {late} is not healthy after {HEALTHY_WITHIN:.0f} s: {last_words(logs, late)}"
                    )
                time.sleep(0.2)


def write_private(path: Path, value: object) -> None:
    """Write ``value`` as JSON readable by the owner alone, whole or not at all."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(value, ensure_ascii=False, indent=2))
    fresh.replace(path)


def _answers(http: httpx.Client, url: str) -> bool:
    try:
        return http.get(url).is_success
    except httpx.HTTPError:
        return False


def _ended_often(logs: Path) -> str | None:
    """A process that has ended twice since the start, by supervisord's own log."""
    log = logs / "supervisord.log"
    ended = re.findall(r"exited: (\w+) ", log.read_text()) if log.exists() else []
    return next((name for name in ended if ended.count(name) > 1), None)


def _programs(procfile: str, settings: Settings, answers: str) -> dict[str, dict[str, str]]:
    """What supervisord runs: the Procfile's processes, its engine for each port of both sides."""
    commands = parse_procfile(procfile).processes
    programs = {name: {"command": command} for name, command in commands.items()}
    ports = {live_model.BLUE: settings.engine_ports, live_model.GREEN: settings.green_engine_ports}
    for side in live_model.SIDES:
        for number, port in enumerate(ports[side], 1):
            programs[engine_name(side, number)] = {
                "command": f"{commands['engine']} --side {side}",
                "environment": f'GUITAI_ENGINE_PORT="{port}"',
                "autostart": str(side == answers).lower(),
            }
    return programs


def _supervisor_config(
    programs: dict[str, dict[str, str]], folder: Path, logs: Path, socket_file: Path | None
) -> str:
    """supervisord's configuration for these programs: one that dies is started again."""
    config = configparser.RawConfigParser()
    if socket_file:
        # For whoever may write the data folder: supervisord starts what it is told to.
        config["unix_http_server"] = {"file": str(socket_file), "chmod": "0700"}
        config["rpcinterface:supervisor"] = {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        }
    config["supervisord"] = {
        "logfile": str(logs / "supervisord.log"),
        "pidfile": str(folder / "supervisord.pid"),
        "childlogdir": str(logs),
        "umask": "077",
    }
    for name, program in programs.items():
        config[f"program:{name}"] = {
            **program,
            "directory": str(ROOT),
            "autorestart": "true",
            "startretries": "1000",
            "stopwaitsecs": "8",
            "stopasgroup": "true",
            "killasgroup": "true",
            "stdout_logfile": str(logs / f"{name}.log"),
            "stdout_logfile_maxbytes": "5MB",
            "stdout_logfile_backups": "2",
            "redirect_stderr": "true",
        }
    text = io.StringIO()
    config.write(text)
    return text.getvalue()

"""The supervisor that runs the processes (docs/decisions/0002), asked to start and stop a side's engines."""

import xmlrpc.client
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import Faults, SupervisorTransport

from bot.live_model import BLUE

# Of a socket's address the system takes no more, and supervisord makes it under a longer name first.
_LONGEST = 92
_STARTING, _RUNNING = "STARTING", "RUNNING"


class Unreachable(Exception):
    """There is no supervisor of ours that could be asked; the text says why."""


@dataclass(frozen=True)
class Process:
    """One process as the supervisor sees it; ``pid`` is 0 where it does not run."""

    name: str
    pid: int
    runs: bool


def socket_file(data_dir: Path) -> Path | None:
    """Where the supervisor of this installation listens; None where the path is too long for a socket."""
    path = data_dir.absolute() / "run" / "supervisor.sock"
    return path if len(str(path).encode()) <= _LONGEST else None


def engine_name(side: str, number: int) -> str:
    """The name of a side's engine; the first is number 1: engine, engine2; green, green2."""
    first = "engine" if side == BLUE else side
    return first if number == 1 else f"{first}{number}"


def engine_names(side: str, count: int) -> list[str]:
    """The names of a side's engines."""
    return [engine_name(side, number) for number in range(1, count + 1)]


def last_words(logs: Path, process: str) -> str:
    """The last line of the process's log, and where that lies."""
    log = logs / f"{process}.log"
    lines = log.read_text(errors="replace").split("\n") if log.exists() else []
    said = [line.strip() for line in lines if line.strip()]
    return f"{said[-1] if said else 'it said nothing'} ({log})"


class Supervisor:
    """The supervisor of one installation. Every call raises Unreachable where there is none."""

    def __init__(self, data_dir: Path) -> None:
        self._socket, self._logs = socket_file(data_dir), data_dir / "logs"

    def processes(self, names: Sequence[str]) -> list[Process]:
        """How these processes are."""
        told = [self._ask("getProcessInfo", name) for name in names]
        return [
            Process(each["name"], each["pid"], each["statename"] in (_STARTING, _RUNNING)) for each in told
        ]

    def start(self, names: Sequence[str]) -> None:
        """Start what does not run, and do not wait until it is up."""
        for name in names:
            self._ask("startProcess", name, False, but=Faults.ALREADY_STARTED)

    def stop(self, names: Sequence[str]) -> None:
        """Stop what runs, and return when it has ended."""
        for name in names:
            self._ask("stopProcess", name, True, but=Faults.NOT_RUNNING)

    def last_words(self, name: str) -> str:
        """The last line of the process's log, and where that lies."""
        return last_words(self._logs, name)

    def _ask(self, call: str, *values: object, but: int | None = None) -> dict[str, Any]:
        if self._socket is None:
            raise Unreachable("the data folder's path is too long for the supervisor's socket")
        proxy = xmlrpc.client.ServerProxy(
            "http://127.0.0.1", SupervisorTransport(None, None, f"unix://{self._socket}")
        )
        try:
            answer = getattr(proxy.supervisor, call)(*values)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode == but:
                return {}
            if fault.faultCode == Faults.BAD_NAME:
                raise Unreachable(f"the running supervisor knows no {values[0]}: start anew") from fault
            raise Unreachable(f"the supervisor answered {fault.faultString}") from fault
        except (OSError, HTTPException, xmlrpc.client.Error) as error:
            raise Unreachable(f"no supervisor answers at {self._socket}") from error
        return answer if isinstance(answer, dict) else {}

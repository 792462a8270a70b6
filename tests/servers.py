"""Real HTTP servers for tests, on free ports."""

import secrets
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import httpx
import uvicorn
from starlette.types import ASGIApp

# Below what systems give to outgoing connections: a server that is down for a moment keeps its port.
PORTS = range(15000, 32000)


def free_port() -> int:
    """A port of the loopback that nobody uses now."""
    return free_ports(1)


def free_ports(count: int) -> int:
    """The first of so many ports in a row that nobody uses now."""
    while True:
        port = secrets.choice(PORTS)
        with suppress(OSError), ExitStack() as probes:
            for each in range(port, port + count):
                probes.enter_context(socket.socket()).bind(("127.0.0.1", each))
            return port


@contextmanager
def serving(app: ASGIApp, port: int | None = None) -> Iterator[str]:
    """Serve ``app`` in a thread; gives its address."""
    port = port or free_port()
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 15
    while not server.started:
        assert thread.is_alive() and time.monotonic() < deadline, "the test server did not start"
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)


def until_healthy(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Return when the process answers at ``url``, 60 s at the most."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "the process ended at its start"
        try:
            if httpx.get(url, timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise AssertionError(f"{url} did not become healthy")

"""Is a message ever lost, doubled, out of order, or said by the bot into a human's service? ``make faults``.

The real stack is killed, frozen, cut off, filled up and set to a wrong time while shoppers and agents are at
work; then the log is checked (tests/harness). Where a promise is broken this ends with 1 and shows the log of
that conversation. ``SEED=`` repeats the choices of a run, not the timing of the machine.
"""

import argparse
import asyncio
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bot.conversations.database import connect
from bot.conversations.store import Store
from tests.harness.checks import KINDS
from tests.harness.faults import Clock
from tests.harness.run import Plan, Report, run, transcript, whole_log
from tests.stack import Running, running_stack

VOLUME = "192m"


@contextmanager
def small_volume(folder: Path) -> Iterator[Path | None]:
    """A volume of its own at ``folder``; None where this user may not mount one."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={VOLUME},mode=700", "tmpfs", str(folder)],
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if mounted.returncode:
        yield None
        return
    try:
        yield folder
    finally:
        # Lazily: a process that was killed a moment ago may still be leaving.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def tell(report: Report, running: Running, skipped: list[str]) -> None:
    """Print the figures, and the log of the first breach."""
    figures = report.figures()
    print(json.dumps({**figures, "skipped": skipped}, ensure_ascii=False))
    print(f"\n{figures['messages']} messages of shoppers accepted in {figures['seconds']} s under faults:")
    for kind in KINDS:
        print(f"  {kind.replace('_', ' '):20}{figures[kind]}")
    if first := report.breaches.first:
        kind, conversation, what = first
        print(f"\n{kind}: {what} (conversation {conversation}, SEED={report.seed})")
        print(transcript(whole_log(Store(connect(running.settings.database)), conversation)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--messages", type=int, default=10_000, help="messages of shoppers to be accepted")
    parser.add_argument("--shoppers", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=100, help="wishes that change something in the shop")
    parser.add_argument("--seconds", type=float, default=900, help="no more is begun after this time")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED") or secrets.randbelow(10**6)))
    given = parser.parse_args()
    plan = Plan(given.messages, given.shoppers, given.jobs, given.seed, given.seconds)
    print(f"SEED={plan.seed}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped."))
    skipped = []
    with ExitStack() as around:
        folder = Path(around.enter_context(tempfile.TemporaryDirectory()))
        volume = around.enter_context(small_volume(folder / "volume"))
        if volume:
            os.environ["GUITAI_DATABASE_URL"] = f"sqlite:///{volume / 'guitai.db'}"
        else:
            skipped.append("disk full: only root may mount the small volume that it needs")
        try:
            clock = Clock(folder)
            os.environ |= clock.environment
        except (OSError, subprocess.CalledProcessError):
            clock = None
            skipped.append("clock jump: a C compiler is missing, e.g. apt install gcc libc6-dev")
        for reason in skipped:
            print(f"SKIPPED {reason}")
        # Here all have one address.
        for limit in ("MESSAGES", "ADDRESS_MESSAGES", "SESSIONS"):
            os.environ[f"GUITAI_{limit}_PER_MINUTE"] = "1000000"
        running = around.enter_context(running_stack(folder / "data"))
        try:
            report = asyncio.run(run(running, plan, volume=volume, clock=clock))
        except TimeoutError:
            sys.exit(f"A part did not come back, or the run did not come to its end (SEED={plan.seed}).")
        tell(report, running, skipped)
    if report.breaches.first:
        sys.exit(1)
    if report.facts["messages"] < plan.messages:
        sys.exit(f"These were fewer than {plan.messages}: give --seconds more than {plan.seconds:.0f}.")


if __name__ == "__main__":
    main()

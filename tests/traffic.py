"""Shoppers who write all the time, seen from outside, and compared with the log at the end."""

import statistics
import threading
import time
from dataclasses import dataclass, field

import httpx

from bot.conversations.models import Message
from bot.conversations.store import Store
from tests.shopper import Shopper
from tests.stack import Running

SHOPPERS, PER_SECOND = 10, 5
MANY = 10_000  # messages of one shopper, and more
QUESTIONS = ("多少钱包邮", "你好", "怎么开发票", "几天能退货")


@dataclass
class Ledger:
    """What one shopper sent and got, as she saw it."""

    shopper: Shopper
    # Seconds since the beginning when it was sent, and how long the answer took.
    answered: list[tuple[float, float]] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    heard: list[int] = field(default_factory=list)
    failure: str = ""

    def talk(self, began: float, offset: float, stop: threading.Event) -> None:
        pause = SHOPPERS / PER_SECOND
        due = began + offset
        try:
            while not stop.is_set():
                time.sleep(max(0.0, due - time.monotonic()))
                due += pause
                at = time.monotonic()
                self.sent.append(self.shopper.send(QUESTIONS[len(self.sent) % len(QUESTIONS)]))
                found = self.shopper.after(self.sent[-1])
                self.answered.append((at - began, time.monotonic() - at))
                self.heard += [message["seq"] for message in found]
        except (AssertionError, httpx.HTTPError) as error:
            self.failure = repr(error)

    def checked(self, store: Store) -> list[Message]:
        """Her messages in the log, each answered in one go, in its order, and every answer seen by her."""
        assert not self.failure
        log = store.messages(self.shopper.conversation, limit=MANY)
        said = [message for message in log if message.sender == "shopper"]
        answers = [message for message in log if message.sender == "bot"]
        assert [message.seq for message in said] == self.sent
        groups = [message.reply_to for message in answers]
        assert list(dict.fromkeys(groups)) == self.sent, "a message has no answer, or not in its order"
        assert [message.seq for message in answers] == self.heard
        assert [message.seq for message in log] == list(range(1, len(log) + 1))
        return said


class Traffic:
    """Shoppers who write all the time; ``mark`` says what happens meanwhile."""

    def __init__(self, running: Running) -> None:
        self.ledgers = [Ledger(running.shopper()) for _ in range(SHOPPERS)]
        self._stop, self._began = threading.Event(), time.monotonic()
        self.marks: list[tuple[str, float]] = []
        self._threads = [
            threading.Thread(target=ledger.talk, args=(self._began, number / PER_SECOND, self._stop))
            for number, ledger in enumerate(self.ledgers)
        ]
        for thread in self._threads:
            thread.start()

    def mark(self, what: str) -> None:
        self.marks.append((what, time.monotonic() - self._began))

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def tell(self) -> None:
        """Print how long answers took, from each mark to the next."""
        ends = [at for _, at in self.marks[1:]] + [float("inf")]
        for (what, begins), until in zip(self.marks, ends, strict=True):
            took = sorted(s for ledger in self.ledgers for at, s in ledger.answered if begins <= at < until)
            if took:
                p95 = took[min(len(took) - 1, int(len(took) * 0.95))]
                print(
                    f"{what:34} {len(took):4} answers, median {statistics.median(took):.2f} s,"
                    f" p95 {p95:.2f} s, longest {took[-1]:.2f} s"
                )

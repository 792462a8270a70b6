"""Sends messages to engines and takes the time of their answers; a wrong answer is told."""

import asyncio
import itertools
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp

from tests.bench.engine.sentences import Sentence
from tests.bench.engine.servers import CUSTOMERS, Engine

TURNS = 3  # of a conversation, then a new one begins
LEAST = 2  # answers for each shopper, however slow
# A model reads a sentence otherwise amid a dialogue than by itself, now and then.
OTHERWISE_LIMIT = 0.02
TIMEOUT = aiohttp.ClientTimeout(total=60)


class WrongAnswer(Exception):
    """What was measured was no real answer; the text says what came."""


@dataclass
class Told:
    """What came of the messages of one or several runs."""

    times: list[float] = field(default_factory=list)
    """Seconds of each turn that was answered in time."""
    lasted: float = 0.0
    own_cpu: float = 0.0
    """Seconds that the sender itself computed."""
    misread: Counter[str] = field(default_factory=Counter)

    def note(self, took: float, sentence: Sentence, right: bool) -> None:
        """One turn was answered."""
        self.times.append(took)
        if not right:
            self.misread[sentence.text] += 1

    def add(self, other: "Told") -> None:
        self.times += other.times
        self.lasted += other.lasted
        self.own_cpu += other.own_cpu
        self.misread += other.misread

    @property
    def rate(self) -> float:
        """Messages a second."""
        return len(self.times) / self.lasted

    def check(self, which: str) -> None:
        """Raise WrongAnswer where too many of the answers of ``which`` engine were to something else."""
        wrong = self.misread.total()
        if wrong > max(3, OTHERWISE_LIMIT * len(self.times)):
            raise WrongAnswer(
                f"{wrong} of {len(self.times)} messages got another answer from {which} than they should: "
                + "; ".join(text for text, _ in self.misread.most_common(3))
            )


def endless(sentences: list[Sentence], seed: int = 0) -> Iterator[Sentence]:
    """All sentences in a random order, again and again, so that none comes back before all have been said."""
    shuffled = list(sentences)
    random.Random(seed).shuffle(shuffled)
    return itertools.cycle(shuffled)


async def closed_loop(
    engines: list[Engine], sentences: Iterator[Sentence], concurrency: int, seconds: float, turns: int = TURNS
) -> Told:
    """So many shoppers for so many seconds; each says the next as soon as she is answered.

    Conversations are parted by their hash where there are several engines.

    Raises:
        WrongAnswer: an error, or no answer.
    """
    told = Told()

    def is_over() -> bool:
        return time.perf_counter() >= began + seconds and len(told.times) >= LEAST * concurrency

    async with _session(concurrency) as http:
        began, own = time.perf_counter(), time.process_time()

        async def shopper(customer: str) -> None:
            while not is_over():
                conversation = uuid4().hex
                engine = engines[int(conversation, 16) % len(engines)]
                for sentence in itertools.islice(sentences, turns):
                    took, right = await turn(http, engine, conversation, customer, sentence)
                    if is_over():  # not counted
                        return
                    told.note(took, sentence, right)
                    told.lasted = max(seconds, time.perf_counter() - began)

        await asyncio.gather(*map(shopper, itertools.islice(itertools.cycle(CUSTOMERS), concurrency)))
        told.own_cpu = time.process_time() - own
    return told


async def long_conversation(
    engine: Engine, sentences: Iterator[Sentence], turns: int, seconds: float
) -> tuple[str, list[float]]:
    """One conversation until it has so many turns or the time is over: its id, the seconds of each turn."""
    conversation, until = uuid4().hex, time.perf_counter() + seconds
    told = Told()
    async with _session(1) as http:
        while len(told.times) < turns and time.perf_counter() < until:
            told.note(*await _timed(http, engine, conversation, next(sentences)))
    told.check(engine.kind)
    return conversation, told.times


async def beside_short_ones(
    engine: Engine, sentences: Iterator[Sentence], conversation: str, pairs: int = 20
) -> tuple[list[float], list[float]]:
    """Seconds of further turns of a long conversation, and in turn with them of the fifth of new ones."""
    long, fifth = [], []
    async with _session(1) as http:
        for _ in range(pairs):
            long.append((await _timed(http, engine, conversation, next(sentences)))[0])
            short = uuid4().hex
            times = [(await _timed(http, engine, short, next(sentences)))[0] for _ in range(5)]
            fifth.append(times[-1])
    return long, fifth


async def _timed(
    http: aiohttp.ClientSession, engine: Engine, conversation: str, sentence: Sentence
) -> tuple[float, Sentence, bool]:
    took, right = await turn(http, engine, conversation, CUSTOMERS[0], sentence)
    return took, sentence, right


async def turn(
    http: aiohttp.ClientSession, engine: Engine, conversation: str, customer: str, sentence: Sentence
) -> tuple[float, bool]:
    """Say one sentence: the seconds until its answer, and whether it is the right one.

    Raises:
        WrongAnswer: an error, or nothing.
    """
    body = engine.body(conversation, customer, sentence.text)
    began = time.perf_counter()
    try:
        async with http.post(engine.url, data=body, headers=engine.headers) as response:
            content = await response.read()
            took = time.perf_counter() - began
    except (aiohttp.ClientError, TimeoutError) as error:
        raise WrongAnswer(f"{engine.kind} gave no answer: {type(error).__name__}.") from None
    if response.status != 200:
        raise WrongAnswer(f"{engine.kind} answered {response.status}: {content[:200].decode()}")
    replies: list[dict[str, Any]] = engine.replies(json.loads(content))
    if not replies:
        raise WrongAnswer(f"{engine.kind} said nothing to '{sentence.text}'.")
    return took, sentence.is_answered(replies)


def _session(concurrency: int) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=concurrency), timeout=TIMEOUT)

"""A shop's random life through the heart's own functions: shoppers, the bot, agents, silence, ratings."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from random import Random

from bot.conversations import notices, outside, ownership, ratings
from bot.conversations.ownership import IllegalMove
from bot.conversations.ratings import NothingToRate
from bot.conversations.silence import Silence
from bot.conversations.steps import NotYours, Reply, UnknownPayload
from bot.conversations.store import Store, TooManyOwed
from tests.handoff.conftest import Clock

WORDS = (
    "我的快递到哪了",
    "能不能开发票？",
    "能不能开发票",
    "ＡＢＣ怎么用!",
    "abc怎么用",
    "😀😀",
    "<b>退货</b>",
    "=1+1",
)
INTENTS = ("order_status", "invoice", "faq", "greet")
REASONS = ("complaint", "low_confidence", "action_failed")
SILENCE = Silence(timedelta(minutes=10), timedelta(minutes=10), timedelta(hours=1))
AGENTS = (1, 2, 3)
REFUSED = (IllegalMove, NotYours, NothingToRate, UnknownPayload, TooManyOwed)


class Life:
    """Each step is something that somebody does; what the rules refuse does not happen.

    Args:
        away: how often some days pass without anybody.
    """

    def __init__(self, store: Store, clock: Clock, seed: int, away: float = 0.03) -> None:
        self.store, self.clock = store, clock
        self.random = Random(seed)
        self._away = away
        self.conversations: list[str] = []
        self._number = 0
        self._steps: list[tuple[int, Callable[[], None]]] = [
            (3, self._begin),
            (20, self._ask),
            (4, self._ask_human),
            (8, self._take),
            (8, self._say),
            (4, self._close),
            (3, self._hand_back),
            (2, self._requeue),
            (2, self._leave),
            (3, self._end),
            (5, self._rate),
            (2, self._outside),
            (3, self._quiet),
        ]

    def step(self) -> None:
        weights, acts = zip(*self._steps, strict=True)
        self.clock.passes(self.random.choice((1, 7.5, 40, 400, 4000)))
        if self.random.random() < self._away:
            self.clock.passes(self.random.choice((20, 60, 90)) * 3600)
        with suppress(*REFUSED):
            self.random.choices(
                acts if self.conversations else (self._begin,), weights if self.conversations else None
            )[0]()

    # -- what happens -------------------------------------------------------------------------------

    def _any(self) -> str:
        return self.random.choice(self.conversations[-12:])

    def _held(self) -> tuple[str, int]:
        """A conversation and whoever has it, or somebody."""
        held = [(id, self.store.conversation(id).owner) for id in self.conversations[-12:]]
        served = [(id, int(owner[6:])) for id, owner in held if ownership.kind(owner) == "agent"]
        return self.random.choice(served) if served else (self._any(), 1)

    def _begin(self) -> None:
        customer = self.random.choice((None, "c1", "c2", "c3"))
        self.conversations.append(self.store.begin("web", customer, None).id)

    def _ask(self, conversation: str | None = None) -> None:
        conversation = conversation or self._any()
        store, random = self.store, self.random
        self._number += 1
        if random.random() < 0.05:
            store.bind_customer(conversation, random.choice(("c1", "c4")), None)
        store.receive(conversation, f"m{self._number}", random.choice(WORDS))
        if random.random() < 0.9:
            while turn := store.claim_turn("bot", 30):
                self.clock.passes(random.choice((0.25, 2, 11)))
                kind = random.choice(("sure", "sure", "sure", "unsure", "silent", "failed", "handoff"))
                intent = random.choice(INTENTS)
                read = {"intent": intent, "faq": {"topic": "freight", "score": 1}}
                unsure = {"intent": random.choice(("nlu_fallback", "out_of_scope"))}
                handoff = {"reason": random.choice(REASONS)}
                store.finish_turn(
                    turn,
                    [] if kind == "silent" else [Reply("好的"), Reply("还有什么可以帮您")],
                    {"failed": None, "unsure": unsure, "handoff": random.choice((read, unsure))}.get(
                        kind, read
                    ),
                    "m",
                    handoff if kind == "handoff" else None,
                )

    def _ask_human(self) -> None:
        self.store.ask_human(self._any())

    def _leave(self) -> None:
        self._number += 1
        self.store.receive(self._any(), f"m{self._number}", payload=notices.LEAVE_QUEUE)

    def _take(self) -> None:
        self.store.take(self._any(), self.random.choice(AGENTS), "小王")

    def _say(self) -> None:
        conversation, agent = self._held()
        self._number += 1
        self.store.say(conversation, agent, "小王", "您好", f"a{self._number}")

    def _close(self) -> None:
        self.store.close(*self._held(), outcome=self.random.choice((None, "solved", "ticket")))

    def _hand_back(self) -> None:
        self.store.hand_back(*self._held())

    def _requeue(self) -> None:
        conversation, agent = self._held()
        if self.random.random() < 0.5:
            self.store.requeue(conversation, agent, queue=self.random.choice((None, "presales")))
        else:
            self.store.transfer(conversation, agent, self.random.choice(AGENTS), "小李")

    def _end(self) -> None:
        self.store.end(self._any())

    def _rate(self) -> None:
        ratings.rate(self.store, self._any(), self.random.randint(1, 5), self.random.choice((None, "=好")))

    def _outside(self) -> None:
        conversation = self._any()
        self.random.choice((outside.began, outside.ended))(self.store, conversation)
        outside.use(self.store, conversation, self.random.random() < 0.3)

    def _quiet(self) -> None:
        self.clock.passes(3700)
        SILENCE.keep(self.store)

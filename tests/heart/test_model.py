"""Random lives of a conversation beside a model of it: shopper, agents, bots in several processes, faults.

The model knows the rules in a few lines: who owns, which messages are owed an answer, and who may speak.
Every step compares the log with it.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, update

from bot.conversations import notices, ratings
from bot.conversations.models import Conversation, Turn
from bot.conversations.ownership import IllegalMove
from bot.conversations.silence import Silence
from bot.conversations.steps import Reply, now
from bot.conversations.store import ClaimedTurn, NotYours, Store
from tests.generated import GENERATED

AGENTS = st.sampled_from([1, 2])
AGENT_ACTS = st.sampled_from(["take", "say", "hand_back", "hand_back", "close", "requeue", "transfer"])
CLIENT_IDS = st.sampled_from([f"c{i}" for i in range(12)])
HOUR = timedelta(hours=1)


@dataclass
class Claim:
    """A turn in some process; ``alive`` until its lease is taken from it."""

    turn: ClaimedTurn
    epoch: int
    alive: bool = True


@dataclass
class Model:
    owner: str = "bot"
    epoch: int = 1
    seq: int = 0
    seqs: dict[str, int] = field(default_factory=dict)
    owed: list[int] = field(default_factory=list)
    leased: Claim | None = None
    answered: set[int] = field(default_factory=set)
    silent_from: int | None = None
    """Since this seq an agent has the word: no bot message may follow."""

    def move(self, owner: str) -> None:
        self.owner, self.epoch = owner, self.epoch + 1
        if owner.startswith("agent"):
            self.owed.clear()
            self.leased = None
            self.silent_from = self.seq + 1
        elif owner == "bot":
            self.silent_from = None


class Life(RuleBasedStateMachine):
    claims: Bundle[Claim] = Bundle("claims")

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine
        self.store = Store(engine, reopen_within=HOUR)
        self.id = self.store.begin("web", None, None).id
        self.model = Model()
        self.processes = count()

    def teardown(self) -> None:
        # The next life finds nothing to answer or to remind of.
        self.store.end(self.id)

    # -- the shopper ----------------------------------------------------------------------------------

    @rule(client_id=CLIENT_IDS)
    def says(self, client_id: str) -> None:
        seq = self.store.receive(self.id, client_id, f"说 {client_id}")
        model = self.model
        if client_id in model.seqs:
            assert seq == model.seqs[client_id], "a repeated post is the same message"
            return
        if model.owner == "closed":
            model.move("bot")
        model.seq += 1
        assert seq == model.seq
        model.seqs[client_id] = seq
        if model.owner in ("bot", "queue"):
            model.owed.append(seq)

    @rule()
    def asks_for_a_human(self) -> None:
        self.store.ask_human(self.id)
        model = self.model
        if model.owner == "closed":
            model.move("bot")
        if model.owner == "bot":
            model.move("queue")
            model.seq += 1
        elif model.owner == "queue":
            model.seq += 1

    @precondition(lambda self: self.model.owner == "queue")
    @rule(client_id=st.uuids().map(str))
    def leaves_the_queue(self, client_id: str) -> None:
        if not any(
            button["payload"] == notices.LEAVE_QUEUE
            for message in self.store.messages(self.id, limit=1000)[-50:]
            for button in (message.content or {}).get("buttons", [])
        ):
            return
        seq = self.store.receive(self.id, client_id, payload=notices.LEAVE_QUEUE)
        self.model.seqs[client_id] = seq
        self.model.move("bot")
        self.model.seq += 2

    @precondition(lambda self: self.model.seq % 5 == 0)
    @rule()
    def ends_the_service(self) -> None:
        self.store.end(self.id)
        if self.model.owner != "closed":
            self._ended("closed")

    @rule(score=st.integers(1, 5))
    def rates(self, score: int) -> None:
        with suppress(ratings.NothingToRate):
            assert ratings.rate(self.store, self.id, score)["score"] == score

    # -- the agents -----------------------------------------------------------------------------------

    @rule(agent=AGENTS, client_id=st.uuids().map(str), what=AGENT_ACTS)
    def an_agent_acts(self, agent: int, client_id: str, what: str) -> None:
        match what:
            case "take":
                self.takes(agent)
            case "say":
                self.answers(agent, client_id)
            case _:
                self.leaves(agent, what)

    def takes(self, agent: int) -> None:
        if self.model.owner in ("bot", "queue", "closed"):
            self.store.take(self.id, agent, "小王")
            self.model.move(f"agent:{agent}")
            self.model.seq += 1
        else:
            with pytest.raises(IllegalMove):
                self.store.take(self.id, agent, "小王")

    def answers(self, agent: int, client_id: str) -> None:
        if self.model.owner == f"agent:{agent}":
            for _ in range(2):
                assert self.store.say(self.id, agent, "小王", "您好", client_id) == self.model.seq + 1
            self.model.seq += 1
        else:
            with pytest.raises(NotYours):
                self.store.say(self.id, agent, "小王", "您好", client_id)

    def leaves(self, agent: int, how: str) -> None:
        def act() -> None:
            if how == "transfer":
                self.store.transfer(self.id, agent, 3 - agent, "小李")
            else:
                getattr(self.store, how)(self.id, agent)

        if self.model.owner != f"agent:{agent}":
            with pytest.raises(NotYours):
                act()
            return
        act()
        if how == "transfer":
            self.model.move(f"agent:{3 - agent}")
            self.model.seq += 1
        elif how == "requeue":
            self.model.move("queue")
            self.model.silent_from = None
            self.model.seq += 1
        else:
            self._ended({"hand_back": "bot", "close": "closed"}[how])

    # -- the bot, in many processes -------------------------------------------------------------------

    @rule(target=claims)
    def claims_a_turn(self) -> Claim | None:
        turn = self.store.claim_turn(f"p{next(self.processes)}", 3600)
        model = self.model
        if model.leased or not model.owed:
            assert turn is None, "a turn is answered by one process, in order"
            return None
        assert turn is not None and turn.seq == model.owed[0]
        model.leased = Claim(turn, model.epoch)
        return model.leased

    @precondition(lambda self: self.model.leased)
    @rule()
    def a_process_dies(self) -> None:
        """Its lease runs out, as after a clock that jumped ahead."""
        with self.engine.begin() as connection:
            connection.execute(update(Turn).values(lease_until=now() - HOUR))
        assert self.model.leased
        self.model.leased.alive = False
        self.model.leased = None

    @rule(claim=claims, handoff=st.booleans())
    def finishes(self, claim: Claim | None, handoff: bool) -> None:
        """Also late, twice, and after its lease is gone."""
        if claim is None:
            return
        model, seq = self.model, claim.turn.seq
        reason = {"reason": "complaint"} if handoff else None
        lost = self._lease_of_another(claim)
        stands = self.store.finish_turn(claim.turn, [Reply("答"), Reply("完")], {"intent": "x"}, "m", reason)
        # Whose lease ran out may still answer while nobody else has taken the turn.
        mine = seq in model.owed and (model.leased is claim or (model.leased is None and not claim.alive))
        if not mine or lost:
            assert not stands
        elif claim.epoch != model.epoch:
            assert not stands, "the owner changed meanwhile"
            if model.leased is claim:
                model.leased = None
        else:
            assert stands
            assert seq not in model.answered, "answered twice"
            model.answered.add(seq)
            model.owed.remove(seq)
            model.leased = None
            model.seq += 2
            if handoff and model.owner == "bot":
                model.move("queue")
                model.seq += 1

    @rule(
        client_id=CLIENT_IDS,
        between=st.sampled_from(["nothing", "human", "take", "end", "dies", "leave"]),
        handoff=st.booleans(),
    )
    def a_turn_is_disturbed(self, client_id: str, between: str, handoff: bool) -> None:
        """A message, its turn, something in the middle of it, and the answer."""
        self.says(client_id)
        claim = self.claims_a_turn()
        match between:
            case "human":
                self.asks_for_a_human()
            case "take":
                self.takes(1)
            case "end":
                self.ends_the_service()
            case "dies" if self.model.leased:
                self.a_process_dies()
                self.claims_a_turn()
            case "leave" if self.model.owner == "queue":
                self.leaves_the_queue(f"{client_id}:{self.model.seq}")
        self.finishes(claim, handoff)

    def _lease_of_another(self, claim: Claim) -> bool:
        with self.engine.connect() as connection:
            holder = connection.execute(
                Turn.__table__.select().where(Turn.id == claim.turn.id)  # type: ignore[attr-defined]
            ).one_or_none()
        return holder is not None and holder.lease_by != claim.turn.lease_by

    # -- time -----------------------------------------------------------------------------------------

    @rule(hours=st.sampled_from([0.1, 2]))
    def is_silent(self, hours: float) -> None:
        silence = Silence(HOUR, HOUR, HOUR)
        conversation = self.store.conversation(self.id)
        values = {"owner_since": conversation.owner_since - hours * HOUR}
        if conversation.quiet_since:
            values["quiet_since"] = conversation.quiet_since - hours * HOUR
        with self.engine.begin() as connection:
            connection.execute(update(Conversation).values(**values))
        quiet = self.store.conversation(self.id).quiet_since
        due = quiet is not None and quiet <= now() - HOUR
        owner = self.model.owner
        assert silence.keep(self.store) == ([self.id] if due else [])
        if not due:
            return
        assert owner not in ("queue", "closed")
        if owner == "bot" or self.store.conversation(self.id).owner == "closed":
            self._ended("closed")
        else:
            self.model.seq += 1  # the reminder

    def _ended(self, owner: str) -> None:
        self.model.move(owner)
        self.model.seq += 1
        self.model.owed.clear()
        self.model.leased = None

    # -- what always holds ----------------------------------------------------------------------------

    @invariant()
    def the_log_is_as_the_model_says(self) -> None:
        conversation = self.store.conversation(self.id)
        model = self.model
        assert (conversation.owner, conversation.epoch) == (model.owner, model.epoch)
        log = self.store.messages(self.id, limit=10_000)
        assert [m.seq for m in log] == list(range(1, model.seq + 1)), "gapless"
        assert {m.client_id: m.seq for m in log if m.sender == "shopper"} == model.seqs
        replied = [m.reply_to for m in log if m.sender == "bot"]
        assert sorted(replied) == sorted([*model.answered, *model.answered]), "each answer stands once, whole"
        if model.silent_from:
            assert all(m.sender != "bot" for m in log if m.seq >= model.silent_from)
        assert self.store.events(self.id)[-1:] == [] or self.store.events(self.id)[-1].epoch == model.epoch


def test_random_lives(database: Engine) -> None:
    run_state_machine_as_test(
        lambda: Life(database),
        settings=settings(GENERATED, max_examples=60, stateful_step_count=40, derandomize=True),
    )

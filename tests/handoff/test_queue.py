"""Random days at the desk beside a model of it: shoppers, agents, supervisors, processes that die.

Whom the assignment chooses the model leaves to it, and looks whether the choice was fair. Every step compares
the database with the model.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from itertools import count
from random import Random
from threading import get_ident
from typing import Any

import pytest
from hypothesis import note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import Engine, delete, event, func, select

from bot.conversations import handoffs, notices
from bot.conversations.models import Conversation, Event, Handoff, Ticket
from bot.conversations.ownership import IllegalMove
from bot.conversations.steps import Reply
from bot.conversations.store import NotYours, Store
from bot.handoff import agents, assignment, deadlines, queue
from bot.handoff.models import Agent
from tests.generated import GENERATED
from tests.handoff.conftest import Clock
from tests.handoff.model import Chat, Model

NAMES = {1: "小王", 2: "小李", 3: "小赵", 4: "小陈"}
SUPERVISOR = 9
WORDS = {None: "在吗", "hurried": "快点处理啊，急", "unhappy": "太失望了", "angry": "你们就是骗子，垃圾店铺"}
# Why, what the shopper wanted, and the queue that this leads to.
CAUSES = (
    ("complaint", "order_status", "complaints"),
    ("asked_for_human", "order_status", "logistics"),
    ("action_failed", "return_request", "after_sales"),
    ("vip", "nlu_fallback", "general"),
)
QUEUES = {intent: queue for _, intent, queue in CAUSES[1:]}

PRESENCES = ["online", "online", "online", "busy", "away", "offline"]
SKILLS = [None, None, None, ["logistics"], ["complaints", "after_sales"], []]
# What may happen, and how often.
STEPS = Counter(
    arrives=4, says=4, asks=4, leaves_the_queue=1, ends=1,
    comes=3, changes=2, vanishes=5, is_configured=2, gives_away=1, goes_home=2, is_sent_home=1,
    picks=2, answers=3, transfers=2, requeues=2, hands_back=2, closes=3, is_assigned=2, is_put_back=2,
    time_passes=8, assigns=5, drops_vanished=2, checks_deadlines=2, all_runs=4,
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One of many kinds, with whatever it may need."""

    what: str
    nth: int
    cause: tuple[str, str, str]
    level: str | None
    mood: str | None
    agent: int
    to: int
    presence: str
    capacity: int
    skills: list[str] | None
    queue: str | None
    seconds: int
    death: int | None
    another: bool


# Chosen evenly from a seed: of so many rules hypothesis would leave out half, and prefer the first.
CHOICES: dict[str, Sequence[object]] = {
    "what": list(STEPS.elements()),
    "nth": list(range(15)),
    "cause": CAUSES,
    "level": [None, None, "gold", "vip"],
    "mood": list(WORDS),
    "agent": list(NAMES),
    "to": list(NAMES),
    "presence": PRESENCES,
    "capacity": [1, 2, 3, 0],
    "skills": SKILLS,
    "queue": [None, "complaints", "logistics"],
    "seconds": [1, 20, 40, 40, 40, 100, 300],
    "death": [None, None, *range(1, 40)],
    "another": [False, True],
}
SEEDS = st.integers(0, 2**32)


def some_steps(seed: int, number: int, **more: object) -> list[Step]:
    chosen = Random(seed)
    steps: list[Any] = [{name: chosen.choice(few) for name, few in CHOICES.items()} for _ in range(number)]
    return [Step(**{**step, **more}) for step in steps]


class Died(BaseException):
    """The process has ended here, maybe in the middle of a transaction."""


@contextmanager
def dying(engine: Engine, after: int | None) -> Iterator[None]:
    """This thread dies before its statement of this number; None: it lives."""
    here, number = get_ident(), count(1)

    def die(*_: object) -> None:
        if get_ident() == here and next(number) == after:
            raise Died

    event.listen(engine, "before_cursor_execute", die)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", die)


class Day(RuleBasedStateMachine):
    def __init__(self, engine: Engine, other: Store, clock: Clock) -> None:
        super().__init__()
        self.engine, self.clock = engine, clock
        self.store, self.other = Store(engine, desk_rules=other.rules), other
        self.model = Model(clock)
        self.client_ids = count(1)
        self.given_until = self.store.heads()[1]
        with engine.begin() as connection:
            connection.execute(delete(Agent))

    def teardown(self) -> None:
        for chat in self.model.chats:
            self.store.end(chat.id)

    @initialize(seed=SEEDS)
    def the_shift_begins(self, seed: int) -> None:
        for agent, step in enumerate(some_steps(seed, 3, presence="online"), 1):
            self.comes(replace(step, agent=agent))
            self.is_configured(replace(step, agent=agent))
        for step in some_steps(seed, 5):
            self.arrives(step)

    @rule(seed=SEEDS)
    def some_minutes(self, seed: int) -> None:
        for step in some_steps(seed, 10):
            note(str(step))
            getattr(self, step.what)(step)
            self.everybody_is_where_the_model_says()

    # -- shoppers -------------------------------------------------------------------------------------

    def arrives(self, step: Step) -> None:
        """She is given to people by the bot."""
        if len(self.model.chats) == 15:
            return
        reason, intent, queue = step.cause
        chat = Chat(self.store.begin("web", None, None, step.level).id, step.level)
        self.model.chats.append(chat)
        words = WORDS[step.mood]
        _, turn = self.store.receive_and_claim(chat.id, self._client_id(), words, None, None, "p", 3600)
        handoff = {"reason": reason}
        assert turn and self.store.finish_turn(turn, [Reply("好的")], {"intent": intent}, "m", handoff)
        chat.heard(step.mood, intent)
        self._hand_over(chat, reason, queue)

    def says(self, step: Step) -> None:
        if chat := self._chat(step):
            self.store.receive(chat.id, self._client_id(), WORDS[step.mood])
            self.model.said(chat, step.mood)

    def asks(self, step: Step) -> None:
        """For a human."""
        if not (chat := self._chat(step)):
            return
        self.store.ask_human(chat.id)
        if not chat.by_people:
            wanted = [each for each in chat.wanted[-10:] if each in QUEUES]
            self._hand_over(chat, "asked_for_human", QUEUES[wanted[-1]] if wanted else "general")

    def leaves_the_queue(self, step: Step) -> None:
        chat = self._chat(step)
        if chat and chat.owner == "queue":
            self.store.receive(chat.id, self._client_id(), payload=notices.LEAVE_QUEUE)
            chat.heard(None)
            self.model.move(chat, "bot")

    def ends(self, step: Step) -> None:
        if chat := self._chat(step):
            self.store.end(chat.id)
            self.model.move(chat, "closed")

    # -- agents ---------------------------------------------------------------------------------------

    def comes(self, step: Step) -> None:
        agents.come(self.store, step.agent, NAMES[step.agent], step.presence)
        person = self.model.be(step.agent, step.presence)
        person.seen, person.desk_open = self.model.now, True

    def changes(self, step: Step) -> None:
        agent, load = step.agent, self.model.load(step.agent)

        def act() -> None:
            agents.set_presence(self.store, agent, step.presence)

        if agent not in self.model.people:
            with pytest.raises(agents.UnknownAgent):
                act()
        elif step.presence == "offline" and load:
            with pytest.raises(agents.OpenChats) as refused:
                act()
            assert refused.value.count == load
        else:
            act()
            self.model.be(agent, step.presence).seen = self.model.now

    def vanishes(self, step: Step) -> None:
        """Her desk gives no sign of life any more."""
        if person := self.model.people.get(step.agent):
            person.desk_open = False

    def is_configured(self, step: Step) -> None:
        if person := self.model.people.get(step.agent):
            agents.configure(self.store, step.agent, capacity=step.capacity, skills=step.skills)
            person.capacity, person.skills = step.capacity, step.skills

    def gives_away(self, step: Step) -> None:
        if step.to != step.agent:
            self._goes(step, lambda: agents.leave(self.store, step.agent, step.to, NAMES[step.to]), step.to)

    def goes_home(self, step: Step) -> None:
        self._goes(step, lambda: agents.leave(self.store, step.agent))

    def is_sent_home(self, step: Step) -> None:
        self._goes(step, lambda: agents.force_offline(self.store, step.agent, SUPERVISOR))

    def _goes(self, step: Step, act: Callable[[], list[str]], to: int | None = None) -> None:
        given: list[str] = []
        if step.agent not in self.model.people or self._dies(lambda: given.extend(act()), step.death):
            return
        held = self.model.held(step.agent)
        assert sorted(given) == sorted(chat.id for chat in held)
        for chat in held:
            if to:
                self.model.to_agent(chat, to)
            else:
                self.model.requeue(chat)
        self.model.be(step.agent, "offline")

    # -- what the desk does with a conversation -------------------------------------------------------

    def picks(self, step: Step) -> None:
        if not (chat := self._chat(step)):
            return
        with _refused(None if chat.owner in ("bot", "queue", "closed") else IllegalMove):
            queue.claim(self.store, chat.id, step.agent, NAMES[step.agent])
            self.model.to_agent(chat, step.agent)
            person = self.model.people.get(step.agent)
            if not person or person.presence == "offline":
                self.model.be(step.agent, "busy").seen = self.model.now

    def answers(self, step: Step) -> None:
        if chat := self._chat(step):
            agent, refused = self._who(step, chat)
            with _refused(refused):
                self.store.say(chat.id, agent, NAMES[agent], "您好", self._client_id())
                chat.answered()

    def transfers(self, step: Step) -> None:
        if chat := self._chat(step):
            agent, refused = self._who(step, chat)
            with _refused(refused or (IllegalMove if step.to == agent else None)):
                self.store.transfer(chat.id, agent, step.to, NAMES[step.to], "请接手")
                self.model.to_agent(chat, step.to)

    def requeues(self, step: Step) -> None:
        if chat := self._chat(step):
            agent, refused = self._who(step, chat)
            with _refused(refused):
                self.store.requeue(chat.id, agent, queue=step.queue)
                self.model.requeue(chat, step.queue)

    def hands_back(self, step: Step) -> None:
        if chat := self._chat(step):
            agent, refused = self._who(step, chat)
            with _refused(refused):
                self.store.hand_back(chat.id, agent)
                self.model.move(chat, "bot")

    def closes(self, step: Step) -> None:
        if chat := self._chat(step):
            agent, refused = self._who(step, chat)
            with _refused(refused):
                self.store.close(chat.id, agent)
                self.model.move(chat, "closed")

    def is_assigned(self, step: Step) -> None:
        """By a supervisor, also to somebody who is not there."""
        if chat := self._chat(step):
            with _refused(None if chat.by_people and chat.agent != step.to else IllegalMove):
                self.store.assign(chat.id, SUPERVISOR, step.to, NAMES[step.to])
                self.model.to_agent(chat, step.to)

    def is_put_back(self, step: Step) -> None:
        if chat := self._chat(step):
            with _refused(None if chat.agent else IllegalMove):
                self.store.put_back(chat.id, SUPERVISOR, queue=step.queue)
                self.model.requeue(chat, step.queue)

    # -- what runs by itself --------------------------------------------------------------------------

    def time_passes(self, step: Step) -> None:
        self.clock.passes(step.seconds)
        for person in self.model.people.values():
            if person.desk_open:
                agents.seen(self.store, person.id)
                person.seen = self.model.now

    def assigns(self, step: Step) -> None:
        """By one process, which may die, or by another beside it."""
        with ThreadPoolExecutor(1) as pool:
            beside = pool.submit(assignment.assign, self.other) if step.another else None
            died = self._dies(lambda: assignment.assign(self.store), step.death)
        if beside:
            beside.result()
        model = self.model
        for chat, agent in self._given():
            able = model.able(chat)
            first = next((each for each in model.waiting() if model.able(each)), None)
            assert chat is first, "who came later was served first, by somebody who serves both"
            assert agent in able, "she was not there, had no room, or serves another queue"
            assert model.load(agent) == min(map(model.load, able)), "another one has less to do"
            model.to_agent(chat, agent)
        if beside or not died:
            assert not any(map(model.able, model.waiting())), "she waits while somebody has room"

    def drops_vanished(self, step: Step) -> None:
        moved: list[str] = []
        if self._dies(lambda: moved.extend(agents.drop_vanished(self.store)), step.death):
            return
        model = self.model
        lost = [chat for chat in model.chats if model.lost(chat)]
        for person in model.people.values():
            if person.presence != "offline" and model.ago(person.seen) > agents.GRACE:
                lost += model.held(person.id)
                model.be(person.id, "offline")
        assert sorted(moved) == sorted(chat.id for chat in lost)
        for chat in lost:
            model.requeue(chat)

    def checks_deadlines(self, step: Step) -> None:
        if self._dies(lambda: deadlines.check(self.store), step.death):
            deadlines.check(self.store)  # each conversation by itself: another one goes on from there
        model = self.model
        for chat in model.chats:
            if chat.by_people and chat.due and chat.due <= model.now:
                chat.late = True
            if chat.owner == "queue" and not model.there() and model.ago(chat.at) > agents.GRACE:
                model.move(chat, "bot")
                self._has_ticket(chat)

    def all_runs(self, step: Step) -> None:
        """Until nothing changes any more."""
        model, before, calm = self.model, None, replace(step, death=None)
        while before != (before := [(chat.owner, chat.late) for chat in model.chats]):
            self.drops_vanished(calm)
            self.assigns(calm)
            self.checks_deadlines(calm)
        for chat in model.waiting():
            assert not model.able(chat), "she waits while somebody has room"
            assert model.there() or model.ago(chat.at) <= agents.GRACE, "she is forgotten"
        for chat in model.chats:
            if chat.agent and model.ago(chat.since) > agents.GRACE:
                person = model.people[chat.agent]
                assert (
                    model.ago(person.seen if person.presence != "offline" else person.since) <= agents.GRACE
                )

    # -- the real thing -------------------------------------------------------------------------------

    def _chat(self, step: Step) -> Chat | None:
        return self.model.chats[step.nth % len(self.model.chats)] if self.model.chats else None

    def _who(self, step: Step, chat: Chat) -> tuple[int, type[Exception] | None]:
        """Who acts, mostly the one who has the conversation; and how somebody else is refused."""
        agent = chat.agent if chat.agent and not step.another else step.agent
        return agent, None if agent == chat.agent else NotYours

    def _hand_over(self, chat: Chat, reason: str, queue: str) -> None:
        if not self.model.hand_over(chat, reason, queue):
            self._has_ticket(chat)

    def _client_id(self) -> str:
        return f"c{next(self.client_ids)}"

    def _dies(self, act: Callable[[], object], death: int | None) -> bool:
        with dying(self.engine, death), suppress(Died):
            act()
            return False
        return True

    def _given(self) -> list[tuple[Chat, int]]:
        """What the assignment has given away since this was last asked, in its order."""
        by_itself = (Event.id > self.given_until) & (Event.move == "assign") & (Event.by == "system")
        self.given_until = self.store.heads()[1]
        chats = {chat.id: chat for chat in self.model.chats}
        with self.store.reading() as session:
            given = session.scalars(select(Event).where(by_itself).order_by(Event.id)).all()
        return [(chats[each.conversation_id], int(each.to_owner[6:])) for each in given]

    def _has_ticket(self, chat: Chat) -> None:
        with self.store.reading() as session:
            tickets = session.scalar(select(func.count()).where(Ticket.conversation_id == chat.id))
        assert tickets == 1, "nobody was there: one ticket stands for all that is open"

    # -- what always holds ----------------------------------------------------------------------------

    def everybody_is_where_the_model_says(self) -> None:
        chats = {chat.id: chat for chat in self.model.chats}
        with self.store.reading() as session:
            owners = session.execute(
                select(Conversation.id, Conversation.owner).where(Conversation.id.in_(chats))
            ).all()
            services = session.scalars(select(Handoff).where(handoffs.GOES_ON)).all()
            presences = session.execute(select(Agent.id, Agent.presence)).all()
            loads = handoffs.loads(session)
        assert {row[0]: row[1] for row in owners} == {chat.id: chat.owner for chat in chats.values()}
        assert {row[0]: row[1] for row in presences} == {p.id: p.presence for p in self.model.people.values()}
        assert loads == Counter(chat.agent for chat in chats.values() if chat.agent)
        by_people = [chat.id for chat in chats.values() if chat.by_people]
        assert sorted(each.conversation_id for each in services) == sorted(by_people), "one service each"
        for each in services:
            chat = chats[each.conversation_id]
            assert (each.agent_id, each.taken_at is None) == (chat.agent, chat.owner == "queue")
            assert (each.queue, each.mood, each.reason) == (chat.queue, chat.mood, chat.reason)
            assert (each.rank_at, each.answer_due, each.breached) == (chat.rank, chat.due, chat.late)
        waiting = handoffs.waiting(self.store)
        assert [each.id for each, _, _ in waiting] == [chat.id for chat in self.model.waiting()]


def _refused(how: type[Exception] | None) -> AbstractContextManager[object]:
    return pytest.raises(how) if how else nullcontext()


def test_random_days(database: Engine, other: Store, clock: Clock) -> None:
    run_state_machine_as_test(
        lambda: Day(database, other, clock),
        settings=settings(GENERATED, max_examples=16, stateful_step_count=6, derandomize=True),
    )

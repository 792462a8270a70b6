"""Which training runs and which waits: a queue of one, and leases so that only one worker trains.

While one runs, one more may wait. Who asks then has the newest data in mind, which holds all that the waiting
one has: it takes that one's place.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.conversations import audits
from bot.conversations.models import Audit
from bot.conversations.steps import now
from bot.conversations.store import Store

from .models import CANCELLED, FAILED, OPEN, QUEUED, RUNNING, Training

LEASE = timedelta(seconds=30)
# A training that a worker ended over is begun again so often, all told.
ATTEMPTS = 2
DETAIL_LIMIT = 4000
TRIES = 10


@dataclass(frozen=True)
class By:
    """Who asks: a member of staff, or somebody at the terminal, who has no account."""

    name: str
    account_id: int | None = None

    @property
    def audited(self) -> str:
        """As the audit calls them."""
        return self.name if self.account_id is None else f"agent:{self.account_id}"


@dataclass(frozen=True)
class Asked:
    """A training that was asked for; ``how`` it comes about.

    "begins" as soon as a worker looks; "waits" behind one that runs; "replaces" the one that waited;
    "there": the same data was asked for already.
    """

    training: Training
    how: Literal["begins", "waits", "replaces", "there"]


@dataclass(frozen=True)
class End:
    """How a training ended; a failure is one of outcomes.py's."""

    state: str
    model: str | None = None
    fresh: bool | None = None
    failure: str | None = None
    detail: str | None = None


def ask(store: Store, commit: str, by: By) -> Asked:
    """Let the data of ``commit`` be trained."""
    for _ in range(TRIES):
        try:
            return _ask(store, commit, by)
        except IntegrityError:
            continue  # somebody else asked in the same moment: now theirs is seen
    return _ask(store, commit, by)


def _ask(store: Store, commit: str, by: By) -> Asked:
    with store.writing() as session:
        running, waiting = _open(session, RUNNING), _open(session, QUEUED)
        for each in (waiting, None if waiting else running):
            if each and each.commit_id == commit and each.cancelled_by is None:
                return Asked(each, "there")
        if waiting:
            _close(waiting, End(CANCELLED, failure="replaced"))
            session.flush()
        training = Training(
            commit_id=commit, state=QUEUED, account_id=by.account_id, by=by.name, asked_at=now(), log=""
        )
        session.add(training)
        session.flush()
        detail = {"training": training.id, "commit": commit}
        session.add(Audit(at=now(), by=by.audited, action="train", detail=detail))
        return Asked(training, "replaces" if waiting else "waits" if running else "begins")


def cancel(store: Store, id: int, by: By) -> bool:
    """End a training before its time; whether there was one to end. One that runs ends within seconds."""
    with store.writing() as session:
        training = session.get(Training, id, with_for_update=True)
        if training is None or training.state not in OPEN:
            return False
        training.cancelled_by = by.name
        if training.state == QUEUED or not _is_leased(training):
            _close(training, End(CANCELLED))
    audits.note(store, by.audited, "cancel_training", training=id)
    return True


def found(store: Store, id: int) -> Training | None:
    """The training with this number."""
    with store.reading() as session:
        return session.get(Training, id)


def under_way(store: Store) -> list[Training]:
    """The training that runs and the one that waits, as far as there are any."""
    with store.reading() as session:
        listed = session.scalars(select(Training).where(Training.state.in_(OPEN))).all()
    return sorted(listed, key=lambda each: OPEN.index(each.state))


def latest(store: Store, limit: int = 10) -> list[Training]:
    """The last trainings that are over, newest first."""
    query = select(Training).where(Training.state.not_in(OPEN)).order_by(Training.id.desc()).limit(limit)
    with store.reading() as session:
        return list(session.scalars(query))


# ---- the worker's side ----


def claim(store: Store, worker: str) -> Training | None:
    """The training that ``worker`` alone shall make now, until its lease runs out."""
    with store.reading() as session:
        if session.scalar(select(Training.id).where(Training.state.in_(OPEN)).limit(1)) is None:
            return None
    try:
        with store.writing() as session:
            training = _open(session, RUNNING)
            if training and _is_leased(training):
                return None
            if training and training.cancelled_by:
                _close(training, End(CANCELLED))
                return None
            if training and training.attempts >= ATTEMPTS:
                _close(training, End(FAILED, failure="worker_gone"))
                return None
            training = training or _open(session, QUEUED)
            if training is None:
                return None
            training.state, training.began_at = RUNNING, now()
            training.attempts += 1
            training.step = training.share = training.seconds_left = None
            training.log = ""
            training.lease_by, training.lease_until = worker, now() + LEASE
            return training
    except IntegrityError:
        return None  # another worker was faster


def note(
    store: Store,
    training: Training,
    *,
    step: str | None = None,
    share: float | None = None,
    seconds_left: float | None = None,
    log: str = "",
) -> Literal["on", "cancel", "lost"]:
    """Write down how far it is, prolong the lease, and tell the worker to go on, stop it, or let it be."""
    with store.writing() as session:
        held = _held(session, training)
        if held is None:
            return "lost"
        held.step, held.share, held.seconds_left, held.log = (step or "")[:120], share, seconds_left, log
        held.lease_until = now() + LEASE
        return "cancel" if held.cancelled_by else "on"


def end(store: Store, training: Training, end: End, log: str | None = None) -> bool:
    """It is over; whether it was still this worker's."""
    with store.writing() as session:
        held = _held(session, training)
        if held is None:
            return False
        if log is not None:
            held.log = log
        _close(held, end)
        return True


def release(store: Store, training: Training) -> None:
    """The worker ends by order: another shall begin it anew, and that is no failure of the training."""
    with store.writing() as session:
        if held := _held(session, training):
            held.attempts -= 1
            held.step = held.share = held.seconds_left = None
            held.lease_by = held.lease_until = None


def _open(session: Session, state: str) -> Training | None:
    return session.scalar(select(Training).where(Training.state == state).with_for_update())


def _held(session: Session, training: Training) -> Training | None:
    """The training, if it still runs and is this worker's."""
    held = session.get(Training, training.id, with_for_update=True)
    return held if held and held.state == RUNNING and held.lease_by == training.lease_by else None


def _is_leased(training: Training) -> bool:
    until = training.lease_until
    # A lease beyond its own length was written by a clock that was ahead.
    return until is not None and now() <= until <= now() + 2 * LEASE


def _close(training: Training, end: End) -> None:
    training.state, training.ended_at = end.state, now()
    training.model, training.fresh = end.model, end.fresh
    training.failure, training.detail = end.failure, end.detail and end.detail[:DETAIL_LIMIT]
    training.seconds_left = training.lease_by = training.lease_until = None

"""Writes that are done once, however often they are asked for."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Query, Request
from pydantic import BaseModel
from sqlalchemy import delete, update

from bot.problems import Problem
from bot.shop import clock
from bot.shop.auth import Acting
from bot.shop.calls import Db
from bot.shop.database import Session, insert
from bot.shop.models import IdempotencyKey
from bot.shop.scope import Scope

KEPT = timedelta(days=7)

A = TypeVar("A", bound=BaseModel)


class Write:
    """One call that writes: done once per key, or not at all when it is only tried."""

    def __init__(
        self,
        request: Request,
        acting: Acting,
        db: Db,
        key: Annotated[
            str | None,
            Header(
                alias="Idempotency-Key",
                pattern=r"^[A-Za-z0-9_.:-]{1,80}$",
                description="Repeating a call with its key changes nothing and gets the same answer. "
                "Needed unless dry_run.",
            ),
        ] = None,
        dry_run: Annotated[
            bool, Query(description="Answer as if it were done, or refuse, and change nothing.")
        ] = False,
    ) -> None:
        if key is None and not dry_run:
            raise Problem(
                422, "idempotency-key-required", "Send a header Idempotency-Key, or ask with dry_run=true."
            )
        self.scope: Scope = acting
        self.session: Session = db
        self.dry_run = dry_run
        self._key = key
        self._call = f"{request.method} {request.url.path}"

    def once(self, kind: type[A], effect: Callable[[], A], body: BaseModel | None = None) -> A:
        """Do ``effect`` and keep its answer in one transaction; with a known key give the kept answer.

        Of two calls with one key at the same moment the second waits for the first.
        """
        if self.dry_run:
            try:
                return effect()
            finally:
                self.session.rollback()
        said = body.model_dump_json(exclude_unset=True) if body else ""
        fingerprint = hashlib.sha256(f"{self._call}\n{said}".encode()).hexdigest()
        if not self._claim(fingerprint):
            return self._kept(kind, fingerprint)
        answer = effect()
        self.session.execute(
            update(IdempotencyKey)
            .where(IdempotencyKey.scope == self.scope.name, IdempotencyKey.key == self._key)
            .values(answer=answer.model_dump_json(by_alias=True, exclude_none=True))
        )
        self.session.commit()
        return answer

    def _claim(self, fingerprint: str) -> bool:
        # The first statement of the transaction: on SQLite it takes the lock for writing, on PostgreSQL it
        # waits for another transaction that has claimed the same key.
        now = clock.now()
        self.session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEPT))
        claim = insert(self.session, IdempotencyKey).values(
            scope=self.scope.name, key=self._key, fingerprint=fingerprint, created_at=now
        )
        claimed = self.session.scalar(claim.on_conflict_do_nothing().returning(IdempotencyKey.key))
        return claimed is not None

    def _kept(self, kind: type[A], fingerprint: str) -> A:
        kept = self.session.get(IdempotencyKey, (self.scope.name, self._key))
        assert kept is not None and kept.answer is not None, "a key is kept with its answer"  # noqa: S101
        if kept.fingerprint != fingerprint:
            raise Problem(
                422,
                "idempotency-key-reused",
                "This Idempotency-Key was used for another call; make a new one.",
            )
        return kind.model_validate_json(kept.answer)


Writing = Annotated[Write, Depends()]

"""The audit as it is read and as it ends: in portions, by who and what, at a cost that does not grow."""

from datetime import timedelta

from sqlalchemy import event, insert, text

from bot.conversations import audits
from bot.conversations.audits import Wanted
from bot.conversations.models import Audit
from bot.conversations.steps import now
from bot.conversations.store import Store


def fill(store: Store, count: int, age: timedelta = timedelta()) -> None:
    """So many rows, one a second, of three people and four actions by turns."""
    begin = now() - age - timedelta(seconds=count)
    rows = [
        {
            "at": begin + timedelta(seconds=number),
            "by": f"agent:{number % 3}",
            "action": "abcd"[number % 4],
            "detail": None,
        }
        for number in range(count)
    ]
    with store.writing() as session:
        session.execute(insert(Audit), rows)


def read(store: Store, wanted: Wanted, portion: int = 7) -> list[int]:
    """Everything, portion by portion."""
    ids: list[int] = []
    while rows := audits.found(store, wanted, ids[-1] if ids else None, portion):
        ids += [row.id for row in rows]
    return ids


def test_portions_hold_each_row_once_the_newest_first(store: Store) -> None:
    fill(store, 50, timedelta(days=3))
    fill(store, 50)
    everything = list(audits.all_found(store, Wanted(), 1000))
    assert [row.id for row in everything] == sorted((row.id for row in everything), reverse=True)
    assert len(everything) == 100
    since = now() - timedelta(days=1)
    for wanted in (
        Wanted(),
        Wanted(by="agent:1"),
        Wanted(actions=("a", "c", "none")),
        Wanted(by="agent:2", actions=("b",)),
        Wanted(since=since),
        Wanted("agent:0", ("a", "d"), since),
        Wanted("nobody", ("a",)),
        Wanted(since=now() + timedelta(days=1)),
    ):
        right = [
            row.id
            for row in everything
            if wanted.by in (None, row.by)
            and (wanted.actions is None or row.action in wanted.actions)
            and (wanted.since is None or row.at >= wanted.since)
        ]
        assert read(store, wanted) == right, wanted
    assert [row.id for row in audits.all_found(store, Wanted(), 30)] == [row.id for row in everything[:30]]
    assert audits.everybody(store) == ["agent:0", "agent:1", "agent:2"]


def test_no_look_reads_the_whole_table(store: Store) -> None:
    fill(store, 3000)
    with store.writing() as session:
        session.execute(text("ANALYZE"))
        if session.get_bind().dialect.name == "postgresql":
            return  # which plans by what it has counted; the indexes are the same
    plans: list[str] = []
    with store.reading() as session:
        connection = session.connection()

        @event.listens_for(session.get_bind(), "before_cursor_execute")
        def explain(_: object, cursor: object, statement: str, parameters: object, *__: object) -> None:
            if statement.startswith("SELECT") and "audit" in statement:
                rows = connection.connection.cursor()
                rows.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]
                plans.extend(str(row[-1]) for row in rows.fetchall())

        try:
            audits.found(store, Wanted("agent:1", ("a", "b"), now() - timedelta(days=1)))
            audits.found(store, Wanted(actions=("a",)))
            audits.found(store, Wanted(by="agent:1"), before=2000)
            audits.everybody(store)
        finally:
            event.remove(session.get_bind(), "before_cursor_execute", explain)
    assert plans and not [plan for plan in plans if plan.startswith("SCAN") or "TEMP B-TREE" in plan], plans


def test_the_old_goes_in_portions(store: Store) -> None:
    fill(store, 2500, timedelta(days=10))
    fill(store, 20)
    before = now() - timedelta(days=5)
    portions = []
    while count := audits.expire(store, before):
        portions.append(count)
    assert portions == [1000, 1000, 500]
    assert len(audits.latest(store, 1000)) == 20

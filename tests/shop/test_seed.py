"""Sample data: the same for the same day, true on any day."""

import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect

from bot.shop import clock, seed, store
from bot.shop.clock import CHINA
from bot.shop.models import Base, Order

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=CHINA)


def plain(row: Base) -> dict[str, Any]:
    """A row with all that hangs on it, as plain values."""
    state = inspect(row)
    values = {a.key: state.dict.get(a.key) for a in state.mapper.column_attrs}
    hanging = {r.key: state.dict.get(r.key) or [] for r in state.mapper.relationships}
    children = {name: [plain(r) for r in rows] for name, rows in hanging.items() if isinstance(rows, list)}
    return values | children


def test_same_day_same_data() -> None:
    noon = [plain(row) for row in seed.rows(NOON)]
    evening = [plain(row) for row in seed.rows(NOON + timedelta(hours=11))]
    assert noon == evening
    assert noon != [plain(row) for row in seed.rows(NOON + timedelta(days=1))]


@pytest.mark.parametrize("hour", [0, 7, 23])
def test_nothing_has_happened_in_the_future(hour: int) -> None:
    now = NOON.replace(hour=hour, minute=1)
    orders = [row for row in seed.rows(now) if isinstance(row, Order)]
    assert len({order.no for order in orders}) == len(orders) >= 19
    for order in orders:
        assert order.no[:8] == f"{order.placed_at.astimezone(CHINA):%Y%m%d}" and len(order.no) == 16
        marks = [order.placed_at, order.paid_at, order.shipped_at, order.delivered_at]
        told = [mark for mark in marks if mark]
        assert told == sorted(told) and told[-1] <= now
        for shipment in order.shipments:
            scans = [event.at for event in shipment.events]
            assert scans == sorted(scans) and scans[-1] <= now
            assert scans[0] == order.shipped_at or len(order.shipments) > 1
            if shipment.expected_at:
                assert shipment.expected_at > NOON and shipment.status != "delivered"


def test_every_kind_of_situation_is_there() -> None:
    orders = seed.declared()["orders"]
    assert {o["status"] for o in orders} == {
        "pending_payment",
        "paid",
        "shipped",
        "delivered",
        "completed",
        "cancelled",
    }
    parcels = {s["status"] for o in orders for s in o.get("shipments", [])}
    assert parcels == {"collected", "in_transit", "out_for_delivery", "delivered", "exception"}
    customers = {c["id"] for c in seed.declared()["customers"]}
    assert {o["customer"] for o in orders} == customers - {"c1008"}
    pictures = Path(seed.__file__).parent / "static" / "pictures"
    assert {p["image"] for p in seed.declared()["products"]} == {f.stem for f in pictures.glob("*.svg")}
    assert all(re.fullmatch(r"1[3-9]\d{9}", c["phone"]) for c in seed.declared()["customers"])


@pytest.mark.parametrize(
    ("offset", "moment"),
    [
        ("T", "2026-03-01T00:00:00+08:00"),
        ("T-3d", "2026-02-26T00:00:00+08:00"),
        ("T+6h", "2026-03-01T06:00:00+08:00"),
        ("T-1d 18:20", "2026-02-28T18:20:00+08:00"),
        ("T+1d+6h", "2026-03-02T06:00:00+08:00"),
    ],
)
def test_offsets(offset: str, moment: str) -> None:
    assert seed.moment_of(offset, date(2026, 3, 1)).isoformat() == moment


def test_wrong_offset_is_named() -> None:
    with pytest.raises(ValueError, match="'yesterday' is no moment"):
        seed.moment_of("yesterday", date(2026, 3, 1))


def test_data_are_loaded_once_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = store.open_database(f"sqlite:///{tmp_path / 'new' / 'shop.db'}")
    monkeypatch.setattr(clock, "now", lambda: NOON)
    assert seed.load(database) is True
    assert seed.load(database) is False
    scope = store.Scope(customer="c1001")
    with database() as session:
        (before,), _ = store.orders(session, scope, None, 1, 20)
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(days=1))
    assert seed.load(database) is True
    with database() as session:
        (after,), total = store.orders(session, scope, None, 1, 20)
        assert store.products(session, [], 1, 100)[1] == 20
    assert total == 1
    assert (before.no, after.no) == ("2026022600012345", "2026022700012345")
    store.close_database(database)


def test_an_empty_scope_sees_nothing(tmp_path: Path) -> None:
    database = store.open_database(f"sqlite:///{tmp_path / 'shop.db'}")
    seed.load(database)
    with database() as session:
        assert store.orders(session, store.Scope(), None, 1, 20) == ([], 0)
        assert store.orders(session, store.Scope(customer=""), None, 1, 20) == ([], 0)
    store.close_database(database)

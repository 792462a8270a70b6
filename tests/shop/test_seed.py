"""Sample data: the same for the same day, true on any day, and not in the way of loaded data."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from bot.shop import clock, database, seed
from bot.shop.clock import CHINA
from bot.shop.loading import load
from bot.shop.loading.moments import moment_of
from bot.shop.models import Base, Customer, Order, Product, SeedMark, Shipment
from bot.shop.orders.queries import orders
from bot.shop.scope import Scope

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=CHINA)


class Seeded:
    """A shop of its own, with sample data as of a moment."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.url = f"sqlite:///{folder / 'shop.db'}"
        self.opened = database.open_database(self.url)
        self._patch = monkeypatch

    def renew(self, now: datetime) -> bool:
        self._patch.setattr(clock, "now", lambda: now)
        return seed.load(self.opened)

    def contents(self) -> dict[str, list[Any]]:
        tables = [t for t in Base.metadata.sorted_tables if t.name != SeedMark.__tablename__]
        with self.opened() as session:
            return {t.name: sorted(map(str, session.execute(select(t)).all())) for t in tables}

    def customers(self) -> set[str]:
        with self.opened() as session:
            return set(session.scalars(select(Customer.id)))

    def numbers(self, customer: str) -> list[str]:
        with self.opened() as session:
            return [order.no for order in orders(session, Scope(customer=customer), None, 1, 20)[0]]


@pytest.fixture
def shop_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], Seeded]:
    made = 0

    def at(now: datetime) -> Seeded:
        nonlocal made
        made += 1
        shop = Seeded(tmp_path / str(made), monkeypatch)
        assert shop.renew(now)
        return shop

    return at


def test_same_day_same_data(shop_at: Callable[[datetime], Seeded]) -> None:
    noon = shop_at(NOON).contents()
    assert shop_at(NOON + timedelta(hours=11)).contents() == noon
    assert shop_at(NOON + timedelta(days=1)).contents() != noon


@pytest.mark.parametrize("hour", [0, 7, 23])
def test_nothing_has_happened_in_the_future(shop_at: Callable[[datetime], Seeded], hour: int) -> None:
    now = NOON.replace(hour=hour, minute=1)
    with shop_at(now).opened() as session:
        found = session.scalars(
            select(Order).options(selectinload(Order.shipments).selectinload(Shipment.events))
        ).all()
    assert len(found) >= 19
    for order in found:
        assert order.no[:8] == f"{order.placed_at.astimezone(CHINA):%Y%m%d}" and len(order.no) == 16
        marks = [order.placed_at, order.paid_at, order.shipped_at, order.delivered_at]
        told = [mark for mark in marks if mark]
        assert told == sorted(told) and told[-1] <= now
        for shipment in order.shipments:
            scans = [event.at for event in reversed(shipment.events)]
            assert scans == sorted(scans) and scans[-1] <= now
            assert scans[0] == order.shipped_at or len(order.shipments) > 1
            if shipment.expected_at:
                assert shipment.expected_at > NOON and shipment.status != "delivered"


def test_every_kind_of_situation_is_there() -> None:
    declared = seed.declared()
    of_orders, of_customers = declared["orders"], declared["customers"]
    assert {o["status"] for o in of_orders} == {
        "pending_payment",
        "paid",
        "shipped",
        "delivered",
        "completed",
        "cancelled",
    }
    parcels = {s["status"] for o in of_orders for s in o.get("shipments", [])}
    assert parcels == {"collected", "in_transit", "out_for_delivery", "delivered", "exception"}
    after_sales = [one for o in of_orders for one in o.get("after_sales", [])]
    assert {one["state"] for one in after_sales} >= {"approved", "done"}
    assert any("state" not in one["refund"] for one in after_sales if "refund" in one)  # under way
    assert {o["invoice"]["state"] for o in of_orders if "invoice" in o} == {"requested", "issued"}
    assert declared["promotions"] and any(c.get("coupons") for c in of_customers)
    assert {o["customer"] for o in of_orders} == {c["id"] for c in of_customers} - {"c1008"}
    pictures = Path(seed.__file__).parent / "static" / "pictures"
    assert {p["image"] for p in declared["products"]} == {f.stem for f in pictures.glob("*.svg")} - {"box"}
    assert all(re.fullmatch(r"1[3-9]\d{9}", c["phone"]) for c in of_customers)


@pytest.mark.parametrize(
    ("offset", "moment"),
    [
        ("T", "2026-03-01T00:00:00+08:00"),
        ("T-3d", "2026-02-26T00:00:00+08:00"),
        ("T+6h", "2026-03-01T06:00:00+08:00"),
        ("T-1d 18:20", "2026-02-28T18:20:00+08:00"),
        ("T+1d+6h", "2026-03-02T06:00:00+08:00"),
        ("now", "2026-03-01T12:00:00+08:00"),
        ("now-2h", "2026-03-01T10:00:00+08:00"),
        ("now+30m", "2026-03-01T12:30:00+08:00"),
        ("now-1d+2h-5m", "2026-02-28T13:55:00+08:00"),
    ],
)
def test_offsets(offset: str, moment: str) -> None:
    assert moment_of(offset, NOON).isoformat() == moment


@pytest.mark.parametrize("offset", ["yesterday", "T-3", "now-2", "T 25:00", "", "2026-03-01"])
def test_wrong_offset_is_named(offset: str) -> None:
    with pytest.raises(ValueError, match="is no moment; write it like"):
        moment_of(offset, NOON)


def test_data_are_loaded_once_a_day(shop_at: Callable[[datetime], Seeded]) -> None:
    shop = shop_at(NOON)
    assert shop.renew(NOON) is False
    assert shop.numbers("c1001") == ["2026022600012345"]
    assert shop.renew(NOON + timedelta(days=1)) is True
    assert shop.numbers("c1001") == ["2026022700012345"]
    assert seed.order_no(seed.declared()["orders"][0], date(2026, 3, 2)) == "2026022700012345"
    with shop.opened() as session:
        assert session.scalar(select(func.count()).select_from(Product)) == 20


def test_loaded_data_outlive_the_daily_renewal(shop_at: Callable[[datetime], Seeded]) -> None:
    shop = shop_at(NOON)
    order = {"status": "paid", "placed": "T-1d", "paid": "T-1d", "items": [{"sku": "x1-1"}]}
    load(
        shop.url,
        {
            # One of the sample customers and one of the sample products, changed, and new ones.
            "customers": [
                {"id": "c1001", "name": "林晓雨", "phone": "13816826688"},
                {"id": "x1", "name": "新客", "phone": "13800000001"},
            ],
            "products": [
                {"id": "x1", "name": "新品", "price_fen": 100, "variants": [{"spec": "红", "stock": 1}]},
                {"id": "p2006", "name": "旧鞋", "price_fen": 1, "variants": [{"spec": "38", "stock": 1}]},
            ],
            "orders": [
                {"no": "mine-1", "customer": "c1001", **order},
                {"no": "mine-2", "customer": "x1", **order},
            ],
        },
    )
    assert shop.numbers("c1001") == ["mine-1"]
    assert shop.renew(NOON + timedelta(days=1)) is True
    assert shop.customers() >= {"x1", "c1001", "c1002", "c1010"}
    assert (shop.numbers("c1001"), shop.numbers("x1")) == (["mine-1"], ["mine-2"])
    assert shop.numbers("c1004") == ["2026022600012683"]
    with shop.opened() as session:
        assert session.get_one(Product, "p2006").name == "旧鞋"
        assert session.get_one(Product, "p2007").name == "复古小白鞋"


def test_an_emptied_shop_stays_so_until_the_sample_is_loaded(shop_at: Callable[[datetime], Seeded]) -> None:
    shop = shop_at(NOON)
    load(shop.url, {"customers": [{"id": "x1", "name": "新客", "phone": "13800000001"}]}, replace=True)
    assert shop.renew(NOON + timedelta(days=1)) is False
    assert shop.customers() == {"x1"}
    load(shop.url, seed.FILE)
    assert shop.customers() > {"x1", "c1001"}


def test_tables_of_an_older_version_make_room(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    opened = database.open_database(url)
    seed.load(opened)
    with opened() as session:
        session.connection().exec_driver_sql("ALTER TABLE orders DROP COLUMN remark")
        session.commit()
    database.close(opened)
    opened = database.open_database(url)
    assert seed.load(opened) is True
    database.close(opened)


def test_an_empty_scope_sees_nothing(tmp_path: Path) -> None:
    opened = database.open_database(f"sqlite:///{tmp_path / 'shop.db'}")
    seed.load(opened)
    with opened() as session:
        assert orders(session, Scope(), None, 1, 20) == ([], 0)
        assert orders(session, Scope(customer=""), None, 1, 20) == ([], 0)
    database.close(opened)

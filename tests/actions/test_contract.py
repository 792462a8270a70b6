"""Every call of the contract, by the client, on the real sample shop."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from actions.backend.check import check
from actions.backend.contract import (
    AFTER_SALES,
    AfterSaleRequest,
    Customer,
    Locked,
    NewAddress,
    NotFound,
    Part,
    Refused,
    Unavailable,
    Visitor,
)
from actions.backend.rest import RestShop
from bot.settings import Settings
from bot.shop.app import create_app
from tests.actions.test_backend import tail
from tests.servers import serving

# Orders of the seed, by the end of their number.
ON_ITS_WAY = ("c1001", "12345")
PAID = ("c1002", "13807")
DELIVERED = ("c1005", "11790")
LATE_PARCEL = ("c1006", "09462")
UNPAID = ("c1010", "14190")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[RestShop]:
    """A sample shop that nobody has changed yet."""
    settings = Settings(data_dir=tmp_path, shop_database_url=f"sqlite:///{tmp_path / 'shop.db'}")
    with serving(create_app(settings)) as address:
        yield RestShop(address, settings.shop_service_secret)


def find(shop: RestShop, which: tuple[str, str]) -> tuple[Customer, str]:
    actor = Customer(which[0])
    return actor, next(o.no for o in shop.orders(actor).items if o.no.endswith(which[1]))


def done(call: Any, *arguments: Any, key: str, **more: Any) -> Any:
    """Make a write as a dry run, in earnest, and once more; each must tell the same."""
    told = call(*arguments, key="", dry_run=True, **more)
    first = call(*arguments, key=key, dry_run=False, **more)
    assert call(*arguments, key=key, dry_run=False, **more) == first
    return told, first


@pytest.mark.parametrize("which", [ON_ITS_WAY, PAID, DELIVERED, UNPAID])
def test_the_sample_shop_passes_the_check(shop: RestShop, which: tuple[str, str]) -> None:
    actor, no = find(shop, which)
    findings = list(check(shop, actor.id, no, phone_tail=tail(actor.id), writes=True))
    assert [f for f in findings if not f.ok] == []


def test_what_is_done_with_a_paid_order(shop: RestShop) -> None:
    actor, no = find(shop, PAID)
    told, urged = done(shop.urge, actor, no, key="urge")
    assert told == urged and urged.promised_at > datetime.now(UTC)
    with pytest.raises(Refused, match="already"):
        shop.urge(actor, no, key="urge-again", dry_run=False)

    done(shop.remark, actor, no, "放门口", key="remark")
    _, moved = done(shop.change_address, actor, no, NewAddress(text="浙江省嘉兴市中山东路 9 号"), key="move")
    assert "9 号" not in moved.text
    order = shop.order(actor, no)
    assert order.remark == "放门口" and order.address.text == moved.text

    about = {"kind": "company", "title": "某某公司", "tax_no": "91110105MA01ABCD2X", "email": "me@example.cn"}
    _, invoice = done(shop.invoice, actor, no, **about, key="invoice")
    assert (invoice.kind, invoice.title, invoice.state) == ("company", "某某公司", "requested")
    assert invoice.email and invoice.email != about["email"]
    assert shop.order(actor, no).invoice == invoice

    told, cancelled = done(shop.cancel, actor, no, "不要了", key="cancel")
    assert told.refund_fen == cancelled.refund_fen == order.amounts.paid_fen and cancelled.method_text
    assert shop.order(actor, no).status == "cancelled"
    (refund,) = shop.refunds(actor, order_no=no).items
    assert refund.order_no == no and refund.amount_fen == cancelled.refund_fen
    with pytest.raises(Refused) as refused:
        shop.cancel(actor, no, key="once-more", dry_run=False)
    assert refused.value.cause == "cancelled" and refused.value.reason


def test_one_key_is_for_one_call(shop: RestShop) -> None:
    actor, no = find(shop, UNPAID)
    shop.remark(actor, no, "放门口", key="one", dry_run=False)
    for again in (
        lambda: shop.remark(actor, no, "别放门口", key="one", dry_run=False),
        lambda: shop.cancel(actor, no, key="one", dry_run=False),
    ):
        with pytest.raises(Unavailable):
            again()
    assert shop.order(actor, no).remark == "放门口"


def test_a_return_and_its_withdrawal(shop: RestShop) -> None:
    actor, no = find(shop, DELIVERED)
    item = shop.order(actor, no).items[0]
    wanted = AfterSaleRequest(no, "return", [Part(item.sku, 1)], "wrong_size", note="偏小")
    told, made = done(shop.request_after_sale, actor, wanted, key="return")
    assert told.id == "" and made.id and told.refund_fen == made.refund_fen > 0
    assert (made.kind, made.order_no, made.items[0].sku, made.postage_by) == (
        "return",
        no,
        item.sku,
        "customer",
    )
    assert made.return_address and made.next_step and made.timeline and made.can_withdraw.allowed
    listed = shop.after_sales(actor, order_no=no)
    assert listed.items[0] == made and shop.after_sales(actor).total >= listed.total == 1
    with pytest.raises(Refused, match="already"):
        shop.request_after_sale(actor, wanted, key="twice", dry_run=False)
    _, withdrawn = done(shop.withdraw_after_sale, actor, made.id, key="withdraw")
    assert withdrawn.id == made.id and withdrawn.state == "withdrawn"
    with pytest.raises(NotFound):
        shop.withdraw_after_sale(Customer("c1001"), made.id, key="not-mine", dry_run=False)


def test_money_back_for_a_parcel_that_never_came(shop: RestShop) -> None:
    actor, no = find(shop, LATE_PARCEL)
    order = shop.order(actor, no)
    parts = [Part(item.sku, item.qty) for item in order.items]
    _, made = done(
        shop.request_after_sale, actor, AfterSaleRequest(no, "refund_only", parts, "not_received"), key="lost"
    )
    assert made.state == "approved" and made.refund_fen == order.amounts.paid_fen
    assert [r.after_sale for r in shop.refunds(actor, order_no=no).items] == [made.id]


def test_price_protection_says_what_it_gives_back(shop: RestShop) -> None:
    outcomes = []
    for id in range(1001, 1011):
        actor = Customer(f"c{id}")
        for order in shop.orders(actor).items:
            try:
                outcomes.append(shop.protect_price(actor, order.no, key="", dry_run=True))
            except Refused as refused:
                outcomes.append(refused.cause)
                assert refused.reason
    cheaper = [outcome for outcome in outcomes if not isinstance(outcome, str)]
    assert cheaper and "no_drop" in outcomes
    for outcome in cheaper:
        assert outcome.refund_fen > 0 and all(i.price_fen < i.paid_fen for i in outcome.items)


def test_what_the_shop_forbids_comes_with_a_reason(shop: RestShop) -> None:
    actor, no = find(shop, ON_ITS_WAY)
    order = shop.order(actor, no)
    assert not order.can["cancel"].allowed and order.can["cancel"].cause == "shipped"
    with pytest.raises(Refused, match="shipped") as refused:
        shop.cancel(actor, no, key="late", dry_run=False)
    assert refused.value.reason == order.can["cancel"].reason
    sku = order.items[0].sku
    for kind in AFTER_SALES:
        with pytest.raises(Refused) as refused:
            shop.request_after_sale(
                actor, AfterSaleRequest(no, kind, [Part(sku, 1)], "quality"), key=kind, dry_run=False
            )
        assert refused.value.cause and refused.value.reason


def test_the_catalogue(shop: RestShop) -> None:
    cheap = shop.products(sort="price_asc", in_stock=True)
    prices = [p.price_fen for p in cheap.items]
    assert prices == sorted(prices) and all(p.in_stock for p in cheap.items)
    between = shop.products(min_fen=prices[1], max_fen=prices[-2], category=cheap.items[1].category)
    assert {p.category for p in between.items} == {cheap.items[1].category}
    assert all(prices[1] <= p.price_fen <= prices[-2] for p in between.items)
    first = cheap.items[0]
    assert first.id in [p.id for p in shop.products(words=first.name).items]
    detail = shop.product(first.id)
    assert detail.name == first.name and min(v.price_fen for v in detail.variants) == first.price_fen
    assert shop.products(page=2, page_size=5).items != shop.products(page=1, page_size=5).items
    for none in ("nothing", "../orders"):
        with pytest.raises(NotFound):
            shop.product(none)


def test_coupons_points_and_promotions(shop: RestShop) -> None:
    actor, no = find(shop, UNPAID)
    coupons = [c for id in range(1001, 1011) for c in shop.coupons(Customer(f"c{id}"))]
    assert coupons and all(c.text and c.from_at < c.until_at for c in coupons)
    for coupon in shop.coupons(actor, order_no=no):
        assert coupon.usable.allowed or coupon.usable.reason
    assert shop.points(actor).level_text and shop.points(actor).history
    promotions = shop.promotions()
    assert promotions and all(p.title and p.from_at < p.until_at for p in promotions)
    with pytest.raises(NotFound):
        shop.coupons(actor, order_no=find(shop, PAID)[1])


def test_a_visitor_acts_on_the_one_order_she_proved(shop: RestShop) -> None:
    (owner, no), (_, other) = find(shop, DELIVERED), find(shop, PAID)
    visitor = Visitor(shop.verify(no, tail(owner.id)).token)
    assert not shop.order(visitor, no).can["change_address"].allowed
    assert {r.order_no for r in shop.after_sales(visitor).items} <= {no}
    assert shop.refunds(visitor, order_no=no).total == 0
    for call in (
        lambda: shop.cancel(visitor, other, key="v1", dry_run=False),
        lambda: shop.urge(visitor, other, key="v2", dry_run=False),
        lambda: shop.refunds(visitor, order_no=other),
        lambda: shop.after_sales(visitor, order_no=other),
    ):
        with pytest.raises(NotFound):
            call()


def test_asking_for_orders_at_random_is_locked(shop: RestShop) -> None:
    actor, no = find(shop, ("c1003", ""))
    with pytest.raises(Locked) as locked:
        for number in range(20):
            with pytest.raises(NotFound):
                shop.order(actor, f"20200101{number:08}")
    assert 0 < locked.value.retry_after <= 900
    with pytest.raises(Locked):
        shop.order(actor, no)

"""The WooCommerce adapter, against a stand-in that answers as WooCommerce's documentation says."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from actions.backend import visitors
from actions.backend.contract import (
    ACTIONS,
    AFTER_SALES,
    AfterSaleRequest,
    Customer,
    Locked,
    NewAddress,
    NotFound,
    Part,
    Refused,
    Shop,
    Unavailable,
    VerificationFailed,
    Visitor,
)
from actions.backend.woocommerce import WooCommerceShop
from tests.actions.woocommerce_site import KEY, SECRET, WooCommerceSite, coupon, order, product
from tests.servers import serving

LIN = Customer("25")
SIGNING = "what signs the visitors' tokens, long enough"


@pytest.fixture
def site() -> WooCommerceSite:
    return WooCommerceSite()


@pytest.fixture
def address(site: WooCommerceSite) -> Iterator[str]:
    with serving(site.app()) as address:
        yield address


@pytest.fixture
def shop(address: str) -> Shop:
    return WooCommerceShop(address, KEY, SECRET, SIGNING)


def test_an_order_is_told_in_the_contracts_words(shop: Shop) -> None:
    told = shop.order(LIN, "102")
    assert (told.no, told.customer, told.status, told.status_text) == ("102", "25", "paid", "待发货")
    assert told.placed_at.isoformat() == "2026-11-20T16:00:00+08:00"
    assert told.paid_at == datetime(2026, 11, 20, 8, 5, tzinfo=UTC)
    (item,) = told.items
    assert (item.name, item.spec, item.sku, item.product) == ("亚麻衬衫", "米白 M", "SHIRT-M", "22")
    assert (item.qty, item.price_fen, item.image) == (2, 12900, "https://shop.example/shirt.jpg")
    amounts = told.amounts
    assert (amounts.items_fen, amounts.shipping_fen, amounts.discount_fen) == (25800, 1000, 2000)
    assert (amounts.total_fen, amounts.paid_fen) == (24800, 24800)


def test_name_phone_and_street_are_masked(shop: Shop) -> None:
    told = shop.order(LIN, "102").address
    assert (told.name, told.text, told.phone) == ("林**", "浙江杭州市****", "138****6688")
    profile = shop.profile(LIN)
    assert (profile.name, profile.phone) == ("林晓雨", "138****6688")
    assert shop.phone(LIN) == "+86 138 0013 6688"
    assert [(a.text, a.is_default) for a in profile.addresses] == [("浙江杭州市****", True)]


@pytest.mark.parametrize(
    ("no", "status", "text", "cancel"),
    [
        ("101", "pending_payment", "待付款", None),
        ("102", "paid", "待发货", None),
        ("103", "shipped", "已发货", "shipped"),
        ("104", "completed", "交易完成", "delivered"),
        ("106", "paid", "处理中", None),
    ],
)
def test_every_status_says_what_can_be_done(
    shop: Shop, no: str, status: str, text: str, cancel: str | None
) -> None:
    told = shop.order(LIN, no)
    assert (told.status, told.status_text) == (status, text)
    assert set(told.can) == {*ACTIONS, *AFTER_SALES}
    assert told.can["cancel"].cause == cancel and told.can["cancel"].allowed == (cancel is None)
    for name, permission in told.can.items():
        assert permission.allowed or (permission.reason and permission.cause), name
        if permission.cause == "unsupported":
            assert "同事" in (permission.reason or "")


def test_orders_come_newest_first_in_pages_without_drafts(shop: Shop, site: WooCommerceSite) -> None:
    site.orders[108] = order(108, "processing", date_created_gmt="2026-11-22T08:00:00")
    first = shop.orders(LIN, page=1, page_size=3)
    assert first.items[0].no == "108" and first.total == 8
    assert "107" not in [o.no for o in shop.orders(LIN).items]


def test_another_customers_order_a_guests_and_none_are_all_not_found(shop: Shop) -> None:
    for no in ("201", "301", "999", "0", "102/refunds", "１０２"):
        with pytest.raises(NotFound):
            shop.order(LIN, no)
    for call in (Customer("0"), Customer("x"), Customer("26")):
        with pytest.raises(NotFound):
            shop.order(call, "301")
    with pytest.raises(NotFound):
        shop.profile(Customer("99"))


def test_trying_order_numbers_is_locked(shop: Shop, site: WooCommerceSite) -> None:
    for no in range(500, 510):
        with pytest.raises(NotFound):
            shop.order(LIN, str(no))
    asked = site.asked.total()
    with pytest.raises(Locked) as locked:
        shop.order(LIN, "102")
    assert 0 < locked.value.retry_after <= 900 and site.asked.total() == asked
    assert shop.order(Customer("26"), "201").no == "201"


def test_parcels_come_from_the_tracking_plugins_note(shop: Shop, site: WooCommerceSite) -> None:
    (parcel,) = shop.shipments(LIN, "103")
    assert (parcel.courier, parcel.tracking_no) == ("顺丰速运", "SF1")
    assert shop.order(LIN, "103").shipped_at == datetime.fromtimestamp(1795176000, UTC)
    # PHP writes a list with gaps as an object.
    note = site.orders[103]["meta_data"][0]
    note["value"] = {"1": note["value"][0]}
    assert len(shop.shipments(LIN, "103")) == 1
    assert shop.shipments(LIN, "102") == []


def test_an_unpaid_order_is_cancelled_once(shop: Shop, site: WooCommerceSite) -> None:
    assert shop.cancel(LIN, "101", key="", dry_run=True).refund_fen == 0
    assert site.orders[101]["status"] == "pending"
    first = shop.cancel(LIN, "101", key="m1", dry_run=False)
    assert shop.cancel(LIN, "101", key="m1", dry_run=False) == first
    assert site.orders[101]["status"] == "cancelled" and site.asked["PUT change"] == 1
    with pytest.raises(Refused, match="cancelled"):
        shop.cancel(LIN, "101", key="m2", dry_run=False)


def test_a_paid_order_is_paid_back_once_and_its_goods_come_back(shop: Shop, site: WooCommerceSite) -> None:
    told = shop.cancel(LIN, "102", "不想要了", key="", dry_run=True)
    assert (told.refund_fen, told.method_text) == (24800, "原支付方式（微信支付）") and not site.refunds
    for _ in range(3):
        assert shop.cancel(LIN, "102", "不想要了", key="m1", dry_run=False) == told
    (refund,) = site.refunds[102]
    assert refund["amount"] == "248.00" and site.stock == 12
    after = shop.order(LIN, "102")
    assert (after.status, after.status_text) == ("cancelled", "已取消，已退款")


def test_two_at_once_pay_back_once(shop: Shop, site: WooCommerceSite) -> None:
    with ThreadPoolExecutor(8) as threads:
        done = list(threads.map(lambda _: shop.cancel(LIN, "102", key="m1", dry_run=False), range(8)))
    assert len(set(done)) == 1 and len(site.refunds[102]) == 1


@pytest.mark.parametrize("lost", ["POST refund", "PUT change"])
def test_a_lost_answer_is_found_by_the_same_key(shop: Shop, site: WooCommerceSite, lost: str) -> None:
    site.lose = {lost}
    with pytest.raises(Unavailable):
        shop.cancel(LIN, "102", key="m1", dry_run=False)
    assert shop.cancel(LIN, "102", key="m1", dry_run=False).refund_fen == 24800
    assert len(site.refunds[102]) == 1 and site.stock == 12


def test_what_was_begun_is_not_ended_once_the_parcel_left(shop: Shop, site: WooCommerceSite) -> None:
    site.lose = {"PUT change"}
    with pytest.raises(Unavailable):
        shop.cancel(LIN, "102", key="m1", dry_run=False)
    site.orders[102]["status"] = "completed"
    with pytest.raises(Refused, match="delivered"):
        shop.cancel(LIN, "102", key="m1", dry_run=False)
    assert not site.refunds


def test_no_cancelling_without_a_way_to_pay_back_or_after_sending(shop: Shop, site: WooCommerceSite) -> None:
    for no, cause in (("105", "by_hand"), ("103", "shipped"), ("104", "delivered")):
        for dry_run in (True, False):
            with pytest.raises(Refused) as refused:
                shop.cancel(LIN, no, key="m1", dry_run=dry_run)
            assert refused.value.cause == cause and refused.value.reason
    with pytest.raises(NotFound):
        shop.cancel(LIN, "201", key="m1", dry_run=False)
    assert not site.refunds and not site.asked["PUT change"]


def test_a_remark_joins_what_was_written_at_checkout_once(shop: Shop, site: WooCommerceSite) -> None:
    site.orders[102]["customer_note"] = "送货前请来电"
    shop.remark(LIN, "102", "请用礼品盒", key="", dry_run=True)
    for _ in range(2):
        shop.remark(LIN, "102", "请用礼品盒", key="m1", dry_run=False)
    assert shop.order(LIN, "102").remark == "送货前请来电\n请用礼品盒"
    with pytest.raises(Unavailable):
        shop.cancel(LIN, "102", key="m1", dry_run=False)
    with pytest.raises(Refused, match="shipped"):
        shop.remark(LIN, "103", "快点", key="m2", dry_run=False)


def test_what_woocommerce_cannot_do_is_refused_with_a_reason(shop: Shop, site: WooCommerceSite) -> None:
    once = {"key": "m1", "dry_run": False}
    wanted = AfterSaleRequest("104", "return", [Part("SHIRT-M", 1)], "quality")
    for call in (
        lambda: shop.change_address(LIN, "102", NewAddress(text="别处"), **once),
        lambda: shop.urge(LIN, "102", **once),
        lambda: shop.invoice(LIN, "102", kind="personal", title="林", **once),
        lambda: shop.protect_price(LIN, "102", **once),
        lambda: shop.request_after_sale(LIN, wanted, **once),
        lambda: shop.points(LIN),
    ):
        with pytest.raises(Refused, match="unsupported") as refused:
            call()
        assert "同事" in refused.value.reason
    with pytest.raises(NotFound):
        shop.urge(LIN, "201", **once)
    with pytest.raises(NotFound):
        shop.withdraw_after_sale(LIN, "1", **once)
    assert shop.after_sales(LIN).total == 0 and shop.promotions() == []
    assert not site.asked["PUT change"] and not site.refunds


def test_refunds_of_one_order_and_of_all(shop: Shop, site: WooCommerceSite) -> None:
    site.orders[108] = order(108, "processing")
    shop.cancel(LIN, "102", "不想要了", key="m1", dry_run=False)
    shop.cancel(LIN, "108", key="m2", dry_run=False)
    shop.cancel(Customer("26"), "201", key="m3", dry_run=False)
    (refund,) = shop.refunds(LIN, order_no="102").items
    assert (refund.order_no, refund.amount_fen, refund.state) == ("102", 24800, "done")
    assert refund.method_text == "原支付方式（微信支付）" and refund.reason_text == "不想要了"
    hers = shop.refunds(LIN)
    assert [r.order_no for r in hers.items] == ["108", "102"] and hers.total == 2
    assert [r.order_no for r in shop.refunds(LIN, page=2, page_size=1).items] == ["102"]
    with pytest.raises(NotFound):
        shop.refunds(LIN, order_no="201")


def test_the_catalogue_is_searched_sorted_and_paged(shop: Shop, site: WooCommerceSite) -> None:
    found = shop.products()
    assert [(p.id, p.name, p.price_fen) for p in found.items] == [
        ("22", "亚麻衬衫", 12900),
        ("30", "护眼台灯", 8950),
    ]
    assert found.items[0].summary == "透气 & 清爽" and found.total == 2
    assert [p.id for p in shop.products(words="台灯").items] == ["30"]
    assert [p.id for p in shop.products(category="家居").items] == ["30"]
    assert shop.products(category="没有这类").items == []
    assert [p.id for p in shop.products(min_fen=10000, in_stock=True).items] == ["22"]
    assert [p.id for p in shop.products(sort="price_asc").items] == ["30", "22"]
    site.products |= {id: product(id, f"货 {id}") for id in range(40, 150)}
    second = shop.products(page=2)
    assert len(second.items) == 12 and second.total == 112


def test_a_product_comes_with_its_variants_and_stock(shop: Shop) -> None:
    shirt = shop.product("22")
    assert [(v.sku, v.spec, v.stock) for v in shirt.variants] == [
        ("SHIRT-23", "米白 M", 5),
        ("SHIRT-24", "雾蓝 M", 0),
    ]
    assert [(d.name, d.value) for d in shirt.specs] == [("材质", "亚麻、棉")]
    assert [p.id for p in shirt.similar] == ["30"]
    (only,) = shop.product("30").variants
    assert only.sku == "P30" and only.stock > 100
    for none in ("31", "99", "x"):
        with pytest.raises(NotFound):
            shop.product(none)


def test_only_coupons_made_out_to_her_are_told(shop: Shop, site: WooCommerceSite) -> None:
    site.coupons += [coupon(id, f"C{id}") for id in range(10, 120)]
    site.coupons.append(coupon(200, "LAST", email_restrictions=["lin@example.com"], amount="5.50"))
    told = {c.name: c for c in shop.coupons(LIN)}
    assert set(told) == {"HERS", "USED", "LATE", "LAST"}
    assert (told["HERS"].text, told["HERS"].threshold_fen) == ("减 ¥10", 10000)
    assert (told["USED"].text, told["USED"].state) == ("打 8.5 折", "used")
    assert told["LATE"].state == "expired" and told["LAST"].text == "减 ¥5.5"
    assert told["HERS"].usable.allowed and told["USED"].usable.cause == "used"
    # A placed order takes no coupon any more.
    (placed,) = [c for c in shop.coupons(LIN, order_no="101") if c.name == "HERS"]
    assert placed.usable.cause == "placed" and placed.usable.reason


def test_a_visitor_proves_one_order_and_sees_no_other(shop: Shop) -> None:
    proof = shop.verify("102", "6688")
    assert proof.order_no == "102" and proof.expires_at > datetime.now(UTC) + timedelta(minutes=25)
    visitor = Visitor(proof.token)
    assert shop.order(visitor, "102").no == "102" and shop.shipments(visitor, "102") == []
    assert shop.refunds(visitor).total == 0
    for call in (shop.order, shop.shipments):
        with pytest.raises(NotFound):
            call(visitor, "101")
    with pytest.raises(NotFound):
        shop.cancel(visitor, "101", key="m1", dry_run=False)
    assert shop.verify("301", "6688").order_no == "301"  # a guest's
    forged = jwt.encode(
        {"order": "102", "aud": "shop", "exp": time.time() + 60}, "another secret, which is long enough too"
    )
    past = jwt.encode({"order": "102", "aud": "shop", "exp": time.time() - 60}, SIGNING)
    for token in (forged, past, "x"):
        with pytest.raises(Unavailable):
            shop.order(Visitor(token), "102")


def test_wrong_tails_lock_an_order_there_or_not(shop: Shop) -> None:
    for no in ("102", "999"):
        for _ in range(5):
            with pytest.raises(VerificationFailed):
                shop.verify(no, "0000")
        for tail in ("0000", "6688"):
            with pytest.raises(Locked) as locked:
                shop.verify(no, tail)
            assert 0 < locked.value.retry_after <= 900
    assert shop.verify("101", "6688").order_no == "101"


def test_guessing_tails_at_once_gains_nothing(shop: Shop) -> None:
    def guess(tail: int) -> str:
        try:
            shop.verify("102", f"{tail:04}")
        except (VerificationFailed, Locked) as error:
            return type(error).__name__
        return "in"

    with ThreadPoolExecutor(16) as threads:
        outcomes = list(threads.map(guess, range(40)))
    assert outcomes.count("VerificationFailed") == 5 and outcomes.count("Locked") == 35


def test_a_lock_ends_and_a_right_try_clears_the_wrong_ones() -> None:
    tries = visitors.Tries(2, 0.3)
    for _ in range(2):
        tries.count("a")
    with pytest.raises(Locked):
        tries.count("a")
    time.sleep(0.35)
    tries.count("a")
    tries.forget("a")
    tries.count("a")
    tries.check("a")


def test_trouble_is_unavailable(shop: Shop, site: WooCommerceSite, address: str) -> None:
    with pytest.raises(Unavailable):  # a key that is not taken
        WooCommerceShop(address, KEY, "wrong", SIGNING).order(LIN, "102")
    with pytest.raises(Unavailable):  # no WooCommerce at this address
        WooCommerceShop(f"{address}/blog", KEY, SECRET, SIGNING).order(LIN, "102")
    with pytest.raises(Unavailable):  # money that is not fen
        shop.order(Customer("26"), "401")
    site.orders[102]["line_items"] = [None]
    with pytest.raises(Unavailable):
        shop.order(LIN, "102")
    site.lose = {"GET order"}  # a busy moment: reads are tried once more
    assert shop.order(LIN, "101").no == "101"


def test_a_failing_shop_is_left_alone_for_a_while(site: WooCommerceSite, address: str) -> None:
    shop = WooCommerceShop(address, KEY, SECRET, SIGNING, open_after=2, open_seconds=0.5)
    site.orders[102]["total"] = "a lot"
    for _ in range(2):
        with pytest.raises(Unavailable):
            shop.order(LIN, "102")
    asked = site.asked.total()
    with pytest.raises(Unavailable):
        shop.order(LIN, "101")
    assert site.asked.total() == asked
    time.sleep(0.6)
    assert shop.order(LIN, "101").no == "101"


def test_the_key_travels_over_https_only() -> None:
    with pytest.raises(ValueError, match="https"):
        WooCommerceShop("http://shop.example", KEY, SECRET, SIGNING)

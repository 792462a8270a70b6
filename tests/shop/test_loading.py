"""Loading a file: what it brings and what it leaves alone; on both databases."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.settings import ROOT, Settings
from bot.shop.loading import CannotLoad, load

from .conftest import BOTH, Buyer, an_order

pytestmark = BOTH
Given = Callable[..., Buyer]

WHOLE = """\
products:
- id: mug
  name: 马克杯
  price_fen: 3900
  variants: [{spec: 白, stock: 5}, {spec: 黑, stock: 0, price_fen: 4900, sku: mug-black}]
customers:
- id: w1
  name: 何小满
  phone: "13600000001"
  level: silver
  points: 88
  addresses: [{region: 浙江省绍兴市越城区, street: 解放北路 1 号}]
  coupons: [{name: 满减券, off_fen: 500, threshold_fen: 3000, until: T+3d}]
  points_history: [[now-2h, 8, 签到]]
  points_expiring: [[T+9d, 20]]
orders:
- no: w1-delivered
  customer: w1
  status: delivered
  placed: T-5d 10:00
  paid: T-5d 10:01
  shipped: T-4d
  delivered: now-2h
  discount_fen: 100
  shipping_fen: 800
  remark: 轻拿轻放
  items: [{sku: mug-1, qty: 2}, {sku: mug-black, price_fen: 5900}]
  invoice: {kind: company, title: 某公司, tax_no: 91330400MA2B0ABC12}
  shipments:
  - courier: 中通快递
    tracking_no: ZT1
    status: delivered
    events: [[T-4d 09:00, 绍兴市, 已揽收], [now-2h, 绍兴市, 已签收]]
  after_sales:
  - kind: return
    state: received
    reason: quality
    items: [{sku: mug-1}]
    created: now-1h
    steps: [[now-1h, 已提交申请], [now-30m, 仓库已收到]]
    refund: {amount_fen: 3900, state: processing, created: now-30m, expected: now+2d}
promotions:
- {id: w-sale, title: 换季, text: 全场九折, from: T-1d, until: T+1d}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shop.yml"
    path.write_text(WHOLE, encoding="utf-8")
    return path


def test_everything_of_a_file_is_told_by_the_shop(given: Given, settings: Settings, file: Path) -> None:
    someone = given(an_order("paid"))
    loaded = load(settings.shop_database, file)
    assert (loaded.customers, loaded.products, loaded.orders, loaded.promotions) == (1, 1, 1, 1)
    her = acting_as(someone, "w1")
    order = her.get("/v1/orders/w1-delivered").json()
    assert order["amounts"]["total_fen"] == 3900 * 2 + 5900 - 100 + 800
    assert (order["remark"], order["invoice"]["title"]) == ("轻拿轻放", "某公司")
    assert len(her.get("/v1/orders/w1-delivered/shipments").json()["items"][0]["events"]) == 2
    (one,) = her.get("/v1/returns").json()["items"]
    assert (one["state"], one["timeline"][0]["text"]) == ("received", "仓库已收到")
    (refund,) = her.get("/v1/refunds").json()["items"]
    assert (refund["after_sale"], refund["amount_fen"]) == (one["id"], 3900)
    (coupon,) = her.get("/v1/customers/w1/coupons").json()["items"]
    assert coupon["text"] == "满 30 元减 5 元"
    points = her.get("/v1/customers/w1/points").json()
    assert (points["balance"], points["history"][0]["text"]) == (88, "签到")
    assert points["next_level_fen"] == 200_000 - order["amounts"]["total_fen"]
    assert "w-sale" in [p["id"] for p in her.get("/v1/promotions").json()["items"]]
    assert her.get("/v1/products", q="马克杯").json()["items"][0]["image"].endswith("/box.svg")
    # Others keep what they have.
    assert someone.order()["status"] == "paid"


def test_the_documented_file_can_be_loaded(goods: None, settings: Settings, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "order-backend.md").read_text(encoding="utf-8")
    path = tmp_path / "documented.yml"
    path.write_text(page.partition("```yaml\n")[2].partition("```")[0], encoding="utf-8")
    loaded = load(settings.shop_database, path)
    assert (loaded.customers, loaded.products, loaded.orders, loaded.promotions) == (1, 1, 1, 1)


def acting_as(buyer: Buyer, id: str) -> Buyer:
    header = buyer.header.__closure__  # the fixture's own way to sign in
    assert header
    acting = next(cell.cell_contents for cell in header if callable(cell.cell_contents))
    return Buyer(buyer.shop, id, "", [], lambda: acting(id))


def test_loading_again_replaces_a_customer_whole(given: Given, settings: Settings) -> None:
    buyer = given(an_order("paid"), an_order("delivered", "tea-1"))
    assert buyer.act("remark", {"text": "一"}, key="k").status_code == 200
    again = {"id": buyer.id, "name": "换了名", "phone": buyer.phone}
    orders = [{"no": "fresh-" + buyer.id, "customer": buyer.id, **an_order("paid")}]
    load(settings.shop_database, {"customers": [again], "orders": orders})
    assert [o["no"] for o in buyer.get("/v1/orders").json()["items"]] == ["fresh-" + buyer.id]
    # What was answered about the orders that are gone is forgotten with them.
    assert buyer.act("remark", {"text": "一"}, key="k").status_code == 404


def test_loading_while_the_shop_is_busy(given: Given, settings: Settings) -> None:
    buyer = given(an_order("paid"))
    failed: list[str] = []
    stop = threading.Event()

    def shop_on() -> None:
        while not stop.is_set():
            for answer in (buyer.act("remark", {"text": "一"}), buyer.get("/v1/orders")):
                if answer.status_code != 200:
                    failed.append(answer.text)

    threads = [threading.Thread(target=shop_on) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(8):
        her = {"id": f"busy{number}", "name": "新客", "phone": "13600000002"}
        order = {"no": f"busy-{number}", "customer": her["id"], **an_order("paid")}
        load(settings.shop_database, {"customers": [her], "orders": [order]})
    stop.set()
    for thread in threads:
        thread.join()
    assert failed == []


def test_what_belongs_to_somebody_else_is_named(given: Given, settings: Settings) -> None:
    theirs = given(an_order("paid"))
    her = {"id": "thief", "name": "新客", "phone": "13600000003"}
    taken = {"no": theirs.no, "customer": "thief", **an_order("paid")}
    with pytest.raises(CannotLoad, match=f"there is an order {theirs.no} already; give this one another no"):
        load(settings.shop_database, {"customers": [her], "orders": [taken]})
    variant = {"spec": "红", "stock": 1, "sku": "tea-1"}
    stolen = {"id": "copy", "name": "仿品", "price_fen": 1, "variants": [variant]}
    with pytest.raises(CannotLoad, match="belongs to somebody else in the shop: give it another"):
        load(settings.shop_database, {"products": [stolen]})

"""coupon_promo: a customer's coupons, why one fails, and what is on."""

import pytest

from bot.settings import Settings
from bot.shop.loading import load
from tests.actions.conftest import ActionServer


def test_usable_coupons_are_listed_and_what_ends_soon_is_marked(actions: ActionServer) -> None:
    said = actions.call("action_coupon_promo", text="我有什么券", intent="coupon_promo", customer="c1010")
    assert said.names == ["utter_coupon_promo_usable"]
    listed = said.responses[0]["coupons"].split("\n")
    assert len(listed) == 3
    assert [line for line in listed if "数码专享券" in line and "仅限数码" in line]
    assert not [line for line in listed if "金卡会员券" in line and "快到期" in line]


def test_why_a_coupon_fails_is_told_of_the_unpaid_order(actions: ActionServer) -> None:
    said = actions.call("action_coupon_promo", text="这券怎么用不了", intent="coupon_promo", customer="c1010")
    assert said.names == ["utter_coupon_promo_why_order"]
    assert "还差" in said.responses[0]["reasons"] or "仅限" in said.responses[0]["reasons"]


def test_a_coupon_to_come_is_told(actions: ActionServer, settings: Settings) -> None:
    coupon = {"name": "双旦券", "off_fen": 4000, "from": "T+10d", "until": "T+40d"}
    customer = {
        "id": "w3later",
        "name": "顾小北",
        "phone": "13900002001",
        "addresses": [{"region": "浙江省嘉兴市", "street": "中山路 1 号"}],
        "coupons": [coupon],
    }
    load(settings.shop_database, {"customers": [customer]})
    said = actions.call("action_coupon_promo", text="我的优惠券", intent="coupon_promo", customer="w3later")
    assert said.names[0] == "utter_coupon_promo_later"
    assert "双旦券" in said.responses[0]["coupons"]


def test_a_visitor_hears_what_is_on_and_how_to_see_her_coupons(actions: ActionServer) -> None:
    said = actions.call("action_coupon_promo", text="有什么优惠吗", intent="coupon_promo")
    assert said.names == ["utter_coupon_promo_on_visitor"]
    assert "冬装节" in said.responses[0]["promotions"]


@pytest.mark.parametrize("customer", ["c1001", None])
def test_what_is_not_hers_gets_the_nearest_answers(actions: ActionServer, customer: str | None) -> None:
    said = actions.call(
        "action_coupon_promo", text="一口价一百二卖不卖", intent="coupon_promo", customer=customer
    )
    assert said.names == ["utter_unanswered_coupon_promo"]
    assert "/human_agent" in said.buttons

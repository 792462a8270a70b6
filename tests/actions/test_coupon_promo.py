"""What a customer has: coupons, points, payments, her account. Visitors are asked to sign in."""

import pytest

from actions.backend.contract import Customer
from actions.backend.rest import RestShop
from bot.settings import Settings
from bot.shop.loading import load
from tests.actions.conftest import ActionServer
from tests.actions.form_talk import given


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


@pytest.mark.parametrize(
    ("intent", "text"),
    [
        ("coupon_promo", "一口价一百二卖不卖"),
        ("membership_points", "想取消自动续费"),
        ("payment_issue", "能不能分六期"),
        ("account_issue", "收不到验证码"),
    ],
)
@pytest.mark.parametrize("customer", ["c1001", None])
def test_what_is_not_hers_gets_the_nearest_answers(
    actions: ActionServer, intent: str, text: str, customer: str | None
) -> None:
    said = actions.call(f"action_{intent}", text=text, intent=intent, customer=customer)
    assert said.names == [f"utter_unanswered_{intent}"]
    assert "/human_agent" in said.buttons


def test_points_level_and_what_expires(actions: ActionServer, shop: RestShop) -> None:
    said = actions.call(
        "action_membership_points", text="我有多少积分", intent="membership_points", customer="c1001"
    )
    assert said.names == ["utter_membership_points_told"]
    told, points = said.responses[0], shop.points(Customer("c1001"))
    assert (told["balance"], told["level"]) == ("1,260", points.level_text)
    assert points.next_level_text in told["next"] and "180" in told["expiring"]


def test_changes_of_points_are_told_on_request(actions: ActionServer) -> None:
    said = actions.call(
        "action_membership_points", text="积分怎么少了", intent="membership_points", customer="c1002"
    )
    assert said.names == ["utter_membership_points_changes"]
    assert said.responses[0]["changes"].startswith("· ") and "-500" in said.responses[0]["changes"]
    assert "/human_agent" in said.buttons


@pytest.mark.parametrize(
    ("intent", "text"),
    [
        ("membership_points", "我的积分有多少"),
        ("payment_issue", "我付了钱怎么还是未付款"),
        ("account_issue", "我的账号绑的哪个手机"),
    ],
)
def test_a_visitor_is_asked_to_sign_in(actions: ActionServer, intent: str, text: str) -> None:
    said = actions.call(f"action_{intent}", text=text, intent=intent)
    assert said.names == [f"utter_{intent}_sign_in"]


def test_an_unpaid_order_is_told_with_the_time_left(actions: ActionServer, settings: Settings) -> None:
    customer = given(
        settings,
        "w3pay",
        {
            "status": "pending_payment",
            "placed": "now-10m",
            "pay_before": "now+20m",
            "items": [{"sku": "p2015-1"}],
        },
    )
    said = actions.call(
        "action_payment_issue", text="我还有没付款的吗", intent="payment_issue", customer=customer
    )
    assert said.names == ["utter_payment_issue_unpaid"]
    assert "护眼台灯" in said.responses[0]["orders"] and "分钟内" in said.responses[0]["orders"]
    assert said.cards[0]["status"] == "pending_payment"
    claimed = actions.call(
        "action_payment_issue", text="钱都扣了还显示待付款", intent="payment_issue", customer=customer
    )
    assert (claimed.names, claimed.buttons) == (["utter_payment_issue_claimed"], ["/human_agent", "/deny"])


def test_a_paid_order_is_told_so_and_a_double_charge_is_a_humans(actions: ActionServer) -> None:
    said = actions.call(
        "action_payment_issue", text="我付了钱到账了吗", intent="payment_issue", customer="c1003"
    )
    assert said.names == ["utter_payment_issue_paid"]
    said = actions.call("action_payment_issue", text="扣了我两次钱", intent="payment_issue", customer="c1003")
    assert (said.names, said.buttons) == (["utter_payment_issue_twice"], ["/human_agent", "/deny"])


def test_the_account_shows_a_masked_phone_and_safety_is_a_humans(actions: ActionServer) -> None:
    said = actions.call(
        "action_account_issue", text="我这个账号绑的哪个手机号", intent="account_issue", customer="c1001"
    )
    assert said.names == ["utter_account_issue_level"]
    assert "****" in said.responses[0]["phone"]
    said = actions.call("action_account_issue", text="我的号被盗了", intent="account_issue", customer="c1001")
    assert (said.names, said.buttons) == (["utter_account_issue_safety"], ["/human_agent", "/deny"])

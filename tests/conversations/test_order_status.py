"""How is my order: for customers and, after verification, for visitors."""

from tests.shopper import cards, text_of, titles
from tests.stack import Running


def test_one_order_is_told_at_once(running: Running) -> None:
    (order,) = running.orders("c1006")
    said = running.shopper("c1006").say("我的订单发货了吗")
    (card,) = cards(said)
    assert (card["kind"], card["order_no"], card["status"]) == ("order", order["no"], order["status"])
    assert card["items"][0]["name"] == order["items"][0]["name"]


def test_several_orders_are_asked_for_and_ordinals_choose(running: Running) -> None:
    shopper = running.shopper("c1002")
    offered = cards(shopper.say("帮我查一下订单状态"))
    assert [c["order_no"] for c in offered] == [o["no"] for o in running.orders("c1002")][: len(offered)]
    (card,) = cards(shopper.say("第二个"))
    assert card["order_no"] == offered[1]["order_no"]
    assert any("其他订单" in t for t in titles(shopper.history()))


def test_the_order_just_spoken_of_stays_the_topic(running: Running) -> None:
    shopper = running.shopper("c1002")
    shopper.say("帮我查一下订单状态")
    order = cards(shopper.say("第二个"))[0]["order_no"]
    assert {c["order_no"] for c in cards(shopper.say("那它的快递到哪了"))} == {order}


def test_a_visitor_is_verified_first(running: Running) -> None:
    (order,) = running.orders("c1006")
    visitor = running.shopper()
    assert order["status_text"] not in text_of(visitor.say(f"订单{order['no']}发货了吗"))
    (card,) = cards(visitor.say("尾号6249"))
    assert card["order_no"] == order["no"]


def test_a_visitor_who_tries_one_order_after_the_other_is_stopped(running: Running) -> None:
    (order,) = running.orders("c1006")
    visitor = running.shopper()
    for i in range(5):
        visitor.say(f"订单202611200000{i:04}发货了吗，尾号1234")
    assert "分钟" in text_of(visitor.say(f"订单{order['no']}发货了吗，尾号6249"))
    assert cards(visitor.history()) == []


def test_five_wrong_phones_lock_the_order(running: Running) -> None:
    order = running.orders("c1007")[0]
    visitor = running.shopper()
    visitor.say(f"订单{order['no']}发货了吗")
    said = ""
    for tail in ("0001", "0002", "0003", "0004", "0005", "0006"):
        said = text_of(visitor.say(f"尾号{tail}"))
    assert "分钟" in said
    assert cards(visitor.history()) == []

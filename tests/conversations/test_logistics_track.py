"""Where is my parcel: what the bot says is what the shop knows."""

from tests.shopper import cards, text_of, titles
from tests.stack import Running

# Phone tails of the receivers in the sample data.
TAIL = {"c1001": "6688", "c1004": "5172"}


def test_a_signed_in_customer_is_told_courier_and_last_scan(running: Running) -> None:
    order = next(o for o in running.orders("c1001") if o["status"] == "shipped")
    (parcel,) = running.parcels("c1001", order["no"])
    said = running.shopper("c1001").say("我的快递到哪了")
    assert parcel["courier"] in text_of(said)
    assert parcel["tracking_no"] in text_of(said)
    assert parcel["events"][0]["text"] in text_of(said)
    (card,) = cards(said)
    assert (card["kind"], card["order_no"]) == ("logistics", order["no"])
    assert (card["courier"], card["tracking_no"]) == (parcel["courier"], parcel["tracking_no"])
    assert [e["text"] for e in card["events"]] == [e["text"] for e in parcel["events"]]


def test_with_several_orders_she_chooses_by_button(running: Running) -> None:
    shopper = running.shopper("c1002")
    asked = shopper.say("帮我看看快递到哪里了")
    offered = cards(asked)
    assert len(offered) >= 2 and {c["kind"] for c in offered} == {"order"}
    order = offered[1]
    said = shopper.tap(next(t for t in titles(asked) if order["items"][0]["name"] in t))
    (parcel,) = running.parcels("c1002", order["order_no"])
    assert parcel["tracking_no"] in text_of(said)


def test_with_several_orders_the_words_of_the_goods_choose(running: Running) -> None:
    shopper = running.shopper("c1002")
    order = cards(shopper.say("我的快递到哪了"))[-1]
    said = shopper.say(f"{order['items'][0]['name']}那个")
    (card,) = cards(said)
    assert card["order_no"] == order["order_no"]


def test_an_order_in_two_parcels_shows_both(running: Running) -> None:
    (order,) = running.orders("c1009")
    parcels = running.parcels("c1009", order["no"])
    assert len(parcels) == 2
    said = running.shopper("c1009").say("物流到哪了")
    assert {c["tracking_no"] for c in cards(said)} == {p["tracking_no"] for p in parcels}


def test_a_stuck_parcel_comes_with_a_way_to_a_human(running: Running) -> None:
    said = running.shopper("c1006").say("我的包裹到哪儿了")
    assert "转人工" in titles(said)


def test_a_customer_without_orders_is_told_so(running: Running) -> None:
    said = running.shopper("c1008").say("我的快递到哪了")
    assert cards(said) == [] and "订单" in text_of(said)


def test_a_visitor_learns_nothing_before_verification(running: Running) -> None:
    order = running.orders("c1004")[0]
    (parcel,) = running.parcels("c1004", order["no"])
    secrets = [parcel["courier"], parcel["tracking_no"], order["items"][0]["name"], order["status_text"]]
    visitor = running.shopper()
    visitor.say("我的快递到哪了")
    visitor.say(order["no"])
    visitor.say("0000")
    before = text_of(visitor.history())
    assert not [s for s in secrets if s in before]
    assert cards(visitor.history()) == []
    said = visitor.say(TAIL["c1004"])
    assert parcel["tracking_no"] in text_of(said)
    assert parcel["events"][0]["text"] in text_of(said)


def test_a_visitor_who_gives_both_at_once_is_not_asked_again(running: Running) -> None:
    order = running.orders("c1001")[0]
    (parcel,) = running.parcels("c1001", order["no"])
    said = running.shopper().say(f"查下快递到哪了，订单号{order['no']}，手机尾号{TAIL['c1001']}")
    assert parcel["tracking_no"] in text_of(said)


def test_a_stranger_order_is_like_no_order(running: Running) -> None:
    theirs = running.orders("c1001")[0]["no"]
    stranger, nothing = running.shopper("c1004"), running.shopper("c1004")
    of_theirs = stranger.say(f"订单{theirs}的快递到哪了")
    of_nothing = nothing.say("订单2020010100000001的快递到哪了")
    assert text_of(of_theirs).replace(theirs, "N") == text_of(of_nothing).replace("2020010100000001", "N")
    assert "SF" not in text_of(of_theirs)


def test_a_question_in_the_middle_is_answered_and_the_search_goes_on(running: Running) -> None:
    shopper = running.shopper("c1002")
    order = cards(shopper.say("我的快递到哪了"))[0]
    assert "运费" in text_of(shopper.say("多少钱包邮"))
    said = shopper.say("第一个")
    assert [c["order_no"] for c in cards(said)] == [order["order_no"]]


def test_never_mind_leaves(running: Running) -> None:
    shopper = running.shopper("c1002")
    shopper.say("我的快递到哪了")
    shopper.say("算了不用了")
    assert cards(shopper.say("你好")) == []

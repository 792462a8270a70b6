"""Which product is meant: by name, by what was spoken of, by the order spoken of."""

from typing import Any

from tests.actions.conftest import ActionServer, slot
from tests.actions.form_talk import GoodsTalk


def test_a_product_is_found_by_what_the_shop_calls_it_too(actions: ActionServer) -> None:
    said = GoodsTalk(actions).ask("product_info", "移动电源能上飞机吗")
    assert said.responses[0]["name"] == "20000毫安充电宝"


def test_of_several_one_is_chosen_and_the_question_answered(actions: ActionServer) -> None:
    talk = GoodsTalk(actions)
    asked = talk.ask("product_info", "鞋子什么材质的")
    assert asked.names == ["utter_product_which_of"]
    assert [card["name"] for card in asked.cards] == ["云感缓震跑鞋", "复古小白鞋", "加绒雪地靴"]
    assert '/inform{"product": "加绒雪地靴"}' in asked.buttons
    said = talk.ask("inform", "", product="加绒雪地靴")
    assert said.names == ["utter_product_info_told"]
    assert "反绒牛皮" in said.responses[0]["details"]


def test_an_unknown_product_is_asked_for_once_then_a_human_offered(actions: ActionServer) -> None:
    talk = GoodsTalk(actions)
    assert talk.ask("product_info", "这个能机洗吗").names == ["utter_product_which"]
    again = talk.ask("inform", "就我收藏的那个")
    assert again.names == ["utter_product_unknown"]
    assert again.buttons == ["/human_agent", "/deny"]


def test_what_was_spoken_of_goes_on(actions: ActionServer) -> None:
    talk = GoodsTalk(actions)
    talk.ask("product_info", "羽绒服怎么洗", product="轻暖短款羽绒服")
    assert talk.ask("stock", "米白L还有货吗", colour="米白色", size="L").names == ["utter_stock_gone_others"]
    said = talk.ask("size_recommend", "这个我165 55公斤穿多大", height="165", weight="55.0")
    assert (said.names, said.responses[0]["sizes"]) == (["utter_size_recommend_one"], "M")
    # Her measures are known now.
    said = talk.ask("inform", "那卫衣呢", product="加绒连帽卫衣")
    assert (said.responses[0]["name"], said.responses[0]["sizes"]) == ("加绒连帽卫衣", "M")


def test_the_goods_of_the_order_spoken_of_are_meant(
    actions: ActionServer, orders: dict[str, list[Any]]
) -> None:
    talk = GoodsTalk(actions, "c1001")
    talk.spoken_of(orders["c1001"][0].no)
    assert talk.ask("product_info", "鞋底是什么材质").responses[0]["name"] == "云感缓震跑鞋"


def test_one_of_those_shown_is_pointed_at(actions: ActionServer) -> None:
    talk = GoodsTalk(actions)
    shown = talk.ask("recommend_product", "推荐双鞋", product="鞋")
    said = talk.ask("product_info", "第二个什么材质", ordinal="2")
    assert [card["id"] for card in said.cards] == [shown.cards[1]["id"]]


def test_what_is_no_longer_sold_is_passed_over(actions: ActionServer) -> None:
    talk = GoodsTalk(actions)
    topic = {"question": "stock", "products": ["gone", "p2015"]}
    talk.slots["product_topic"] = topic
    talk.events.append(slot("product_topic", topic))
    assert [card["id"] for card in talk.ask("product_info", "这个多少钱").cards] == ["p2015"]

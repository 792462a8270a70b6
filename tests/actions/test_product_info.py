"""What is said of goods before they are bought: which product, its details, stock, size, recommendations."""

from typing import Any

import pytest

from bot.settings import Settings
from bot.shop.loading import load
from tests.actions.conftest import ActionServer, Said, slot
from tests.actions.form_talk import Talk


class GoodsTalk(Talk):
    """Questions about goods, one after the other."""

    def ask(self, intent: str, text: str, **entities: str) -> Said:
        names = {"inform": "action_product_named", "nlu_fallback": "action_ask_back"}
        action = names.get(intent, f"action_{intent}")
        return self.call(action, text=text, intent=intent, entities=entities)

    def spoken_of(self, order_no: str) -> None:
        self.slots["order_no"] = order_no
        self.events.append(slot("order_no", order_no))


@pytest.mark.parametrize(
    ("text", "product", "response", "told"),
    [
        ("卫衣可以机洗吗", "加绒连帽卫衣", "told", ["洗涤：可机洗"]),
        ("充电器保修多久", "65W氮化镓充电器", "told", ["保修：1 年"]),
        ("四件套多少钱", "全棉四件套", "told", ["¥259.00–¥279.00"]),
        ("介绍一下这个台灯", "护眼台灯", "about", ["国 AA 级", "¥149.00"]),
        ("小白鞋防水吗", "复古小白鞋", "lacking", ["头层牛皮"]),
        ("316不锈钢保温杯能进微波炉吗", "316不锈钢保温杯", "other", ["保温：12 h"]),
        ("手环能不能刷公交卡", "智能运动手环", "other", ["续航：14 天"]),
    ],
)
def test_what_the_catalogue_says_is_told_and_nothing_else(
    actions: ActionServer, text: str, product: str, response: str, told: list[str]
) -> None:
    said = GoodsTalk(actions).ask("product_info", text, product=product)
    assert said.names == [f"utter_product_info_{response}"]
    assert said.responses[0]["name"] == product
    assert all(part in said.responses[0]["details"] for part in told)
    assert ("/human_agent" in said.buttons) == (response in {"lacking", "other"})
    assert [card["name"] for card in said.cards] == [product]


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


@pytest.mark.parametrize(
    ("text", "entities", "response", "told"),
    [
        ("曜石黑L有货吗", {"size": "L"}, "there", ""),
        ("黑色的有吗", {"colour": "黑色"}, "several", "曜石黑 L：有货"),
        ("米白L码", {"size": "L", "colour": "米白色"}, "gone_others", "曜石黑 M：有货"),
        ("XXL有吗", {"size": "XXL"}, "no_such", "曜石黑 M：有货"),
        ("米白M要50件", {"size": "M", "quantity": "50件"}, "short", ""),
        ("还有货吗", {}, "several", "米白 L：暂时缺货"),
    ],
)
def test_stock_is_told_by_size_and_colour(
    actions: ActionServer, text: str, entities: dict[str, str], response: str, told: str
) -> None:
    said = GoodsTalk(actions).ask("stock", text, product="轻暖短款羽绒服", **entities)
    assert said.names == [f"utter_stock_{response}"]
    assert told in said.responses[0]["details"]


def test_little_stock_is_counted_and_none_leads_to_similar_goods(
    actions: ActionServer, settings: Settings
) -> None:
    load(
        settings.shop_database,
        {
            "products": [
                {"id": "w3few", "name": "手冲咖啡壶", "price_fen": 9900, "category": "家居",
                 "variants": [{"spec": "哑黑", "stock": 3}]},
                {"id": "w3gone", "name": "月球小夜灯", "price_fen": 5900, "category": "家居",
                 "variants": [{"spec": "暖白", "stock": 0}]},
            ]
        },
    )  # fmt: skip
    few = GoodsTalk(actions).ask("stock", "咖啡壶还有没有")
    assert (few.names, few.responses[0]["count"]) == (["utter_stock_few"], "3")
    gone = GoodsTalk(actions).ask("stock", "小夜灯有货吗", product="月球小夜灯")
    assert gone.names == ["utter_stock_gone"]
    assert gone.cards and all(card["stock_text"] == "有货" for card in gone.cards)
    assert "/human_agent" in gone.buttons


def test_what_the_shop_has_not_is_not_taken_for_something_else(actions: ActionServer) -> None:
    talk = GoodsTalk(actions)
    talk.ask("stock", "羽绒服有货吗", product="轻暖短款羽绒服")
    assert talk.ask("stock", "电饭煲有货吗").names == ["utter_product_not_found"]


@pytest.mark.parametrize(
    ("product", "text", "entities", "response", "sizes"),
    [
        ("加绒连帽卫衣", "穿多大", {"height": "172", "weight": "65.0"}, "one", "L"),
        ("加绒连帽卫衣", "穿多大", {"height": "165", "weight": "66.0"}, "between", "M 和 L"),
        ("加绒连帽卫衣", "穿多大", {"height": "195", "weight": "95.0"}, "outside", ""),
        ("加绒连帽卫衣", "我170穿多大", {"height": "170"}, "ask", ""),
        ("云感缓震跑鞋", "脚长24.8穿几码", {}, "one", "40"),
        ("云感缓震跑鞋", "脚长24.2cm穿几码", {}, "between", "38 和 40"),
        ("高腰直筒牛仔裤", "腰围2尺1穿几码", {}, "between", "27 和 28"),
        ("羊毛混纺围巾", "我165要买多大", {"height": "165"}, "no_chart", ""),
    ],
)
def test_a_size_is_told_by_the_chart(
    actions: ActionServer, product: str, text: str, entities: dict[str, str], response: str, sizes: str
) -> None:
    said = GoodsTalk(actions).ask("size_recommend", text, product=product, **entities)
    assert said.names == [f"utter_size_recommend_{response}"]
    assert said.responses[0]["sizes"] == sizes


def test_a_measure_that_lacks_is_asked_for_and_goes_on(actions: ActionServer) -> None:
    talk = GoodsTalk(actions)
    asked = talk.ask("size_recommend", "T恤我该穿什么码", product="纯棉圆领T恤")
    assert asked.responses[0]["missing"] == "身高、体重"
    # Understood or not, a bare value goes on.
    assert talk.ask("nlu_fallback", "一米七", height="170").responses[0]["missing"] == "体重"
    said = talk.ask("inform", "64公斤", weight="64.0")
    assert (said.names, said.responses[0]["sizes"]) == (["utter_size_recommend_one"], "L")


@pytest.mark.parametrize(
    ("text", "entities", "response", "first"),
    [
        ("有什么推荐的", {}, "popular", "每日坚果混合装"),
        ("想买个耳机", {"product": "耳机"}, "found", "真无线降噪耳机"),
        ("送长辈买什么好", {}, "found", "明前龙井礼盒"),
        ("100以内有什么好东西", {}, "in_budget", "每日坚果混合装"),
        ("推荐双鞋，200块左右", {"money": "20000"}, "found", "复古小白鞋"),
        ("50块以内的鞋子", {"money": "5000"}, "over_budget", "复古小白鞋"),
    ],
)
def test_goods_are_recommended(
    actions: ActionServer, text: str, entities: dict[str, str], response: str, first: str
) -> None:
    said = GoodsTalk(actions).ask("recommend_product", text, **entities)
    assert said.names == [f"utter_recommend_product_{response}"]
    assert said.cards[0]["name"] == first
    assert len(said.cards) <= 4


def test_others_are_shown_until_there_are_no_more(actions: ActionServer) -> None:
    talk = GoodsTalk(actions)
    first = talk.ask("recommend_product", "200到300元的有什么")
    assert all(20000 <= card["price_fen"] <= 30000 for card in first.cards)
    assert talk.ask("stock", "还有吗").names == ["utter_recommend_product_no_more"]
    talk = GoodsTalk(actions)
    seen = [card["id"] for card in talk.ask("recommend_product", "推荐点东西").cards]
    more = talk.ask("recommend_product", "", ordinal="more")
    assert more.names == ["utter_recommend_product_more"]
    assert len(more.cards) == 4 and not set(seen) & {card["id"] for card in more.cards}


def test_what_goes_with_the_last_order_is_similar_to_it(actions: ActionServer) -> None:
    said = GoodsTalk(actions, "c1001").ask("recommend_product", "上次买的那个搭配点什么好")
    assert said.names == ["utter_recommend_product_with_last"]
    assert {card["name"] for card in said.cards} == {"复古小白鞋", "加绒雪地靴"}


def test_a_value_that_goes_on_with_nothing_is_asked_about(actions: ActionServer) -> None:
    assert GoodsTalk(actions).ask("inform", "170", height="170").names == ["utter_inform"]

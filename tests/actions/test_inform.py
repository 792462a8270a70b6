"""inform: a value or a picture without a question."""

from tests.actions.conftest import ActionServer
from tests.actions.form_talk import GoodsTalk, Talk


def test_a_value_that_goes_on_with_nothing_is_asked_about(actions: ActionServer) -> None:
    assert GoodsTalk(actions).ask("inform", "170", height="170").names == ["utter_inform"]


def test_goods_named_on_their_own_go_on_with_the_last_question(actions: ActionServer) -> None:
    talk = GoodsTalk(actions)
    talk.ask("stock", "有现货吗", product="复古小白鞋")
    said = talk.ask("inform", "那雪地靴呢", product="加绒雪地靴")
    assert said.names == ["utter_stock_several"]
    assert [card["name"] for card in said.cards] == ["加绒雪地靴"]


def test_a_budget_goes_on_with_the_recommendation(actions: ActionServer) -> None:
    talk = GoodsTalk(actions)
    talk.ask("recommend_product", "推荐双鞋", product="鞋")
    said = talk.ask("inform", "200以内的", money="20000")
    assert said.names == ["utter_recommend_product_found"]
    assert [card["name"] for card in said.cards] == ["复古小白鞋"]


def test_a_value_in_a_long_message_is_no_answer(actions: ActionServer) -> None:
    talk = GoodsTalk(actions)
    talk.ask("size_recommend", "卫衣我165 55公斤穿多大", product="加绒连帽卫衣", height="165", weight="55.0")
    said = talk.ask("inform", "上周你们直播间抽奖的时候主播说身高170以上的都可以去领", height="170")
    assert said.names == ["utter_inform"]


def test_pictures_are_kept_and_asked_about(actions: ActionServer) -> None:
    talk = Talk(actions)
    first = talk.call("action_picture", entities={"attachment": "photo-1"})
    assert first.names == ["utter_picture"]
    assert first.buttons == ["/quality_complaint", "/wrong_or_missing_item", "/human_agent"]
    talk.call("action_picture", entities={"attachment": "photo-2"})
    assert talk.call("action_picture", entities={"attachment": "photo-1"}).slots["evidence"] == [
        "photo-1",
        "photo-2",
    ]

"""recommend_product: by kind, purpose and budget, and others on request."""

import pytest

from tests.actions.conftest import ActionServer
from tests.actions.form_talk import GoodsTalk


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
    popular = talk.ask("recommend_product", "推荐点东西")
    assert popular.buttons == ['/recommend_product{"ordinal": "more"}']
    seen = [card["id"] for card in popular.cards]
    more = talk.ask("recommend_product", "", ordinal="more")
    assert more.names == ["utter_recommend_product_more"]
    assert len(more.cards) == 4 and not set(seen) & {card["id"] for card in more.cards}


def test_what_goes_with_the_last_order_is_similar_to_it(actions: ActionServer) -> None:
    said = GoodsTalk(actions, "c1001").ask("recommend_product", "上次买的那个搭配点什么好")
    assert said.names == ["utter_recommend_product_with_last"]
    assert {card["name"] for card in said.cards} == {"复古小白鞋", "加绒雪地靴"}

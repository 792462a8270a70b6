"""stock: what is there, by size and colour."""

import pytest

from bot.settings import Settings
from bot.shop.loading import load
from tests.actions.conftest import ActionServer
from tests.actions.form_talk import GoodsTalk


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

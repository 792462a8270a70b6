"""product_info: what the catalogue says of a product."""

import pytest

from tests.actions.conftest import ActionServer
from tests.actions.form_talk import GoodsTalk


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

"""size_recommend: a size by the product's own chart."""

import pytest

from tests.actions.conftest import ActionServer
from tests.actions.form_talk import GoodsTalk


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

import pytest
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message

from bot.engine.nlu.entities import EntityFinder
from bot.engine.nlu.normalizer import Normalizer

NAMES = {
    "courier": {"顺丰速运": ["顺丰", "sf", "順豐"], "邮政EMS": ["ems"]},
    "product": {"云朵抱枕": [], "云朵抱枕 大号": []},
}


@pytest.fixture(scope="module")
def finder() -> EntityFinder:
    return EntityFinder({}, None, Resource("entities"), NAMES)


def read(finder: EntityFinder, text: str) -> list[tuple[str, str]]:
    [message] = finder.process(Normalizer().process([Message({"text": text})]))
    return [(entity["entity"], entity["value"]) for entity in message.get("entities")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("订单2026112000012345到哪了", [("order_no", "2026112000012345")]),
        ("订单号２０２６１１２０００００１２３４５", []),
        ("订单号２０２６１１２００００１２３４５", [("order_no", "2026112000012345")]),
        ("2026 1120 0001 2345", [("order_no", "2026112000012345")]),
        ("2026-1120-0001-2345 谢谢", [("order_no", "2026112000012345")]),
        ("2026112000012345，1234", [("order_no", "2026112000012345"), ("phone_tail", "1234")]),
        ("1234 2026112000012345", [("order_no", "2026112000012345")]),
        ("20261120000123456", []),
        ("尾号1234", [("phone_tail", "1234")]),
        ("手机后四位是 0086", [("phone_tail", "0086")]),
        ("1234", [("phone_tail", "1234")]),
        ("1234。", [("phone_tail", "1234")]),
        ("买了1234块钱的", []),
        ("13812345678", [("phone_tail", "5678")]),
        ("单号SF1234567890123查一下", [("tracking_no", "SF1234567890123")]),
        ("yt 8812345678901到哪", [("tracking_no", "YT8812345678901")]),
        ("快递773312345678没动", [("tracking_no", "773312345678")]),
        ("用順豐发吗", [("courier", "顺丰速运")]),
        ("走sf吗", [("courier", "顺丰速运")]),
        ("two items please", []),
        ("云朵抱枕 大号有货吗", [("product", "云朵抱枕 大号")]),
        ("第二个", [("ordinal", "2")]),
        ("第1个吧", [("ordinal", "1")]),
        ("第十二单", [("ordinal", "12")]),
        ("第二次来问了", []),
        ("上一个订单", [("ordinal", "latest")]),
        ("最近的", [("ordinal", "latest")]),
        ("最后一个", [("ordinal", "last")]),
        ("", []),
    ],
)
def test_values(finder: EntityFinder, text: str, found: list[tuple[str, str]]) -> None:
    assert read(finder, text) == found


def test_offsets_are_those_of_the_typed_text(finder: EntityFinder) -> None:
    text = "請問！！！２０２６１１２００００１２３４５\u200b順豐"
    [message] = finder.process(Normalizer().process([Message({"text": text})]))
    order, courier = message.get("entities")
    assert text[order["start"] : order["end"]] == "２０２６１１２００００１２３４５"
    assert text[courier["start"] : courier["end"]] == "順豐"

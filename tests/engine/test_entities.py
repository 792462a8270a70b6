from datetime import datetime

import pytest
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message

from bot.engine.nlu.entities import EntityFinder
from bot.engine.nlu.names import spellings
from bot.engine.nlu.normalizer import Normalizer
from bot.engine.nlu.patterns import find_patterns
from bot.engine.nlu.reasons import reason_spellings
from bot.engine.nlu.times import CHINA

STATE = {
    "spellings": spellings("courier", {"顺丰速运": ["顺丰", "sf", "順豐"], "邮政EMS": ["ems"]})
    | spellings("product", {"云朵抱枕": [], "云朵抱枕 大号": []}),
    "festivals": {"11-11": ["双十一"]},
    "reasons": reason_spellings({"quality": ["开线", "坏了"]}),
}


@pytest.fixture(scope="module")
def finder() -> EntityFinder:
    sunday = datetime(2026, 11, 22, 10, tzinfo=CHINA)
    return EntityFinder({}, None, Resource("entities"), STATE, clock=lambda: sunday)


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
        ("买了1234块钱的", [("money", "123400")]),
        ("13812345678", [("phone_tail", "5678")]),
        ("单号SF1234567890123查一下", [("tracking_no", "SF1234567890123")]),
        ("yt 8812345678901到哪", [("tracking_no", "YT8812345678901")]),
        ("快递773312345678没动", [("tracking_no", "773312345678")]),
        ("用順豐发吗", [("courier", "顺丰速运")]),
        ("走sf吗", [("courier", "顺丰速运")]),
        ("two items please", []),
        ("云朵抱枕 大号有货吗", [("product", "云朵抱枕 大号")]),
        ("云朵抱枕大号有货吗", [("product", "云朵抱枕 大号")]),
        ("第二个", [("ordinal", "2")]),
        ("第1个吧", [("ordinal", "1")]),
        ("第十二单", [("ordinal", "12")]),
        ("第二次来问了", []),
        ("上一个订单", [("ordinal", "latest")]),
        ("最近的", [("ordinal", "latest")]),
        ("最后一个", [("ordinal", "last")]),
        ("发我邮箱Li.na_8@qq.com，谢谢", [("email", "Li.na_8@qq.com")]),
        ("１３８１２３４５６７８＠163.com。", [("email", "13812345678@163.com")]),
        ("换大一号", []),
        ("", []),
    ],
)
def test_values(finder: EntityFinder, text: str, found: list[tuple[str, str]]) -> None:
    assert read(finder, text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "双十一买了两件，花了三百块，一米六八 120斤穿L码",
            [
                ("time", "2026-11-11"),
                ("quantity", "2件"),
                ("money", "30000"),
                ("height", "168"),
                ("weight", "60.0"),
                ("size", "L"),
            ],
        ),
        ("昨天下午用顺丰寄回了", [("time", "2026-11-21T12:00/2026-11-21T18:00"), ("courier", "顺丰速运")]),
        # The longer reading wins: a weight, no size; a day, no size; a number of 15 digits, no sum.
        ("42.5公斤", [("weight", "42.5")]),
        ("5月20号", [("time", "2026-05-20")]),
        ("110108551385082", [("tracking_no", "110108551385082")]),
        ("税号110108551385082", [("tax_no", "110108551385082")]),
        ("少了一件，袖口开线", [("reason", "missing"), ("quantity", "1件"), ("reason", "quality")]),
    ],
)
def test_overlapping_values(finder: EntityFinder, text: str, found: list[tuple[str, str]]) -> None:
    assert read(finder, text) == found


def test_offsets_are_those_of_the_typed_text(finder: EntityFinder) -> None:
    text = "請問！！！２０２６１１２００００１２３４５\u200b順豐"
    [message] = finder.process(Normalizer().process([Message({"text": text})]))
    order, courier = message.get("entities")
    assert text[order["start"] : order["end"]] == "２０２６１１２００００１２３４５"
    assert text[courier["start"] : courier["end"]] == "順豐"


@pytest.mark.parametrize(
    "noise", ["9" * 5000, "一" * 5000, "1,234," * 900, "公司" * 2000, "5月" * 1500, "坏了" * 2500]
)
def test_long_noise_costs_no_second(finder: EntityFinder, noise: str) -> None:
    started = datetime.now()
    read(finder, noise[:5000])
    assert (datetime.now() - started).total_seconds() < 1


def test_the_projects_own_dictionaries_are_read() -> None:
    state = EntityFinder.initial(EntityFinder.get_default_config())
    known = state["spellings"]
    assert known["南京"] == ("place", "南京市") and known["藏青"] == ("colour", "藏蓝色")
    assert known["65w氮化镓充电器"] == ("product", "65W氮化镓充电器")
    assert "618" in state["festivals"]["06-18"]
    assert state["reasons"]["不想要了"] == ("reason", "no_longer_wanted")


def test_a_shop_may_write_its_order_numbers_otherwise() -> None:
    own = r"(?:^|订单号?|#) ?(?P<v>[0-9]{3,7})(?![0-9])"
    assert [v.value for v in find_patterns("查订单 10234 到哪了", own) if v.entity == "order_no"] == ["10234"]
    assert [v for v in find_patterns("查2026112000012345", own) if v.entity == "order_no"] == []


@pytest.mark.parametrize("text", ["上次买的那件", "最近买的那双", "刚买的那件", "上回拍的东西"])
def test_what_was_bought_last(text: str) -> None:
    assert [v.value for v in find_patterns(text) if v.entity == "ordinal"] == ["latest"]

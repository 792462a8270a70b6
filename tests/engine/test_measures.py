import pytest

from bot.engine.nlu.measures import find_measures
from bot.engine.nlu.values import without_overlaps


def read(text: str) -> list[str]:
    return [f"{value.entity} {value.value}" for value in without_overlaps(find_measures(text))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("买了两件", ["quantity 2件"]),
        ("3双袜子", ["quantity 3双"]),
        ("十二盒", ["quantity 12盒"]),
        ("只要一个", ["quantity 1个"]),
        ("有一个问题", []),
        ("一个颜色", []),
        ("3个工作日", []),
        ("等了两个月", []),
        ("第二件", []),
    ],
)
def test_quantity(text: str, found: list[str]) -> None:
    assert read(text) == found


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("M码", "M"),
        ("要xl的", "XL"),
        ("3XL有吗", "XXXL"),
        ("XXXXL", "XXXXL"),
        ("l 码", "L"),
        ("38码", "38"),
        ("38码半", "38.5"),
        ("四十二码", "42"),
        ("42.5", "42.5"),
        ("42号的鞋", "42"),
        ("38", "38"),
        ("160/84A", "160/84A"),
        ("75b", "75B"),
        ("均码吗", "均码"),
        ("换个大号", "大号"),
        ("H&M", None),
        ("it's", None),
        ("iPhone 12S", None),
        ("42号楼", None),
        ("65W", None),
        ("1234码", None),
    ],
)
def test_size(text: str, size: str | None) -> None:
    assert read(text) == ([f"size {size}"] if size else [])


@pytest.mark.parametrize(
    ("text", "found"),
    [("有白的吗", ["colour 白色"]), ("要黑的还是白的", ["colour 黑色", "colour 白色"]), ("我明白的", [])],
)
def test_colour_of_one_character(text: str, found: list[str]) -> None:
    assert read(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("一米六八", ["height 168"]),
        ("我1米7", ["height 170"]),
        ("1.75m", ["height 175"]),
        ("168cm", ["height 168"]),
        ("孩子身高110cm", ["height 110"]),
        ("168 52公斤", ["height 168", "weight 52.0"]),
        ("一米六八 120斤", ["height 168", "weight 60.0"]),
        ("一米七五,140斤", ["height 175", "weight 70.0"]),
        ("120斤", ["weight 60.0"]),
        ("体重一百二十斤", ["weight 60.0"]),
        # Without a unit: what makes a usual body, kg for a tall one and 斤 for a small one.
        ("身高180体重80", ["height 180", "weight 80.0"]),
        ("身高158体重95", ["height 158", "weight 47.5"]),
        ("165/110", ["height 165", "weight 55.0"]),
        ("穿什么码170/65", ["height 170", "weight 65.0"]),
        ("一米八的床", []),
        ("长150cm", []),
        ("尾号168", []),
        ("5斤大米", ["quantity 5斤"]),
    ],
)
def test_body(text: str, found: list[str]) -> None:
    assert read(text) == found

"""What words name among goods, places in a list, sizes and colours."""

import pytest

from actions.backend.contract import Variant
from actions.naming import best_fitting, colours, goods_words, number, pointed, says_token, sizes_up

ORDERS = [
    ("a", "2026112100013807 护眼台灯 月白"),
    ("b", "2026111900012971 真无线降噪耳机 石墨黑"),
    ("c", "2026111700011518 便携蓝牙音箱 石墨黑"),
]


@pytest.mark.parametrize(
    ("text", "product", "found"),
    [
        ("我那个台灯发货了吗", None, ["a"]),
        ("尾号12971的", None, ["b"]),
        ("石墨黑的", None, ["b", "c"]),
        ("石墨黑的耳机", None, ["b"]),
        ("它什么时候到", "音箱", ["c"]),
        ("帮我查一下快递", None, []),
        ("上个礼拜我朋友买的灯笼鱼缸", None, []),
    ],
)
def test_the_best_fitting_are_found(text: str, product: str | None, found: list[str]) -> None:
    assert best_fitting(text, product, ORDERS) == found


@pytest.mark.parametrize(
    ("ordinal", "found"),
    [
        ("1", "x"),
        ("3", "z"),
        ("latest", "x"),
        ("last", "z"),
        ("4", None),
        ("0", None),
        ("²", None),
        ("other", None),
    ],
)
def test_a_place_in_a_list(ordinal: str, found: str | None) -> None:
    assert pointed(ordinal, ["x", "y", "z"]) == found
    assert pointed(ordinal, []) is None


@pytest.mark.parametrize(
    ("text", "token", "found"),
    [
        ("要M码", "M", True),
        ("要m", "M", True),
        ("XM", "M", False),
        ("38.5", "38", False),
    ],
)
def test_a_size_is_a_word_of_its_own(text: str, token: str, found: bool) -> None:
    assert says_token(text, token) is found


@pytest.mark.parametrize(
    ("text", "sizes"),
    [("换大一码", 1), ("大两个码", 2), ("小1号的", -1), ("有点太小", 1), ("换个颜色", 0)],
)
def test_by_how_many_sizes(text: str, sizes: int) -> None:
    assert sizes_up(text) == sizes


def test_what_may_name_goods_is_left() -> None:
    assert goods_words("请问电饭煲有货吗，黑色的") == ["电饭煲"]
    assert goods_words("还有货吗") == []


def test_a_colour_is_what_is_no_size() -> None:
    assert colours(Variant("s", "雾霾蓝 1.5 m 床", 100, 1))[0] == "雾霾蓝"
    assert colours(Variant("s", "米白 XL", 100, 1)) == ["米白"]


@pytest.mark.parametrize(("char", "value"), [("两", 2), ("九", 9), ("3", 3)])
def test_a_number(char: str, value: int) -> None:
    assert number(char) == value

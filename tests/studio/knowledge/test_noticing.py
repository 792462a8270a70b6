"""Numbers of an answer that may be the shop's own: which, in which unit, and what they may be."""

import pytest

from bot.studio.files import Repository
from bot.studio.knowledge import noticing

from .conftest import POLICIES


def told(files: Repository, text: str) -> list[tuple[str, list[str]]]:
    """Each number as it is shown, and what its policies' names would stand for."""
    return [
        (each.text, [f"{guess.name}={text[guess.start : guess.end]}" for guess in each.guesses])
        for each in noticing.noticed(files.look(), text)
    ]


@pytest.fixture
def shop(files: Repository) -> Repository:
    more = """
# ---- 会员 ----
# 券领取后几天有效
coupon_days: 7
# 满多少元包邮
free_shipping: 59
# 换货大约几天
exchange_time: 5–7 天
# 钟点
hours: 9:00–21:00
# 热线
hotline: 400-812-3123
"""
    (files.root / "data/policies.yml").write_text(POLICIES + more, encoding="utf-8")
    return files


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("签收 7 天内可退", [("7 天", ["return_days=7", "coupon_days=7"])]),
        ("券有效期 7 日", [("7 日", ["coupon_days=7", "return_days=7"])]),
        ("满59块包邮", [("59块", ["free_shipping=59"])]),
        (
            "换货5-7天，9:00~21:00 有人",
            [("5-7天", ["exchange_time=5-7天"]), ("9:00~21:00", ["hours=9:00~21:00"])],
        ),
        ("😀拨打4008123123", [("4008123123", ["hotline=4008123123"])]),
        ("48 小时内发出", [("48 小时", ["dispatch_hours=48"])]),
        # Another number, another unit, a date, part of a longer one, or a name already.
        ("8 天，7 件，11 月 7 日，17 天，3–7 天，1.7 天，590 元，v7 天，{return_days} 天", []),
        ("24008123123，16:001", []),
    ],
)
def test_numbers_with_the_value_and_the_unit_of_a_policy(
    shop: Repository, text: str, expected: list[tuple[str, list[str]]]
) -> None:
    assert told(shop, text) == expected

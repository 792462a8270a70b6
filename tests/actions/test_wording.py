"""Amounts, times and lists in words."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from actions.backend.contract import Amounts, Item, Order
from actions.wording import CHINA, choice, day, either, expected, faq_title, moment, money, order_title

NOVEMBER = datetime(2024, 11, 24, 18, 5, tzinfo=UTC)  # the 25th in China


def today(hour: int, days: int = 0) -> datetime:
    """That hour in China, told in UTC."""
    at = datetime.now(CHINA).replace(hour=hour, minute=5) + timedelta(days=days)
    return at.astimezone(UTC)


@pytest.mark.parametrize(
    ("fen", "told"), [(123450, "¥1,234.50"), (5, "¥0.05"), (0, "¥0.00"), (100000000, "¥1,000,000.00")]
)
def test_money(fen: int, told: str) -> None:
    assert money(fen) == told


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (today(8), "今天早上"),
        (today(9), "今天上午"),
        (today(14), "今天下午"),
        (today(23), "今天晚上"),
        (today(0, 1), "明天"),
        (today(23, 2), "后天"),
        (today(12, -1), "昨天"),
        (NOVEMBER, "11月25日"),
    ],
)
def test_a_day_is_told_from_today_in_china(at: datetime, told: str) -> None:
    assert day(at) == told


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (today(14), "今天 14:05"),
        (today(0, -2), "前天 00:05"),
        (today(23, 1), "明天 23:05"),
        (NOVEMBER, "11月25日 02:05"),
    ],
)
def test_a_moment_is_told_in_chinas_time(at: datetime, told: str) -> None:
    assert moment(at) == told


def test_what_is_expected_is_told_only_when_it_is_known() -> None:
    assert expected(None) == ""
    assert "明天" in expected(today(12, 1)) != expected(today(12, 1), "money")


def test_the_longest_word_counts() -> None:
    assert re.findall(either(["退", "退货", "1.5"]), "退货，退1.5") == ["退货", "退", "1.5"]
    assert not re.search(either(["1.5"]), "105")


def test_a_choice_is_readable_in_its_payload() -> None:
    assert choice("台灯", "护眼台灯", "product")["payload"] == '/inform{"product": "台灯"}'


@pytest.mark.parametrize(("pieces", "told"), [([], "no1"), ([1], "台灯"), ([1, 2], "台灯 等3件")])
def test_an_order_is_called_by_its_first_goods(pieces: list[int], told: str) -> None:
    items = [Item("台灯", qty, 100) for qty in pieces]
    order = Order("no1", "c1", "paid", "待发货", NOVEMBER, items, Amounts(100))
    assert order_title(order) == told


def test_a_topic_is_called_by_its_first_question() -> None:
    assert faq_title("return_period") == "签收后几天内可以退货"
    assert faq_title("no_such_topic") is None

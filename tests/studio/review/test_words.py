"""Texts compared and made fit to be examples; words as jieba sees them."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.settings import ROOT
from bot.studio.review import segments, words


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("我的快遞怎麼還沒到", "我的快递怎么还没到？！"),
        ("ＳＦ１２３４５６７８９０ 到哪了", "sf9876543210到哪了"),
        ("订单2026112000012345没发", "订单 1234-5678-90 没发"),
        ("急急急急急急", "急急急"),
        ("你\u200b好\u202e", "你好"),
    ],
)
def test_what_differs_in_nothing_that_matters_is_the_same(one: str, two: str) -> None:
    assert words.normal(one) == words.normal(two)


@pytest.mark.parametrize(("one", "two"), [("36码有吗", "37码有吗"), ("退货", "换货"), ("M码", "L码")])
def test_what_matters_differs(one: str, two: str) -> None:
    assert words.key(words.normal(one)) != words.key(words.normal(two))


@pytest.mark.parametrize(
    ("said", "example"),
    [
        ("  我的\n快递\u202e  到哪 ", "我的 快递 到哪"),
        ("- 查单 2026112000012345", "查单 1234567890123456"),
        ("[x](order_no) 电话13812345678", "［x］(order_no) 电话12345678901"),
    ],
)
def test_an_example_is_one_line_without_marks_or_numbers(said: str, example: str) -> None:
    assert words.example(said) == example


@given(st.text(max_size=300))
def test_any_text_can_be_compared(text: str) -> None:
    normal = words.normal(text)
    assert len(words.key(normal)) == 16
    assert "\n" not in words.example(text) and "[" not in words.example(text)
    assert isinstance(words.denies(normal), bool)


@settings(deadline=None)  # jieba reads its dictionary at first
@given(st.text(max_size=60))
def test_words_are_the_text(text: str) -> None:
    assert "".join(segments.words(text, ROOT)) == text


def test_the_shops_own_words_are_whole(tmp_path: Path) -> None:
    assert "顺丰快递" in segments.words("顺丰快递到哪了", ROOT)
    path = tmp_path / segments.VOCABULARY
    path.parent.mkdir(parents=True)
    path.write_text("趴窝三天 200 n\n", encoding="utf-8")
    assert segments.words("包裹趴窝三天了", tmp_path) == ["包裹", "趴窝三天", "了"]

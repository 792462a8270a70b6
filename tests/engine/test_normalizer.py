import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.nlu.normalizer import normalize, trace


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("订单号２０２６", "订单号2026"),
        ("ＳＦ１２３", "SF123"),
        ("我的訂單什麼時候到", "我的订单什么时候到"),
        ("退\u200b货\u202e", "退货"),
        ("\x00发\x07票\x1b", "发票"),
        ("好好好好好好", "好好好"),
        ("哈哈", "哈哈"),
        ("在吗？？？！！！", "在吗?!"),
        ("嗯……", "嗯."),
        ("尾号0000000", "尾号0000000"),
        ("  你好\n\n\t呀\u3000 ", "你好 呀"),
        ("❤️❤️❤️", "❤"),
        ("①号", "1号"),
        ("\ud800坏", "坏"),
        ("\u200b", ""),
        ("", ""),
    ],
)
def test_one_spelling(typed: str, plain: str) -> None:
    assert normalize(typed) == plain


@given(st.text(st.characters(), max_size=200) | st.text("好後。!１2 \u200b\u0301e", max_size=40))
def test_idempotent_and_traced(text: str) -> None:
    plain, origins = trace(text)
    assert normalize(plain) == plain
    assert len(origins) == len(plain)
    assert origins == sorted(origins)
    assert all(0 <= origin < len(text) for origin in origins)

"""What counts as a yes, so that nothing else ever acts."""

import pytest
from rasa_sdk import Tracker

from actions.answers import says_no, says_yes
from actions.turn import Turn


def said(text: str, intent: str) -> Turn:
    message = {"text": text, "intent": {"name": intent}}
    return Turn(Tracker("test", {}, message, [], False, None, {}, "action_listen"))


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("好的", "affirm"),
        ("好的好的", "affirm"),
        ("嗯嗯可以，谢谢", "affirm"),
        ("OK", "affirm"),
        ("对，取消吧", "cancel_order"),
        ("取消吧", "cancel_order"),
        ("好的，帮我取消掉", "nlu_fallback"),
        ("确认", "nlu_fallback"),
    ],
)
def test_a_plain_yes(text: str, intent: str) -> None:
    assert says_yes(said(text, intent), "cancel_order")


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("嗯…算了", "affirm"),
        ("好的，等一下", "affirm"),
        ("可以吗", "affirm"),
        ("行，但是地址改一下", "affirm"),
        ("中间那个取消", "cancel_order"),
        ("行李箱那个取消吧", "cancel_order"),
        ("取消", "cancel_order"),
        ("你是机器人吧", "affirm"),
        ("好的我知道了你们店真是太差了我要考虑一下再说吧", "affirm"),
        ("不取消", "affirm"),
        ("好，换成L码", "affirm"),
        ("", "affirm"),
    ],
)
def test_no_plain_yes(text: str, intent: str) -> None:
    assert not says_yes(said(text, intent), "cancel_order")


@pytest.mark.parametrize(
    ("text", "wish", "dropped"),
    [
        ("算了", "return_request", True),
        ("取消吧", "return_request", True),
        ("取消吧", "cancel_order", False),
        ("不对，是另一件", "return_request", False),
        ("不想拍", "return_request", False),
    ],
)
def test_a_no(text: str, wish: str, dropped: bool) -> None:
    assert says_no(said(text, "nlu_fallback"), wish) is dropped

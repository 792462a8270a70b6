"""The runner itself: a dialogue that goes otherwise than written fails, and says how."""

from pathlib import Path
from typing import Any

import pytest

from bot.dialogues.format import BadDialogue, Dialogue, read
from bot.dialogues.given import cast, load
from tests.dialogues.runner import Mismatch, play
from tests.stack import Running

ASKED: dict[str, Any] = {"say": "我的订单发货了吗", "text": ["已经发出"], "cards": [{"order_no": "{a}"}]}


TOLD_OF_ANOTHER: dict[str, Any] = {
    "visitor": True,
    "others": [{"orders": [{"ref": "b", "status": "shipped", "items": [{"sku": "p2013-1"}]}]}],
}


def played_wrong(stage: Running, turns: list[dict[str, Any]], **more: Any) -> str:
    """What the runner says of a dialogue that isn't so."""
    orders = [{"ref": "a", "status": "shipped", "items": [{"sku": "p2008-2"}]}]
    dialogue = Dialogue.model_validate(
        {"name": "checked", "customer": {"orders": orders}, "turns": turns, **more}
    )
    made = cast(dialogue)
    load(stage.settings.shop_database, {"checked": made})
    with pytest.raises(Mismatch) as failed:
        play(stage, dialogue, made)
    return str(failed.value)


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        ({"text": "已经签收"}, "text: '已经签收' is not said"),
        ({"any": ["签收", "取消"]}, "any: none of"),
        ({"not": "发出"}, "not: '发出' is said"),
        ({"buttons": "确认取消"}, "buttons: none offers '确认取消'"),
        ({"no_buttons": True}, "no_buttons: there are"),
        ({"cards": []}, "cards: 0 expected, there are 1"),
        ({"cards": [{"items": [{"qty": 2}]}]}, "[0].items[0].qty 2 expected, it is 1"),
        ({"owner": "queue"}, "owner: queue expected, it is bot"),
        ({"handoff": "policy"}, "handoff: policy expected, there was none"),
    ],
)
def test_a_wrong_answer_is_told_with_the_whole_conversation(
    stage: Running, expected: dict[str, Any], told: str
) -> None:
    report = played_wrong(stage, [{"say": "你好"}, {**ASKED, **expected}])
    assert told in report
    assert "checked, turn 2" in report
    assert "shopper: 你好" in report and "shopper: 我的订单发货了吗" in report and "bot: 您的「" in report


@pytest.mark.parametrize(
    ("turn", "more", "told"),
    [
        ({"say": "转人工"}, {}, "owner: bot expected, it is queue"),
        ({"tap": "确认取消"}, {}, "no button offers '确认取消'"),
        (ASKED, {"records": {"orders": {"a": {"status": "cancelled"}}}}, "status 'cancelled' expected"),
        (ASKED, {"records": {"returns": [{"kind": "return"}]}}, "returns: 1 expected, there are 0"),
        (ASKED, {"records": {"refunds": [{"amount_fen": 100}]}}, "refunds: 1 expected, there are 0"),
        ({"say": "订单{b}发货了吗，尾号{b_tail}"}, TOLD_OF_ANOTHER, "another customer's data are told: "),
    ],
)
def test_what_else_went_wrong_is_told(
    stage: Running, turn: dict[str, Any], more: dict[str, Any], told: str
) -> None:
    assert told in played_wrong(stage, [{"say": "你好"}, turn], **more)


def test_data_that_the_shop_does_not_take_are_told_with_the_dialogue(stage: Running) -> None:
    orders = [{"status": "paid", "items": [{"sku": "nothing"}]}]
    turns = [{"say": "你好"}]
    good, bad = (
        Dialogue.model_validate({"name": name, "customer": customer, "turns": turns})
        for name, customer in (("good", {}), ("bad", {"orders": orders}))
    )
    with pytest.raises(BadDialogue, match=r"^bad: .*'nothing'"):
        load(stage.settings.shop_database, {"good": cast(good), "bad": cast(bad)})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- name: a\n  turns:\n  - say: 你好\n    txet: 好\n", "x.yml:4: .*txet"),
        ("- name: a\n  turns:\n  - text: 好\n", "x.yml:3: .*exactly one of say"),
        ("- name: a\n  turns:\n  - say: 你好\n    faults: [{pth: /v1}]\n", "x.yml:4: .*pth"),
        ("- name: a\n  turns: []\n", "x.yml:2: "),
        ("- name: a\n  turns: [{say: 1}]\n- name: a\n  turns: [{say: 1}]\n", "x.yml:3: .*another 'a'"),
        ("- name: [\n", "x.yml:"),
    ],
)
def test_a_file_that_is_not_written_so_is_refused_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "x.yml"
    path.write_text(text)
    with pytest.raises(BadDialogue, match=told):
        read(path)

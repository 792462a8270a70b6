"""Answers edited: buttons stay with their texts, what the code fills in does not vanish unseen."""

from datetime import date
from pathlib import Path

import pytest

from bot.studio.cannot import Cannot
from bot.studio.files import Conflict, Repository
from bot.studio.teaching import answers
from bot.studio.teaching.answers import Answer, Wanted
from bot.studio.uses import uses

from .conftest import LI, WANG

PAID = "「{title}」已付款，{dispatch_hours} 小时内发出"
WECHAT = "「{title}」已付款（{order_no}）"


@pytest.fixture
def code(folder: Path) -> Path:
    return folder


def found(files: Repository, code: Path, name: str) -> Answer:
    snapshot = files.look()
    answer = answers.found(snapshot, uses(snapshot, code), name)
    assert answer
    return answer


def save(files: Repository, code: Path, name: str, *wanted: Wanted, dropping: bool = False) -> str | None:
    version = found(files, code, name).version
    return answers.save(files, LI, "回答", name, version, wanted, dropping)


def texts(files: Repository, code: Path, name: str) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(t.variation.text, t.variation.channel, t.buttons) for t in found(files, code, name).texts]


def test_the_list_has_no_faq_and_is_searched_by_text_and_name(untouched: Repository) -> None:
    snapshot = untouched.look()
    used = uses(snapshot, untouched.root)
    rows = answers.listed(snapshot, used)
    assert [row.name for row in rows] == [
        *("utter_greet", "utter_bye", "utter_thanks", "utter_ask_order_no", "utter_order_paid"),
    ]
    assert (rows[4].variations, rows[4].channels) == (2, ("wechat",))
    assert [use.name for use in rows[0].uses] == ["Hello"]
    assert [row.name for row in answers.listed(snapshot, used, "在的")] == ["utter_greet"]
    assert [row.name for row in answers.listed(snapshot, used, "ask_order")] == ["utter_ask_order_no"]


def test_an_answer_tells_what_is_filled_in_and_by_whom(untouched: Repository) -> None:
    paid = found(untouched, untouched.root, "utter_order_paid")
    assert [(each.name, each.by, each.value) for each in paid.fillings] == [
        ("dispatch_hours", "policy", "48"),
        ("order_no", "slot", ""),
        ("title", "code", ""),
    ]
    greet = found(untouched, untouched.root, "utter_greet")
    assert greet.texts[0].buttons == ("查订单",) and greet.texts[1].others == ("image",)
    snapshot = untouched.look()
    assert answers.found(snapshot, uses(snapshot, untouched.root), "utter_faq/return_days") is None


def test_texts_change_and_all_else_stays(files: Repository, code: Path) -> None:
    before = files.look().text("domain.yml")
    save(files, code, "utter_greet", Wanted("您好呀", was=0), Wanted("在的", was=1))
    assert files.look().text("domain.yml") == before.replace("text: 您好\n", "text: 您好呀\n")
    assert save(files, code, "utter_greet", Wanted("您好呀", was=0), Wanted("在的", was=1)) is None


def test_no_button_gets_beside_another_text(files: Repository, code: Path) -> None:
    save(files, code, "utter_order_paid", Wanted(PAID, was=0), dropping=True)
    assert texts(files, code, "utter_order_paid") == [(PAID, "", ())]
    save(files, code, "utter_bye", Wanted("再会"), Wanted("再见", was=0))
    assert texts(files, code, "utter_bye") == [("再见", "", ("查订单",)), ("再会", "", ())]
    save(files, code, "utter_bye", Wanted("再会", was=1))
    assert texts(files, code, "utter_bye") == [("再会", "", ())]


def test_channels_and_days_are_written(files: Repository, code: Path) -> None:
    wanted = Wanted("双十一快乐", "web", date(2026, 11, 1), date(2026, 11, 11))
    save(files, code, "utter_thanks", Wanted("不客气", was=0), wanted)
    (_, fresh) = found(files, code, "utter_thanks").texts
    assert (fresh.variation.channel, fresh.variation.until) == ("web", date(2026, 11, 11))
    save(files, code, "utter_thanks", Wanted("不客气", was=0), Wanted("双十一快乐", was=1))
    (_, plain) = found(files, code, "utter_thanks").texts
    assert plain.variation.channel == "" and plain.variation.since is None


@pytest.mark.parametrize(
    ("wanted", "code_of"),
    [
        ([Wanted("已付款", was=0), Wanted(WECHAT, "wechat", was=1)], "lost"),
        ([Wanted("「{title}」已付款，{hours} 小时", was=0), Wanted(WECHAT, "wechat", was=1)], "unfilled"),
        ([Wanted(WECHAT, "wechat", was=1)], "nothing_said"),
        ([Wanted(PAID, was=0), Wanted("  ", "wechat", was=1)], "text"),
        ([Wanted(PAID, was=0), Wanted(WECHAT, "telegram", was=1)], "channel"),
        ([Wanted(PAID, was=0), Wanted(WECHAT, was=7)], "no_answer_there"),
        ([Wanted(PAID, was=0), Wanted(PAID, was=0)], "no_answer_there"),
        ([Wanted(PAID, "", date(2026, 2, 1), date(2026, 1, 1), 0)], "days"),
        ([Wanted(f"\u202e{PAID}", was=0), Wanted(WECHAT, "wechat", was=1)], "control"),
        ([], "text"),
        ([Wanted("长" * 2001 + PAID, was=0)], "text"),
    ],
)
def test_what_would_make_an_answer_worse_is_stopped(
    untouched: Repository, wanted: list[Wanted], code_of: str
) -> None:
    before = untouched.head()
    with pytest.raises(Cannot) as raised:
        save(untouched, untouched.root, "utter_order_paid", *wanted)
    assert raised.value.why == code_of and untouched.head() == before


def test_what_the_code_fills_in_may_vanish_if_it_is_meant(files: Repository, code: Path) -> None:
    with pytest.raises(Cannot) as raised:
        save(files, code, "utter_order_paid", Wanted("付了", was=0), Wanted("付了", "wechat", was=1))
    # A policy is a matter of wording.
    assert raised.value.values == {"names": "{order_no} {title}"}
    save(
        files, code, "utter_order_paid", Wanted("付了", was=0), Wanted(WECHAT, "wechat", was=1), dropping=True
    )
    assert texts(files, code, "utter_order_paid")[0][0] == "付了"


def test_a_policy_may_be_named_anywhere(files: Repository, code: Path) -> None:
    save(files, code, "utter_thanks", Wanted("不客气，{dispatch_hours} 小时内发货", was=0))
    assert "{dispatch_hours}" in texts(files, code, "utter_thanks")[0][0]


def test_two_who_edit_one_answer_are_told_and_two_answers_are_both_kept(
    files: Repository, code: Path
) -> None:
    version = found(files, code, "utter_thanks").version
    answers.save(files, LI, "一", "utter_thanks", version, [Wanted("不用谢", was=0)])
    with pytest.raises(Conflict, match="李四"):
        answers.save(files, WANG, "二", "utter_thanks", version, [Wanted("别客气", was=0)])
    # Another answer of the same file, seen before the first change.
    answers.save(files, WANG, "三", "utter_greet", version, [Wanted("您好啊", was=0), Wanted("在的", was=1)])
    assert texts(files, code, "utter_thanks")[0][0] == "不用谢"
    assert texts(files, code, "utter_greet")[0][0] == "您好啊"


def test_a_hostile_text_is_a_text(files: Repository, code: Path) -> None:
    text = "<img src=x onerror=alert(1)>\n- not: yaml\n# 'no' \"comment\" \\ | > & * !"
    save(files, code, "utter_thanks", Wanted(text, was=0))
    assert texts(files, code, "utter_thanks") == [(text, "", ())]

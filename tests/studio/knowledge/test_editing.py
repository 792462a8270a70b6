"""All that is done on a topic's page is one change of the admin's, or nothing is changed and it says why."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot.studio.files import Conflict, Refused, Repository, Trouble
from bot.studio.files.language import Variation, examples
from bot.studio.knowledge import editing
from bot.studio.knowledge.editing import Answer, CannotEdit, NewTopic, Wish
from tests.studio.files.conftest import LI, WANG
from tests.studio.files.small import SMALL, git

from .conftest import AREA, GOODS, OTHER

POSTAGE, GENUINE = "faq/return_postage", "faq/genuine"


def seen(files: Repository, name: str) -> dict[str, str | None]:
    snapshot = files.look()
    return editing.seen(snapshot, editing.found(snapshot, name))


def asked(files: Repository, name: str) -> list[str]:
    return [each.text for each in examples(files.look(), name)]


def save(files: Repository, name: str, **wish: Any) -> editing.Saved:
    versions = wish.pop("seen", None)
    return editing.save(
        files, LI, name, Wish(seen(files, name) if versions is None else versions, **wish), "改"
    )


def test_everything_at_once_is_one_change(files: Repository) -> None:
    before = len(files.history())
    answers = [
        Answer(Variation("质量问题我们出，{return_days} 天内"), 0),
        Answer(Variation("双十一全免", "wechat", date(2026, 11, 1), date(2026, 11, 11))),
    ]
    saved = save(
        files,
        POSTAGE,
        answers=answers,
        intent="greet",
        added=["谁付  退货邮费", "退货要邮费吗", "", "谁付退货邮费？"],
        replaced={"退货运费谁出": "退货运费谁承担"},
        first="退货要邮费吗",
    )
    assert (saved.added, saved.known) == (1, 1)
    assert len(files.history()) == before + 1
    assert git(files.root, "log", "-1", "--format=%an <%ae>").strip() == "李四 <lisi@guitai>"
    expected = (
        SMALL[AREA]
        .replace("intent: order_status   # counts as", "intent: greet   # counts as")
        .replace(
            "- 退货运费谁出\n    - 退货要邮费吗\n",
            "- 退货要邮费吗\n    - 谁付 退货邮费\n    - 退货运费谁承担\n",
        )
        .replace(
            "- text: 质量问题由我们承担\n",
            "- text: 质量问题我们出，{return_days} 天内\n"
            "  - text: 双十一全免\n    channel: wechat\n"
            "    metadata: {since: 2026-11-01, until: 2026-11-11}\n",
        )
    )
    assert (files.root / AREA).read_text() == expected


def test_questions_move_between_topics(files: Repository) -> None:
    save(files, POSTAGE, moved={"退货要邮费吗": GENUINE}, taken={"查订单": "order_status"})
    assert asked(files, POSTAGE) == ["退货运费谁出", "查订单"]
    assert asked(files, GENUINE)[-1] == "退货要邮费吗"
    assert "查订单" not in asked(files, "order_status")


def test_what_stands_beside_a_wording_stays_with_it(files: Repository) -> None:
    save(files, GENUINE, answers=[Answer(Variation("都是正品。"), 0), Answer(Variation("专柜可验。"), 2)])
    kept = GOODS.replace("  - text: 假一赔三，{usual_courier}发货。\n", "")
    kept = kept.replace("都是正品，{return_days} 天内可退。", "都是正品。").replace(
        "支持专柜验货。", "专柜可验。"
    )
    assert (files.root / OTHER).read_text() == kept


def test_nothing_to_change_is_no_change(files: Repository) -> None:
    saved = save(files, POSTAGE, answers=[Answer(Variation("质量问题由我们承担"), 0)], added=["退货运费谁出"])
    assert saved.commit is None and saved.known == 1
    assert not Wish({}, [Answer(Variation("一"))]).learns and Wish({}, removed=["一"]).learns


@pytest.mark.parametrize(
    ("why", "wish"),
    [
        ("no_question", {"removed": ["退货运费谁出", "退货要邮费吗"]}),
        ("no_answer", {"answers": []}),
        ("no_common", {"answers": [Answer(Variation("一", "web"), 0), Answer(Variation("二", "wechat"))]}),
        ("too_many", {"answers": [Answer(Variation("一"))] * 21}),
        ("empty_wording", {"answers": [Answer(Variation("我们出"), 0), Answer(Variation(" \n"))]}),
        ("long_wording", {"answers": [Answer(Variation("长" * 4001), 0)]}),
        ("wrong_days", {"answers": [Answer(Variation("一", "", date(2026, 11, 2), date(2026, 11, 1)), 0)]}),
        ("unknown_policy", {"answers": [Answer(Variation("{returned_days} 天"), 0)]}),
        ("unknown_intent", {"intent": "faq"}),
        ("same_elsewhere", {"added": ["几天内能退？"]}),
        ("same_elsewhere", {"replaced": {"退货运费谁出": "几天内能退"}}),
        ("gone", {"answers": [Answer(Variation("一"), 1), Answer(Variation("二"), 0)]}),
    ],
)
def test_what_is_refused_with_a_reason(files: Repository, why: str, wish: dict[str, Any]) -> None:
    head = files.head()
    with pytest.raises(CannotEdit) as refused:
        save(files, POSTAGE, **wish)
    assert refused.value.why == why
    assert files.head() == head


@pytest.mark.parametrize(
    "wish",
    [
        {"added": ["退货\u202e运费"]},
        {"added": ["邮" * 700_000]},
        {"answers": [Answer(Variation("运费\u202e我们出"), 0)]},
        {"answers": [Answer(Variation("运费\0"), 0)]},
        {"moved": {"退货要邮费吗": "faq/nowhere"}},
        {"removed": ["从来没有的一句"]},
    ],
)
def test_what_the_files_cannot_hold_is_refused(files: Repository, wish: dict[str, Any]) -> None:
    head = files.head()
    with pytest.raises(Refused):
        save(files, POSTAGE, **wish)
    assert files.head() == head


def test_markup_is_text(files: Repository) -> None:
    hostile = "<script>alert(1)</script> 'a' \"b\" #c: {return_days}"
    save(files, POSTAGE, answers=[Answer(Variation(hostile), 0)], added=["<b>退货</b> & 邮费: 谁出 #1"])
    topic = editing.found(files.look(), POSTAGE)
    assert topic.answers == (Variation(hostile),)
    assert topic.questions[-1].text == "<b>退货</b> & 邮费: 谁出 #1"


def test_two_admins_change_different_parts(files: Repository) -> None:
    both = seen(files, POSTAGE)
    editing.save(files, WANG, POSTAGE, Wish(both, added=["邮费怎么算"]), "加")
    save(files, POSTAGE, seen=both, answers=[Answer(Variation("我们出"), 0)])
    topic = editing.found(files.look(), POSTAGE)
    assert topic.answers[0].text == "我们出" and topic.questions[-1].text == "邮费怎么算"


def test_two_admins_change_the_same(files: Repository) -> None:
    both = seen(files, POSTAGE)
    editing.save(files, WANG, POSTAGE, Wish(both, [Answer(Variation("各出一半"), 0)]), "改")
    with pytest.raises(Conflict) as told:
        save(files, POSTAGE, seen=both, answers=[Answer(Variation("我们出"), 0)])
    assert told.value.clashes[0].by == "王五"
    assert editing.found(files.look(), POSTAGE).answers[0].text == "各出一半"


def test_a_topic_that_another_has_removed(files: Repository) -> None:
    both = seen(files, POSTAGE)
    editing.remove(files, WANG, POSTAGE, both, "删")
    with pytest.raises(Trouble):
        save(files, POSTAGE, seen=both, answers=[Answer(Variation("我们出"), 0)])
    with pytest.raises(CannotEdit, match="gone"):
        save(files, POSTAGE, seen={}, added=["邮费"])


def test_a_new_topic_in_a_new_area(files: Repository) -> None:
    topic = NewTopic(
        "wash", "by_hand", "greet", ["能手洗吗", "", "能手洗吗？"], [Variation("可以。")], "洗护: 保养"
    )
    saved = editing.add(files, LI, topic, "新建")
    assert saved.topic == "faq/by_hand" and saved.added == 1
    assert (files.root / "data/intents.yml").read_text().endswith('  goods: 商品\n  wash: "洗护: 保养"\n')
    assert editing.found(files.look(), "faq/by_hand").answers == (Variation("可以。"),)
    for why, wrong in (
        ("name_taken", topic),
        ("name", replace(topic, name="By hand")),
        ("area", replace(topic, name="other", area="../x")),
        ("no_question", replace(topic, name="other", questions=[" "])),
        ("no_answer", replace(topic, name="other", answers=[])),
        ("unknown_intent", replace(topic, name="other", intent="faq")),
        ("same_elsewhere", replace(topic, name="other", questions=["是正品吗"])),
    ):
        with pytest.raises(CannotEdit, match=why):
            editing.add(files, LI, wrong, "新建")
    assert editing.free_name(files.look(), "wash") == "wash_1"


def test_a_topic_is_removed_and_can_be_had_again(files: Repository) -> None:
    commit = editing.remove(files, LI, GENUINE, seen(files, GENUINE), "删")
    assert not (files.root / OTHER).exists()
    assert commit
    files.revert(commit, WANG)
    assert (files.root / OTHER).read_text() == GOODS

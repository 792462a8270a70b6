"""Examples added, changed, moved and removed; intents made and removed; two who do so at once."""

from pathlib import Path

import pytest

from bot.data_check import problems
from bot.staff import texts
from bot.studio.cannot import Cannot
from bot.studio.files import Refused, Repository, language
from bot.studio.pages.language import clashing
from bot.studio.pages.shell import HERE
from bot.studio.teaching import doings, intents
from bot.studio.teaching.clashes import Clash, Clashes
from bot.studio.teaching.intents import NewIntent
from bot.studio.uses import uses

from .conftest import LI, WANG

SENTENCES = texts.load(HERE / "texts" / "language.yml")
GREET = "data/nlu/greet.yml"


def said(files: Repository, intent: str) -> list[str]:
    return [each.text for each in language.examples(files.look(), intent)]


def why(files: Repository, act: object) -> str:
    """The code why nothing was changed."""
    before = files.head()
    with pytest.raises(Cannot) as raised:
        act()  # type: ignore[operator]
    assert files.head() == before
    return raised.value.why


def test_the_list_tells_titles_counts_and_uses(untouched: Repository) -> None:
    snapshot = untouched.look()
    rows = intents.listed(snapshot, uses(snapshot, untouched.root), {"greet": 7})
    assert [(row.name, row.title, row.examples, row.topics, row.meant) for row in rows] == [
        ("greet", "打招呼", 3, 0, 7),
        ("order_status", "查订单", 3, 1, 0),
        ("thanks", "道谢", 2, 0, 0),
    ]
    assert [use.by for use in rows[2].uses] == ["rule"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [("招呼", ["greet"]), ("ORDER", ["order_status"]), ("跑鞋", ["order_status"]), ("没有的", [])],
)
def test_an_intent_is_found_by_title_name_and_example(
    untouched: Repository, asked: str, found: list[str]
) -> None:
    snapshot = untouched.look()
    listed = intents.listed(snapshot, uses(snapshot, untouched.root), {}, asked)
    assert [row.name for row in listed] == found


def test_a_sentence_is_looked_at_with_its_words_and_what_is_like_it(untouched: Repository) -> None:
    looked = intents.look(untouched.look(), "- 有人在嘛", "thanks")
    assert looked.text == "有人在嘛" and "".join(looked.words) == looked.text
    assert [(each.example.text, each.elsewhere, each.same) for each in looked.near] == []
    looked = intents.look(untouched.look(), "有人在吗？", "thanks")
    assert [(each.example.text, each.elsewhere, each.same) for each in looked.near] == [
        ("有人在吗", True, True)
    ]
    # The example that a sentence is made from is nothing that it repeats.
    assert intents.look(untouched.look(), "有人在吗？", "greet", but="有人在吗").near == []


def test_the_words_are_cut_as_the_lexicon_says(untouched: Repository) -> None:
    assert "运费险" in intents.look(untouched.look(), "有没有运费险", "greet").words


def test_pasted_lines_become_examples_but_for_those_that_are_there(files: Repository) -> None:
    lines = ["- 您好呀", "2. 在不在", "你 好！", "您好呀", "谢谢。", "  ", "找[跑鞋](product)"]
    added, commit = intents.add(files, LI, "例句", "greet", lines)
    assert added.written == ["您好呀", "在不在", "找[跑鞋](product)"]
    assert added.already == ["你 好！", "您好呀"]
    assert [(text, example.intent) for text, example in added.elsewhere] == [("谢谢。", "thanks")]
    assert said(files, "greet")[3:] == added.written
    change = files.change(commit or "")
    assert change.author == LI and change.paths == (GREET,)
    # Nothing new is no change.
    assert intents.add(files, LI, "例句", "greet", ["你好"])[1] is None


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("[鞋](shoe)", "no_entity"),
        ('[鞋]{"entity": "shoe"}', "no_entity"),
        ("[鞋", "no_sentence"),
        ("！！！", "no_sentence"),
        ("长" * 201, "too_long"),
    ],
)
def test_what_is_no_sentence_is_told(untouched: Repository, line: str, code: str) -> None:
    assert why(untouched, lambda: intents.add(untouched, LI, "", "greet", ["好的好的", line])) == code
    assert (
        why(untouched, lambda: intents.add(untouched, LI, "", "greet", ["\u202e\u200b", "- "]))
        == "no_sentence"
    )


def test_a_hostile_line_is_one_line_of_text(files: Repository) -> None:
    line = "<script>alert(1)</script>'; DROP TABLE x; -- \u202e反 # {a: (b)} |\x00\x1b"
    added, _ = intents.add(files, LI, "<b>", "greet", [line])
    (written,) = added.written
    assert "\u202e" not in written and "\x00" not in written and written.startswith("<script>")
    assert said(files, "greet")[-1] == written


def test_an_example_is_changed_where_it_stands(files: Repository) -> None:
    intents.replace(files, LI, "", "order_status", "我[昨天](date)买的到哪了", "我[前天](date)买的到哪了")
    assert said(files, "order_status")[1] == "我[前天](date)买的到哪了"
    assert why(files, lambda: intents.replace(files, LI, "", "greet", "你好", "hello")) == "already"
    assert why(files, lambda: intents.replace(files, LI, "", "greet", "你好", "谢谢！")) == "elsewhere"
    assert why(files, lambda: intents.replace(files, LI, "", "greet", "没有", "有")) == "gone"
    # Its marks alone may change.
    intents.replace(files, LI, "", "order_status", "查订单", "查[订单](product)")
    assert "查[订单](product)" in said(files, "order_status")


def test_examples_move_and_go_but_the_last_one_stays(files: Repository) -> None:
    intents.move(files, LI, "", "greet", "thanks", ["hello", "有人在吗"])
    assert said(files, "greet") == ["你好"] and said(files, "thanks")[2:] == ["hello", "有人在吗"]
    intents.move(files, LI, "", "thanks", "faq/return_days", ["hello"])
    assert said(files, "faq/return_days") == ["几天内能退", "hello"]
    assert why(files, lambda: intents.remove(files, LI, "", "greet", ["你好"])) == "last_one"
    assert why(files, lambda: intents.move(files, LI, "", "greet", "nowhere", ["你好"])) == "unknown"
    intents.remove(files, LI, "", "thanks", ["有人在吗"])
    assert said(files, "thanks") == ["谢谢", "多谢啦"]


def test_two_who_add_to_one_intent_are_both_kept_and_the_slower_editor_is_told(files: Repository) -> None:
    intents.add(files, LI, "", "greet", ["早上好"])
    intents.add(files, WANG, "", "greet", ["晚上好"])
    assert said(files, "greet")[3:] == ["早上好", "晚上好"]
    intents.replace(files, LI, "", "greet", "早上好", "早上好呀")
    assert why(files, lambda: intents.replace(files, WANG, "", "greet", "早上好", "早安")) == "gone"


def test_a_title_is_written_where_the_intent_has_its_name(files: Repository) -> None:
    intents.set_title(files, LI, "", "greet", "问好")
    intents.set_title(files, LI, "", "order_status", "查\u202e进度")
    assert "greet: 问好" in files.look().text("data/intents.yml")
    assert files.look().text("data/wording.yml").startswith("readings:\n  order_status: 查进度\n")
    assert why(files, lambda: intents.set_title(files, LI, "", "greet", "  ")) == "title"


def test_a_new_intent_comes_with_its_rule_and_its_answer(files: Repository, folder: Path) -> None:
    wanted = NewIntent("gift_wrap", "礼品包装", ["能包装吗", "- 可以包礼盒吗"], answer="可以的～")
    commit = intents.new(files, LI, "新意图", wanted)
    snapshot = files.look()
    assert said(files, "gift_wrap") == ["能包装吗", "可以包礼盒吗"]
    assert intents.titles(snapshot)["gift_wrap"] == "礼品包装"
    assert language.responses(snapshot)["utter_gift_wrap"].variations[0].text == "可以的～"
    assert [use.name for use in uses(snapshot, folder).of("intent", "gift_wrap")] == ["gift_wrap: 礼品包装"]
    assert problems(folder) == []
    assert len(files.change(commit or "").paths) == 4
    # And goes as it came.
    going = intents.removal(files.look(), "gift_wrap", folder)
    assert going.uses == () and len(going.rules) == 1 and going.responses == ("utter_gift_wrap",)
    before = {path: snapshot.text(path) for path in snapshot.files()}
    intents.drop(files, LI, "weg", "gift_wrap", folder)
    after = files.look()
    assert problems(folder) == [] and "gift_wrap" not in "".join(after.text(path) for path in after.files())
    assert set(before) - set(after.files()) == {"data/nlu/gift_wrap.yml", "data/stories/gift_wrap.yml"}


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (NewIntent("Gift", "礼品", ["能包装吗"], answer="好"), "name"),
        (NewIntent("gift", "", ["能包装吗"], answer="好"), "title"),
        (NewIntent("gift", "礼品", ["- "], answer="好"), "no_sentence"),
        (NewIntent("gift", "礼品", ["能包装吗"]), "no_answer"),
        (NewIntent("gift", "礼品", ["谢谢"], answer="好"), "clashes"),
        (NewIntent("gift", "礼品", ["能包装吗"], action="action_none"), "unknown"),
        (NewIntent("greet", "礼品", ["能包装吗"], answer="好"), "taken"),
    ],
)
def test_what_cannot_be_an_intent_is_told(untouched: Repository, wanted: NewIntent, code: str) -> None:
    assert why(untouched, lambda: intents.new(untouched, LI, "", wanted)) == code


def test_a_new_intent_may_do_what_there_is(files: Repository, folder: Path) -> None:
    assert "action_order_status" in doings.names(files.look())
    intents.new(files, LI, "", NewIntent("parcel", "包裹", ["包裹呢"], action="action_order_status"))
    assert problems(folder) == []


def test_all_that_a_new_intent_repeats_is_named(untouched: Repository) -> None:
    wanted = NewIntent("gift", "礼品", ["谢谢！", "能包装吗", "几天内能退", "你好"], answer="好")
    with pytest.raises(Clashes) as raised:
        intents.new(untouched, LI, "", wanted)
    assert raised.value.clashes == [
        Clash("谢谢！", "thanks", "道谢"),
        Clash("几天内能退", "faq/return_days", "几天内能退"),
        Clash("你好", "greet", "打招呼"),
    ]
    t = SENTENCES["zh"]
    assert clashing(t, raised.value.clashes).splitlines()[1:] == [
        "“谢谢！”在“道谢”（thanks）里",
        "“几天内能退”在“几天内能退”（faq/return_days）里",
        "“你好”在“打招呼”（greet）里",
    ]
    many = [Clash(f"谢谢{number}", "thanks", "道谢") for number in range(13)]
    lines = clashing(t, many).splitlines()
    assert len(lines) == 12 and lines[-2:] == ["“谢谢9”在“道谢”（thanks）里", "还有 3 处"]
    assert clashing(SENTENCES["en"], many).splitlines()[-1] == "3 more"


def test_what_a_new_intent_may_do_is_told_with_what_it_says(untouched: Repository) -> None:
    snapshot = untouched.look()
    known = doings.known(snapshot, uses(snapshot, untouched.root))
    assert [(each.name, each.group, each.intents, each.says) for each in known] == [
        # Its answers are put together at run time: nobody knows which is said.
        ("action_order_status", "actions", ("order_status",), ""),
        ("utter_greet", "direct", ("greet",), "您好"),
        ("utter_bye", "direct", ("greet",), "再见"),
        ("utter_thanks", "direct", ("thanks",), "不客气"),
        ("utter_ask_order_no", "others", (), "请告诉我订单号"),
        ("utter_order_paid", "others", (), "「{title}」已付款，{dispatch_hours} 小时内发出"),
    ]
    assert {each.name for each in known} == set(doings.names(snapshot))


def test_an_intent_in_use_stays_and_those_who_use_it_are_told(untouched: Repository) -> None:
    going = intents.removal(untouched.look(), "order_status", untouched.root)
    assert {use.by for use in going.uses} == {"story", "topic", "response", "wording"}
    assert why(untouched, lambda: intents.drop(untouched, LI, "", "order_status", untouched.root)) == "in_use"


def test_what_only_the_data_check_knows_is_refused_and_nothing_written(untouched: Repository) -> None:
    before = untouched.head()
    wanted = NewIntent("gift", "礼品", ["能包装吗"], answer="{wrap_fee} 元")
    with pytest.raises(Refused, match="wrap_fee"):
        intents.new(untouched, LI, "", wanted)
    assert untouched.head() == before

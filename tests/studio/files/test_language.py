"""One edit changes the lines it must and no others, in the project's own files and in nasty ones."""

import difflib
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.settings import ROOT
from bot.studio.files import Refused, Repository, Snapshot, language, lexicon, near, stories
from bot.studio.files.language import Variation
from bot.studio.files.snapshot import Draft
from tests import laying

from .small import SMALL

Edit = Callable[[Draft], object]

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 11)
DATED = {
    **SMALL,
    "data/nlu/faq/offers.yml": """nlu:
- intent: faq/offers
  metadata: {intent: order_status}
  examples: |
    - 有活动吗
responses:
  utter_faq/offers:   # by the season
  - text: 双十一
    metadata: {since: 2026-11-01, until: "2026-11-11"}   # the law of the house
  - text: 年货节
    # by the calendar
    metadata:
      by: 小王   # asked for it
      since: 2027-01-20
      until: 2027-02-05  # incl.
  - {text: 平时, metadata: {until: 2027-12-31}}
""",
}


@pytest.fixture
def small(files: Repository) -> Snapshot:
    return files.look()


@pytest.fixture
def dated(tmp_path: Path) -> Snapshot:
    return Repository(laying.lay(tmp_path / "dated", DATED)).look()


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """The project's own files."""
    root = tmp_path_factory.mktemp("real")
    for path in (ROOT / "config.yml", ROOT / "domain.yml", *(ROOT / "data").rglob("*.*")):
        target = root / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return Repository(root).look()


def changed(base: Snapshot, edit: Edit) -> list[str]:
    """Each line that the edit takes away or adds, behind - or +."""
    draft = Draft(base)
    edit(draft)
    found = []
    for path, content in draft.changes.items():
        old = (base.content(path) or b"").decode().splitlines(keepends=True)
        new = (content or b"").decode().splitlines(keepends=True)
        diff = list(difflib.unified_diff(old, new, n=0))[2:]
        found += [line.rstrip("\n") for line in diff if not line.startswith("@@")]
    return found


SMALL_EDITS: dict[str, tuple[Edit, list[str]]] = {
    "add": (lambda d: language.add_example(d, "greet", "在吗"), ["+    - 在吗"]),
    "add several": (
        lambda d: language.add_examples(d, "order_status", ["裙子呢", "[裙子](product)呢"]),
        ["+      - 裙子呢", "+      - [裙子](product)呢"],
    ),
    "add none": (lambda d: language.add_examples(d, "greet", []), []),
    "add where the list is indented": (
        lambda d: language.add_example(d, "order_status", "[裙子](product)呢"),
        ["+      - [裙子](product)呢"],
    ),
    "remove": (lambda d: language.remove_example(d, "greet", "有人在吗"), ["-    - 有人在吗"]),
    "remove annotated": (
        lambda d: language.remove_example(d, "order_status", "我[昨天](date)买的到哪了"),
        ["-      - 我[昨天](date)买的到哪了"],
    ),
    "replace annotated": (
        lambda d: language.replace_example(
            d, "order_status", '[云感跑鞋]{"entity": "product", "value": "跑鞋"}发货了吗', "跑鞋呢"
        ),
        ['-      - [云感跑鞋]{"entity": "product", "value": "跑鞋"}发货了吗', "+      - 跑鞋呢"],
    ),
    "move": (
        lambda d: language.move_example(d, "hello", "greet", "faq/return_days"),
        ["-    - hello", "+    - hello"],
    ),
    "change several": (
        lambda d: language.replace_examples(d, "greet", {"你好": "您好", "hello": None}),
        ["-    - 你好", "+    - 您好", "-    - hello"],
    ),
    "move to the same file": (
        lambda d: language.move_example(d, "退货要邮费吗", "faq/return_postage", "faq/return_days"),
        ["-    - 退货要邮费吗", "+    - 退货要邮费吗"],
    ),
    "answer": (
        lambda d: language.set_answer(d, "faq/return_postage", "我们出: {return_days} 天 #内"),
        ["-  - text: 质量问题由我们承担", '+  - text: "我们出: {return_days} 天 #内"'],
    ),
    "block answer": (
        lambda d: language.set_answer(d, "faq/return_days", "十五天内\n无理由"),
        ["-      七天内", "+      十五天内"],
    ),
    "one more answer": (
        lambda d: language.set_answer(
            d, "faq/return_postage", ["质量问题由我们承担", Variation("我们出", "wechat")]
        ),
        ["+  - text: 我们出", "+    channel: wechat"],
    ),
    "an answer for some days": (
        lambda d: language.set_answer(
            d, "faq/return_postage", [Variation("我们出", since=FIRST, until=LAST), Variation("您出", "web")]
        ),
        [
            *("-  - text: 质量问题由我们承担", "+  - text: 我们出"),
            *(
                "+    metadata: {since: 2026-11-01, until: 2026-11-11}",
                "+  - text: 您出",
                "+    channel: web",
            ),
        ],
    ),
    "days beside buttons": (
        lambda d: language.set_response(d, "utter_greet", [Variation("您好", until=LAST), "在的"]),
        ["+    metadata: {until: 2026-11-11}"],
    ),
    "quotes stay": (
        lambda d: language.set_response(d, "utter_greet", ["您好", "在的呢"]),
        ['-  - text: "在的"   # short', '+  - text: "在的呢"   # short'],
    ),
    "one answer less": (
        lambda d: language.set_response(d, "utter_greet", ["您好"]),
        ['-  - text: "在的"   # short'],
    ),
    "beside an anchor": (
        lambda d: language.set_response(d, "utter_bye", ["再见啦"]),
        ["-  - text: '再见'", "+  - text: '再见啦'"],
    ),
    "new response": (
        lambda d: language.set_response(d, "utter_new", ["no"]),
        ["+  utter_new:", '+  - text: "no"'],
    ),
    "topic": (
        lambda d: language.add_topic(
            d, "data/nlu/faq/returns.yml", "faq/box", "order_status", ["盒子呢", "没盒子"], ["可以"]
        ),
        [
            *("+- intent: faq/box", "+  metadata:", "+    intent: order_status", "+  examples: |"),
            *("+    - 盒子呢", "+    - 没盒子", "+", "+  utter_faq/box:", "+  - text: 可以"),
        ],
    ),
    "topic in a new file": (
        lambda d: language.add_topic(d, "data/nlu/faq/gifts.yml", "faq/box", "greet", ["盒子"], ["有"]),
        [
            *('+version: "3.1"', "+", "+nlu:", "+- intent: faq/box", "+  metadata:", "+    intent: greet"),
            *("+  examples: |", "+    - 盒子", "+", "+responses:", "+  utter_faq/box:", "+  - text: 有"),
        ],
    ),
    "no topic": (
        lambda d: language.remove_topic(d, "faq/return_postage"),
        [
            *("-- intent: faq/return_postage", "-  metadata:", "-    intent: order_status   # counts as"),
            *("-  examples: |", "-    - 退货运费谁出", "-    - 退货要邮费吗", "-"),
            *("-  utter_faq/return_postage:", "-  - text: 质量问题由我们承担"),
        ],
    ),
    "topic of another intent": (
        lambda d: language.set_topic_intent(d, "faq/return_postage", "greet"),
        ["-    intent: order_status   # counts as", "+    intent: greet   # counts as"],
    ),
    "intent": (
        lambda d: language.add_intent(d, "bye", ["再见"], "道别"),
        [
            *("+- bye: {use_entities: []}", '+version: "3.1"', "+nlu:", "+- intent: bye", "+  examples: |"),
            *("+    - 再见", "+  bye: 道别"),
        ],
    ),
    "synonym": (
        lambda d: language.add_synonym(d, "跑鞋", "跑步鞋", "data/nlu/order_status.yml"),
        ["+", "+  - synonym: 跑鞋", "+    examples: |", "+      - 跑步鞋"],
    ),
    "spelling": (
        lambda d: lexicon.add_spelling(d, "data/nlu/lexicon/colours.yml", "白色", "10"),
        ["-白色: [白款]  # few", '+白色: [白款, "10"]  # few'],
    ),
    "spelling on the next line": (
        lambda d: lexicon.add_spelling(d, "data/nlu/lexicon/colours.yml", "黑色", "a, b"),
        ["-  炭黑]", '+  炭黑, "a, b"]'],
    ),
    "no spelling": (
        lambda d: lexicon.remove_spelling(d, "data/nlu/lexicon/colours.yml", "黑色", "黑款"),
        ["-黑色: [黑款, 纯黑,", "+黑色: [纯黑,"],
    ),
    "last spelling": (
        lambda d: lexicon.remove_spelling(d, "data/nlu/lexicon/colours.yml", "白色", "白款"),
        ["-白色: [白款]  # few"],
    ),
    "new colour": (
        lambda d: lexicon.add_spelling(d, "data/nlu/lexicon/colours.yml", "红色", "红款"),
        ["+红色: [红款]"],
    ),
    "word": (lambda d: lexicon.add_word(d, "跑步鞋"), ["+跑步鞋 200 n"]),
    "no word": (lambda d: lexicon.remove_word(d, "运费险"), ["-运费险 200 n"]),
    "policy": (
        lambda d: lexicon.set_policy(d, "dispatch_hours", "24"),
        ["-dispatch_hours: 48", "+dispatch_hours: 24"],
    ),
    "quoted policy": (
        lambda d: lexicon.set_policy(d, "same_day", "17:00"),
        ['-same_day: "16:00"', '+same_day: "17:00"'],
    ),
    "new policy": (lambda d: lexicon.set_policy(d, "fee", "9.90"), ["+fee: 9.90"]),
    "rule": (
        lambda d: stories.add(d, "data/stories/greet.yml", "rule: Bye\nsteps:\n- intent: greet # again"),
        ["+- rule: Bye", "+  steps:", "+  - intent: greet # again", "+"],
    ),
    "other rule": (
        lambda d: stories.replace(
            d,
            "rule",
            "Hello",
            stories.told(d)[1].source.replace("- action: utter_bye", "- action: utter_faq"),
        ),
        ["-  - action: utter_bye", "+  - action: utter_faq"],
    ),
    "no story": (
        lambda d: stories.remove(d, "story", "Hello twice"),
        [
            *("-", "-stories:", "-- story: Hello twice", "-  steps:", "-  - intent: greet"),
            "-  - action: utter_greet",
        ],
    ),
}


@pytest.mark.parametrize(("edit", "wanted"), SMALL_EDITS.values(), ids=SMALL_EDITS)
def test_only_these_lines_change(small: Snapshot, edit: Edit, wanted: list[str]) -> None:
    assert changed(small, edit) == wanted


def offers(draft: Draft, *changes: tuple[int, dict[str, object]]) -> None:
    """Change some of the wordings."""
    told = list(language.responses(draft)["utter_faq/offers"].variations)
    for number, values in changes:
        told[number] = replace(told[number], **values)  # type: ignore[arg-type]
    language.set_answer(draft, "faq/offers", told)


DAYS: dict[str, tuple[Edit, list[str]]] = {
    "the same": (lambda d: offers(d), []),
    "one day, in its quotes": (
        lambda d: offers(d, (0, {"until": date(2026, 11, 12)})),
        [
            '-    metadata: {since: 2026-11-01, until: "2026-11-11"}   # the law of the house',
            '+    metadata: {since: 2026-11-01, until: "2026-11-12"}   # the law of the house',
        ],
    ),
    "one day, on its line": (
        lambda d: offers(d, (1, {"until": date(2027, 2, 6)})),
        ["-      until: 2027-02-05  # incl.", "+      until: 2027-02-06  # incl."],
    ),
    "a day less": (
        lambda d: offers(d, (0, {"since": None})),
        [
            '-    metadata: {since: 2026-11-01, until: "2026-11-11"}   # the law of the house',
            '+    metadata: {until: "2026-11-11"}   # the law of the house',
        ],
    ),
    "a day more": (
        lambda d: offers(d, (2, {"since": FIRST})),
        [
            "-  - {text: 平时, metadata: {until: 2027-12-31}}",
            "+  - {text: 平时, metadata: {until: 2027-12-31, since: 2026-11-01}}",
        ],
    ),
    "no days": (
        lambda d: offers(d, *((number, {"since": None, "until": None}) for number in range(3))),
        [
            '-    metadata: {since: 2026-11-01, until: "2026-11-11"}   # the law of the house',
            *("-      since: 2027-01-20", "-      until: 2027-02-05  # incl."),
            *("-  - {text: 平时, metadata: {until: 2027-12-31}}", "+  - {text: 平时}"),
        ],
    ),
}


@pytest.mark.parametrize(("edit", "wanted"), DAYS.values(), ids=DAYS)
def test_days_change_and_what_stands_beside_them_stays(
    dated: Snapshot, edit: Edit, wanted: list[str]
) -> None:
    assert changed(dated, edit) == wanted


def test_days_are_read_plain_and_in_quotes(dated: Snapshot) -> None:
    (topic,) = [each for each in language.topics(dated) if each.name == "faq/offers"]
    assert topic.answers == (
        Variation("双十一", since=FIRST, until=LAST),
        Variation("年货节", since=date(2027, 1, 20), until=date(2027, 2, 5)),
        Variation("平时", until=date(2027, 12, 31)),
    )


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (lambda d: language.add_example(d, "greet", "你好"), "already"),
        (
            lambda d: language.add_examples(d, "greet", ["早上好", "你好", " ", "早上好"]),
            "“你好” is already an example of greet. An example is one line .* “早上好” is already",
        ),
        (lambda d: language.replace_example(d, "greet", "你好", "hello"), "already"),
        (
            lambda d: language.set_answer(d, "faq/return_days", [Variation("七天", since=LAST, until=FIRST)]),
            "its last day, 2026-11-01, is before its first, 2026-11-11",
        ),
        (lambda d: language.add_example(d, "nothing", "你好"), "no intent nothing"),
        (lambda d: language.remove_example(d, "greet", "您好"), "no example"),
        (lambda d: language.set_answer(d, "faq/nothing", "x"), "no topic"),
        (lambda d: language.set_answer(d, "faq/return_days", " "), "needs a text"),
        (
            lambda d: language.add_topic(d, "data/nlu/faq/x.yml", "faq/return_days", "greet", ["x"], ["y"]),
            "already",
        ),
        (
            lambda d: language.add_topic(d, "data/nlu/faq/x.yml", "faq/a b", "greet", ["x"], ["y"]),
            "cannot be",
        ),
        (lambda d: language.add_intent(d, "greet", ["x"]), "already"),
        (
            lambda d: lexicon.add_spelling(d, "data/nlu/lexicon/colours.yml", "白色", "黑款"),
            "stands for 黑色",
        ),
        (lambda d: lexicon.set_policy(d, "dispatch_hours", "two"), "whole number"),
        (lambda d: lexicon.set_policy(d, "new", "{x}"), "without braces"),
        (lambda d: stories.add(d, "data/stories/x.yml", "rule: Hello\nsteps: []"), "already"),
        (lambda d: stories.add(d, "data/stories/x.yml", "rule: [a"), "YAML cannot be read"),
        (
            lambda d: stories.add(d, "data/stories/x.yml", "- rule: a\n  steps: []\n- rule: b\n  steps: []"),
            "one rule",
        ),
        (lambda d: stories.remove(d, "story", "Nobody"), "no story"),
    ],
)
def test_what_cannot_be_is_refused(small: Snapshot, edit: Edit, why: str) -> None:
    with pytest.raises(Refused, match=why):
        changed(small, edit)


def test_each_file_of_the_project_takes_an_example(real: Snapshot) -> None:
    """One line each, under its own intent, and again as before when it is taken away."""
    last = {each.path: each.intent for each in language.examples(real)}
    for name in last.values():
        draft = Draft(real)
        language.add_example(draft, name, "测试用的一句话")
        (path,) = draft.changes
        old, new = real.text(path).splitlines(), draft.text(path).splitlines()
        at = next(i for i, line in enumerate(new) if line.strip() == "- 测试用的一句话")
        assert new[:at] + new[at + 1 :] == old
        language.remove_example(draft, name, "测试用的一句话")
        assert draft.changes == {}


def test_every_answer_of_the_project_can_be_changed(real: Snapshot) -> None:
    for topic in language.topics(real)[::7]:
        draft = Draft(real)
        language.set_answer(draft, topic.name, "新的回答，{return_days} 天")
        (path,) = draft.changes
        diff = list(difflib.ndiff(real.text(path).splitlines(), draft.text(path).splitlines()))
        assert [line for line in diff if line[0] in "+-" and "text" in line][
            -1
        ] == "+   - text: 新的回答，{return_days} 天"
        assert sum(line[0] == "+" for line in diff) == 1
        language.set_answer(draft, topic.name, [Variation(each.text, each.channel) for each in topic.answers])
        assert draft.changes == {}


def test_every_policy_and_rule_of_the_project_can_be_changed(real: Snapshot) -> None:
    for name, value in lexicon.policies(real).items():
        if name not in ("dispatch_hours", "self_service_limit"):
            lines = changed(
                real, lambda d, name=name, value=value: lexicon.set_policy(d, name, f"{value} 个")
            )
            assert len(lines) == 2 and lines[1].startswith(f"+{name}: ")
    for each in stories.told(real):
        assert changed(real, lambda d, each=each: stories.replace(d, each.kind, each.name, each.source)) == []


def test_what_is_read(small: Snapshot) -> None:
    assert [(each.name, each.examples) for each in language.intents(small)] == [
        ("greet", 3),
        ("order_status", 3),
    ]
    days, postage = sorted(language.topics(small), key=lambda topic: topic.name)
    assert (days.name, days.intent, days.path, days.line) == (
        *("faq/return_days", "order_status", "data/nlu/faq/returns.yml"),
        9,
    )
    assert days.answers == (Variation("七天内\n无理由"),)
    assert [each.plain for each in postage.questions] == ["退货运费谁出", "退货要邮费吗"]
    assert [(e.plain, e.line) for e in language.examples(small, "order_status")][1:] == [
        ("我昨天买的到哪了", 5),
        ("云感跑鞋发货了吗", 6),
    ]
    assert [(each.kind, each.name, each.line) for each in stories.told(small)][1:] == [
        ("rule", "Hello", 2),
        ("story", "Hello twice", 9),
        ("rule", "Order", 2),
    ]


def test_marks_become_annotations() -> None:
    assert language.annotated("买7号的鞋", [(1, 3, "date", None), (4, 5, "product", "跑鞋")]) == (
        "买[7号](date)的[鞋](product:跑鞋)"
    )
    assert language.annotated("看[图]这里") == "看[图]这里"
    for text, marks in [
        ("[图](链接)", []),
        ("买鞋", [(0, 2, "product", None), (1, 2, "date", None)]),
        ("买鞋", [(0, 9, "product", None)]),
        ("买鞋", [(1, 2, "pro duct", None)]),
    ]:
        with pytest.raises(Refused):
            language.annotated(text, marks)


def test_near_sentences_are_found(real: Snapshot) -> None:
    same, *_ = near.conflicts(real, "密码忘了，怎么找回？", "stock")
    assert (same.example.intent, same.same, same.elsewhere) == ("faq/password_reset", True, True)
    alike, *_ = near.conflicts(real, "密码忘记了怎么找回", "faq/password_reset")
    assert not alike.same and not alike.elsewhere
    assert near.conflicts(real, "完全没有人说过的一句奇怪的话啊", None) == []
    assert near.conflicts(real, " ？！ ", None) == []


# What people's editors make of it. Each: the file, an example to add under `a`, what the file is then.
NASTY = {
    "windows": (
        "nlu:\r\n- intent: a\r\n  examples: |\r\n    - x\r\n- intent: b\r\n  examples: |\r\n    - y\r\n",
        "    - x\r\n",
        "    - x\r\n    - 新\r\n",
    ),
    "no end": ("nlu:\n- intent: a\n  examples: |\n    - x", "    - x", "    - x\n    - 新"),
    "no end, chomped": ("nlu:\n- intent: a\n  examples: |-\n    - x", "    - x", "    - x\n    - 新"),
    "blank lines kept": (
        "nlu:\n- intent: a\n  examples: |+\n    - x\n\n\n- intent: b\n  examples: |\n   - y\n",
        "    - x\n",
        "    - x\n    - 新\n",
    ),
    "deep": (
        "nlu:\n    -   intent: a   # c\n        # d\n        examples: |   # e\n"
        "            -   x\n      # f\n",
        "-   x\n",
        "-   x\n            - 新\n",
    ),
    "keys turned round": (
        "nlu:\n- examples: |\n    - x\n\n    - z\n  # why\n  intent: a\n",
        "    - z\n",
        "    - z\n    - 新\n",
    ),
    "emoji and comments": (
        "# 头\nnlu: # 😀\n\n- intent: a\n  examples: |\n    - 👌🏽 # no comment\n\n# 尾\n",
        "# no comment\n",
        "# no comment\n    - 新\n",
    ),
    "twice": (
        "nlu:\n- intent: a\n  examples: |\n    - x\n    - x\n",
        "    - x\n    - x\n",
        "    - x\n    - x\n    - 新\n",
    ),
    "mark of byte order": (
        "\ufeffnlu:\n- intent: a\n  examples: |\n    - x\n",
        "    - x\n",
        "    - x\n    - 新\n",
    ),
    "in quotes": ('nlu:\n- intent: a\n  examples: "- x"   # c\n', '"- x"', '"- x\\n- 新\\n"'),
    "in braces": ("nlu: [{intent: a, examples: '- x'}] # c\n", "'- x'", '"- x\\n- 新\\n"'),
    "folded": (
        "nlu:\n- intent: a\n  examples: >-\n    - x\n\n    - z\n",
        ">-\n    - x\n\n    - z\n",
        "|\n    - x\n    - z\n    - 新\n",
    ),
    "anchored": (
        "nlu:\n- intent: a\n  examples: &e |\n    - x\n- intent: b\n  extra: &f 1\n  examples: |\n   - y\n",
        None,
        None,
    ),
    "aliased": ("nlu:\n- intent: b\n  examples: &e |\n    - x\n- intent: a\n  examples: *e\n", None, None),
}


@pytest.mark.parametrize(("text", "old", "new"), NASTY.values(), ids=NASTY)
def test_nasty_files(text: str, old: str | None, new: str | None) -> None:
    path = "data/nlu/a.yml"
    draft = Draft(Snapshot("", {}, ""))
    draft.write(path, text)
    if old is None or new is None:
        try:
            language.add_example(draft, "a", "新")
        except Refused as why:
            assert "Edit the file itself" in str(why)
            assert draft.text(path) == text
        else:
            assert [each.text for each in language.examples(draft, "a")] == ["x", "新"]
        return
    language.add_example(draft, "a", "新")
    assert draft.text(path) == text.replace(old, new)
    assert language.examples(draft, "a")[-1].text == "新"
    if old not in ('"- x"', "'- x'") and not old.startswith(">"):
        language.remove_example(draft, "a", "新")
        assert draft.text(path) == text


def test_tabs_are_no_yaml() -> None:
    draft = Draft(Snapshot("", {}, ""))
    draft.write("data/nlu/a.yml", "nlu:\n- intent: a\n\texamples: |\n    - x\n")
    with pytest.raises(Refused, match="no intent a"):
        language.add_example(draft, "a", "新")


def test_the_small_files_are_as_they_were(small: Snapshot) -> None:
    """What the tests above compare with is what was written."""
    for path in small.files():
        assert small.text(path) == SMALL[path]

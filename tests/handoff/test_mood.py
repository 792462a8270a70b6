"""The mood of messages: measured on labelled ones, and in cases that tell."""

import random
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot.cli import app
from bot.handoff import mood
from bot.handoff.mood_measure import CALM, figures, read_all
from bot.settings import ROOT

CASES = ROOT / "tests" / "mood_cases"
MINE = ("angry", "unhappy", "hurried", "pleased", None)
# What rules over words stumble on: their own marks, signs, gaps, titles, scripts, things unseen.
ODD_SIGNS = "急滚不没气死^$|()《》!?！？。,~ \t\n*·哈666sbSB\0\ud800\u200b\u202e\ufe0f😡👍﷽ſİ廢物"
ODD = st.text(st.sampled_from(ODD_SIGNS), max_size=60)


def figures_of(table: str) -> dict[str, tuple[float, float]]:
    return {each.label: (each.precision, each.recall) for each in figures(read_all(CASES / table))}


def test_the_test_set_is_read_well() -> None:
    measured = figures_of("test.tsv")
    assert measured["angry"][0] >= 0.9
    assert measured["angry"][1] >= 0.75
    assert min(min(pair) for pair in measured.values()) >= 0.85


def test_no_message_is_in_both_sets() -> None:
    dev, test = ({each.text for each in read_all(CASES / f"{name}.tsv")} for name in ("dev", "test"))
    assert not dev & test
    assert len(dev) + len(test) >= 800


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", None),
        ("我的快递到哪了", None),
        ("垃圾袋有吗", None),
        ("真是垃圾", "angry"),
        ("這什麼垃圾", "angry"),
        ("垃*圾", "angry"),
        ("垃\u200b圾", "angry"),
        ("收件人改成我妈的名字", None),
        ("投诉电话是多少", None),
        ("我要投诉", "angry"),
        ("不是要投诉，就是问问", None),
        ("我不生气", None),
        ("我很生气", "angry"),
        ("有点生气", "unhappy"),
        ("你们是骗子吗", None),
        ("《愤怒的葡萄》有货吗", None),
        ("请贵司给出书面答复，否则我将向市场监管部门反映", "angry"),
        ("服务态度太度差", "unhappy"),
        ("快", "hurried"),
        ("快充头多少钱", None),
        ("能不能快点", "hurried"),
        ("不急", None),
        ("？？？", "hurried"),
        ("真棒", "pleased"),
        ("真棒，又发错", "unhappy"),
        ("谢谢", "pleased"),
        ("麻烦查一下物流，谢谢", None),
        ("谢谢你们，等了十天等来个空盒，骗子", "angry"),
        ("好用吗", None),
    ],
)
def test_read(text: str, read: str | None) -> None:
    assert mood.read(text) == read


@given(st.text(max_size=200) | ODD)
@example("\ud800")
@example("﷽" * 200)
def test_nothing_breaks_it(text: str) -> None:
    assert mood.read(text) in MINE


@pytest.mark.parametrize("part", ["急", "滚你 ", "《", "我要会去", "不没", "!?", "﷽", "\u202e", "a1"])
def test_only_so_much_is_read(part: str) -> None:
    much = part * (2_000_000 // len(part))
    assert mood.read(much) == mood.read(much[: mood.LIMIT])


def test_no_word_both_hides_a_mood_and_shows_one() -> None:
    both = [w for w, marks in mood.lexicon().marks.items() if len({m == CALM for m, *_ in marks}) > 1]
    assert both == []


@pytest.mark.parametrize(
    ("moods", "unsure", "over"),
    [
        ([], True, False),
        (["angry"], False, False),
        (["angry"], True, True),
        (["angry", None, "angry"], False, True),
        (["angry", "hurried", "angry"], False, True),
        (["angry", "angry", "pleased"], True, False),
        (["angry", "angry", None], True, False),
        (["angry", None, None, None, "angry"], False, False),
        (["unhappy", "unhappy", "unhappy"], True, False),
    ],
)
def test_early(moods: list[str | None], unsure: bool, over: bool) -> None:
    assert mood.early(moods, unsure) is over


def test_the_worst_comes_first() -> None:
    every = ["pleased", None, "hurried", "unhappy", "angry"]
    random.shuffle(every)
    assert mood.worst(every) == "angry"
    assert mood.worst(["pleased", None]) is None
    assert mood.worst(["pleased"]) == "pleased"
    assert mood.worst([]) is None


def test_the_command_measures_and_names_what_is_wrong(tmp_path: Path) -> None:
    table = tmp_path / "cases.tsv"
    table.write_text('text\tlabel\n气死我了\tangry\n真是"垃圾"\tangry\n你好\tpleased\n', encoding="utf-8")
    shown = CliRunner().invoke(app, ["mood", str(table)])
    assert shown.exit_code == 0
    assert re.search(r"angry +2 +1\.000 +1\.000", shown.output)
    assert re.search(r"pleased +1 +1\.000 +0\.000", shown.output)
    assert "pleased read as calm: 你好" in shown.output


def test_a_table_without_labels_is_named(tmp_path: Path) -> None:
    table = tmp_path / "cases.tsv"
    table.write_text("text\tlabel\n气死我了\tfurious\n", encoding="utf-8")
    for path, why in ((table, "cases.tsv:2"), (tmp_path / "none.tsv", "none.tsv")):
        shown = CliRunner().invoke(app, ["mood", str(path)])
        assert shown.exit_code == 1
        assert why in shown.output

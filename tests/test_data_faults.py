"""The sentences of what is wrong with the data, in both languages."""

import ast
import string
from collections.abc import Iterator

import pytest

from bot.data_faults import Fault, kept, read, said
from bot.data_files import read_plain
from bot.settings import ROOT

SENTENCES = read_plain(ROOT, ROOT / "bot" / "data_faults.yml")


def raised() -> Iterator[tuple[str, str, set[str]]]:
    """Place, code and facts of each fault that the code makes."""
    for path in sorted((ROOT / "bot").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Fault":
                place = f"{path.relative_to(ROOT)}:{node.lineno}"
                codes, facts = node.args[0], set()
                for each in node.keywords:
                    named = each.value.keys if isinstance(each.value, ast.Dict) and not each.arg else []
                    facts |= {each.arg} if each.arg else {ast.literal_eval(key) for key in named if key}
                for code in _codes(codes):
                    yield place, code, facts


def _codes(node: ast.expr) -> list[str]:
    match node:
        case ast.Constant(value=str(code)):
            return [code]
        case ast.IfExp(body=one, orelse=other):
            return _codes(one) + _codes(other)
        case ast.JoinedStr(values=[ast.FormattedValue(), ast.Constant(value=str(end))]):
            return [f"{kind}{end}" for kind in ("rule", "story")]
    return []


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_each_sentence_is_there_in_both_languages_with_the_same_facts() -> None:
    for code, sentence in SENTENCES.items():
        assert set(sentence) == {"zh", "en"}, code
        assert fields(sentence["zh"]) <= fields(sentence["en"]), code
        assert any("\u4e00" <= sign <= "\u9fff" for sign in sentence["zh"]) or code == "response_days"


def test_each_fault_that_is_made_has_its_sentence_and_all_its_facts() -> None:
    made = [*raised()]
    for place, code, facts in made:
        assert code in SENTENCES, place
        assert fields(SENTENCES[code]["en"]) <= facts, place
    assert {code for _, code, _ in made} == set(SENTENCES)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("intent_unused", place="domain.yml:3", intent="greet"),
        Fault("reply_unfilled", place="a.yml:1", name="{x}"),
        Fault(
            "response_days", place="a.yml:1", response="utter_a", why=Fault("no_day", name="since", value=1)
        ),
    ],
)
def test_a_fault_is_the_same_after_it_was_stored(fault: Fault) -> None:
    again = read(kept(fault))
    assert "\n" not in kept(fault)
    assert (again, said(again, "zh"), said(again, "en")) == (fault, said(fault, "zh"), fault)


def test_what_is_no_fault_is_said_as_it_is() -> None:
    for line in ("Contradicting rules", "{", '"a"', '{"code": "none of ours", "facts": {}}'):
        assert said(read(line), "zh") == line


def test_a_fault_in_a_fault_is_said_in_the_same_language() -> None:
    day = Fault("no_day", name="since", value="双十一")
    fault = Fault("response_days", place="a.yml:1", response="utter_a", why=day)
    assert said(fault, "zh") == "a.yml:1：utter_a：since“双十一”不是日期，请写成 2026-11-01。"

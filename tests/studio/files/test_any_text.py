"""Whatever is typed is stored exactly, and read so by every reader, or is refused with a sentence."""

from io import StringIO

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from bot.studio.files import Refused, Snapshot, language, lexicon
from bot.studio.files.snapshot import Draft

from .small import SMALL

SPECIAL = st.sampled_from(
    [
        *"\n\r\t\0:#-?[]{}()|>&*!%@`'\"\\,~=<",
        *(
            "- ",
            ": ",
            " #",
            "---",
            "...",
            "|-",
            "{x}",
            "[x](y)",
            '[x]{"entity": "date"}',
            "null",
            "no",
            "1_0",
        ),
        *(
            "\u202e",
            "\u2066",
            "\u200d",
            "\ufeff",
            "\x85",
            "\u2028",
            "\x1b[31m",
            "\ud83d",
            "👩‍👩‍👧",
            "你",
            "\u3000",
        ),
    ]
)
TEXT = st.lists(st.one_of(SPECIAL, st.text(max_size=4)), max_size=6).map("".join)


def draft_of_small() -> Draft:
    draft = Draft(Snapshot("", {}, ""))
    for path, text in SMALL.items():
        if not path.startswith("actions"):
            draft.write(path, text)
    return draft


def as_rasa_reads(text: str) -> object:
    reader = YAML(typ="safe", pure=True)
    reader.version = (1, 1)  # type: ignore[assignment]
    return reader.load(StringIO(text))


@settings(max_examples=150, deadline=None)
@given(TEXT)
@example("- 你好")
@example("|")
@example("你好\nnlu: []")
@example("a" * 1001)
@pytest.mark.parametrize("intent", ["greet", "order_status"])
def test_examples(intent: str, text: str) -> None:
    draft = draft_of_small()
    path = f"data/nlu/{intent}.yml"
    try:
        language.add_example(draft, intent, text)
    except Refused as why:
        assert str(why).endswith(".")
        assert draft.text(path) == SMALL[path]
        return
    content = as_rasa_reads(draft.text(path))
    lines = content["nlu"][0]["examples"].splitlines()  # type: ignore[index]
    assert lines[-1].removeprefix("-").strip() == text.strip() and len(lines) == 4
    language.remove_example(draft, intent, text)
    assert draft.text(path) == SMALL[path]


@settings(max_examples=150, deadline=None)
@given(TEXT)
@example("七天\n\n  无理由\n")
@pytest.mark.parametrize("topic", ["faq/return_postage", "faq/return_days"])
def test_answers(topic: str, text: str) -> None:
    draft = draft_of_small()
    path = "data/nlu/faq/returns.yml"
    try:
        language.set_answer(draft, topic, text)
    except Refused as why:
        assert str(why).endswith(".")
        assert draft.text(path) == SMALL[path]
        return
    content = as_rasa_reads(draft.text(path))
    assert content["responses"][f"utter_{topic}"] == [{"text": text}]  # type: ignore[index]
    assert "  # as the law has it\n" in draft.text(path)
    assert content["nlu"] == as_rasa_reads(SMALL[path])["nlu"]  # type: ignore[index]


@settings(max_examples=100, deadline=None)
@given(TEXT)
def test_policies_and_words(text: str) -> None:
    draft = draft_of_small()
    try:
        lexicon.set_policy(draft, "fee", text)
    except Refused:
        assert draft.text(lexicon.POLICIES) == SMALL[lexicon.POLICIES]
    else:
        assert YAML(typ="base").load(draft.text(lexicon.POLICIES))["fee"] == text.strip()
    path = "data/nlu/lexicon/colours.yml"
    try:
        lexicon.add_spelling(draft, path, "白色", text)
    except Refused:
        assert draft.text(path) == SMALL[path]
    else:
        assert as_rasa_reads(draft.text(path))["白色"] == ["白款", " ".join(text.split())]  # type: ignore[index]
        assert "# few" in draft.text(path)

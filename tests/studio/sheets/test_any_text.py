"""Whatever the files hold comes through a sheet unchanged; what a clerk writes arrives as she wrote it."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path

import pygit2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.studio.files import Refused, Snapshot, language
from bot.studio.files.language import Topic, Variation, as_line
from bot.studio.files.snapshot import Draft
from bot.studio.sheets import SENTENCES, Options, csv_of, xlsx_of
from bot.studio.sheets.columns import normal
from bot.studio.sheets.plan import planned, put
from bot.studio.sheets.reading import read
from tests.studio.files.small import SMALL

TOPIC = "faq/return_postage"
SPECIAL = st.sampled_from(
    [
        *",;\t\n\r\"'=+-@|#:{}[]<>&",
        *(
            "=1+1",
            "'=x",
            "''",
            "+86",
            "-- ",
            "@微信",
            "=HYPERLINK(1)",
            "_x000A_",
            "_x005F_",
            "\x0b",
            "\x85",
            "\u2028",
        ),
        *(
            "\r\n",
            "\n\n",
            " ",
            "\u3000",
            "\u00a0",
            "👩‍👩‍👧",
            "🤯",
            "你",
            "退",
            "1/2",
            "2026-11-01",
            "007",
            "1e5",
            "\ufeff",
        ),
    ]
)
# A file with a NUL in it is no CSV at all.
SIGNS = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
TEXT = st.lists(st.one_of(SPECIAL, st.text(SIGNS, max_size=4)), min_size=1, max_size=6).map("".join)
DAY = st.one_of(st.none(), st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1)))
VARIATION = st.builds(Variation, TEXT, st.sampled_from(["", "web", "wechat"]), DAY, DAY)


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pygit2.Repository]:
    folder: Path = tmp_path_factory.mktemp("git")
    yield pygit2.init_repository(str(folder))


def small() -> Draft:
    draft = Draft(Snapshot("", {}, ""))
    for path, text in SMALL.items():
        if not path.startswith("actions"):
            draft.write(path, text)
    return draft


def snapshot(git: pygit2.Repository, draft: Draft) -> Snapshot:
    """The draft's files as a commit holds them."""
    blobs: Mapping[str, str] = {
        path: str(git.create_blob(draft.text(path).encode())) for path in draft.files()
    }
    return Snapshot(hashlib.sha1(repr(sorted(blobs.items())).encode()).hexdigest(), blobs, git.path)


def written(kind: str, topics: list[Topic], spoken: str = "zh") -> bytes:
    return csv_of(topics, SENTENCES[spoken]) if kind == "csv" else xlsx_of(topics, SENTENCES[spoken])


@settings(max_examples=50, deadline=None)
@given(
    spoken=st.sampled_from(["zh", "en"]),
    questions=st.lists(TEXT, max_size=4),
    answers=st.lists(VARIATION, min_size=1, max_size=3),
)
@example(
    spoken="zh",
    questions=["=1+1", "'=x", 'a,b"c'],
    answers=[Variation('=1\n+2,"3"'), Variation("'@"), Variation("_x0041_")],
)
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_unchanged_sheet_changes_nothing(
    git: pygit2.Repository, kind: str, spoken: str, questions: list[str], answers: list[Variation]
) -> None:
    draft = small()
    for each in questions:
        with suppress(Refused):
            language.add_example(draft, TOPIC, each)
    kept = list[Variation]()
    for answer in answers:
        with suppress(Refused):
            language.set_answer(draft, TOPIC, [*kept, answer])
            kept.append(answer)
    files = snapshot(git, draft)
    plan = planned(files, read(written(kind, language.topics(files), spoken)), Options(True, True))
    assert plan.faults == [] and plan.empty and plan.lacking == 0 and plan.gone == []


@settings(max_examples=50, deadline=None)
@given(questions=st.lists(TEXT, min_size=1, max_size=4), answers=st.lists(VARIATION, min_size=1, max_size=3))
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_a_clerk_writes_is_told_to_be_wrong_or_written(
    git: pygit2.Repository, kind: str, questions: list[str], answers: list[Variation]
) -> None:
    files = snapshot(git, small())
    first, second = language.topics(files)
    typed = [language.Example(TOPIC, each, each, "", 0) for each in questions]
    wished = Topic(TOPIC, first.intent, (*first.questions[:1], *typed), tuple(answers), first.path, 0, "", 0)
    plan = planned(files, read(written(kind, [wished, second])), Options(questions=True))
    if plan.faults:
        assert all(fault.row for fault in plan.faults)
        return
    draft = Draft(files)
    put(draft, plan)
    now = next(each for each in language.topics(draft) if each.name == TOPIC)
    said = {as_line(line) for each in wished.questions for line in each.text.splitlines()} - {""}
    assert {as_line(each.text) for each in now.questions} == said
    there = [each for each in answers if normal(each.text)]
    if there:
        assert sorted(map(repr, now.answers)) == sorted(
            repr(Variation(normal(each.text), each.channel, each.since, each.until)) for each in there
        )
    assert draft.text("data/nlu/greet.yml") == SMALL["data/nlu/greet.yml"]

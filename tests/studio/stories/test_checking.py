"""What contradicts is found by Rasa's own checks, without a training, and told in names."""

import os
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path

import psutil
import pytest

from bot.settings import ROOT
from bot.studio.files import Draft, Snapshot
from bot.studio.files import stories as kept
from bot.studio.files.snapshot import Files
from bot.studio.stories.checking import Contradiction, Outcome, Party, Step, check
from bot.studio.stories.sentences import SENTENCES, plain, told

from .conftest import lay

# Rasa is slow to load where others are at work.
pytestmark = pytest.mark.timeout(300)
NEW = (
    "- rule: Hello again\n  steps:\n  - intent: greet\n  - action: utter_sent",
    "- rule: Left open\n  steps:\n  - intent: thanks\n  - action: order_form",
    "- rule: Two messages\n  steps:\n  - intent: faq\n  - action: utter_faq\n  - intent: faq",
    "- story: A 'quoted' > one\n  steps:\n  - intent: order_status\n  - action: utter_sent",
    "- story: Meets\n  steps:\n  - intent: faq\n  - checkpoint: met",
    "- story: Goes on\n  steps:\n  - checkpoint: met\n  - action: utter_sent",
)


async def outcome(files: Files) -> tuple[list[str], Outcome]:
    steps, found = [], Outcome(failed="nothing was told")
    async for each in check(files):
        if isinstance(each, Step):
            steps.append(each.name)
        else:
            found = each
    return steps, found


async def test_what_contradicts_is_named(now: Snapshot) -> None:
    draft = Draft(now)
    for source in NEW:
        kept.add(draft, "data/stories/greet.yml", source)
    steps, found = await outcome(draft)
    assert not found.failed
    assert steps == ["loading", "reading", "rules", "stories"]
    pairs = {
        (each.what, frozenset(zip([party.name for party in each.parties], each.actions, strict=False)))
        for each in found.found
    }
    assert ("contradiction", frozenset({("Hello", "utter_greet"), ("Hello again", "utter_sent")})) in pairs
    # A story that a rule contradicts; its name has what separates names elsewhere.
    story, rule = ("A 'quoted' > one", "utter_sent"), ("Which order", "order_form")
    assert ("contradiction", frozenset({story, rule})) in pairs
    assert ("conflict", frozenset({story, ("Asks and says thanks", "order_form")})) in pairs
    assert ("incomplete", frozenset({("Left open", "order_form")})) in pairs
    # Of stories that a checkpoint joins, the one that goes on is named.
    assert any(each.names("story", "Goes on") and each.names("rule", "Faq") for each in found.found)
    assert [each.parties[0].name for each in found.found if each.what == "messages"] == ["Two messages"]
    for language, say in SENTENCES.items():
        sentences = [told(say, each) for each in found.found]
        said = "\n".join(plain(parts) for parts in sentences)
        assert "“Hello again”" in said and "utter_sent" in said and "\0" not in said, language
        linked = {part.party.path for parts in sentences for part in parts if part.party}
        assert {Path(path).stem for path in linked} == {"greet", "order_status", "faq", "thanks"}


def test_the_command_says_the_same(tmp_path: Path) -> None:
    lay(tmp_path)
    command = [sys.executable, "-m", "bot.cli", "studio", "check"]
    given = {**os.environ, "GUITAI_BOT_DIR": str(tmp_path), "GUITAI_DATA_DIR": str(tmp_path / "var")}
    done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "No contradictions."), done.stderr


async def test_what_cannot_be_checked_says_why(now: Snapshot, tmp_path: Path) -> None:
    draft = Draft(now)
    draft.write("domain.yml", "intents: {greet")
    _, found = await outcome(draft)
    assert found.failed and not found.found
    async for each in check(now, python=tmp_path / "none"):
        assert isinstance(each, Outcome) and "none" in each.failed


async def test_who_leaves_leaves_no_process(now: Snapshot) -> None:
    me = psutil.Process()
    before = set(me.children(recursive=True))
    async with aclosing(check(now)) as steps:
        assert await anext(steps) == Step("loading")
        (process,) = set(me.children(recursive=True)) - before
        assert not any(name.startswith("GUITAI_") for name in process.environ())
    assert not process.is_running()


def test_actions_stand_with_what_they_are_called() -> None:
    parties = (Party("rule", "Hello", "a.yml"), Party("rule", "Bye", "a.yml"))
    found = Contradiction("contradiction", parties, ("utter_greet", "action_x"))
    said = plain(told(SENTENCES["zh"], found, {"utter_greet": "您好" * 20, "action_x": ""}.__getitem__))
    assert "做 utter_greet（" in said and "…），" in said and "做 action_x。" in said
    assert "（" not in plain(told(SENTENCES["zh"], found))

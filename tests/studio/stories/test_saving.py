"""Each change is one commit; who comes second is told and overwrites nothing."""

from pathlib import Path

import pytest

from bot.studio.files import Refused, Repository
from bot.studio.stories import saving
from bot.studio.stories.saving import Changed, Which, found, version

from .conftest import LI, ORDER_STATUS, WANG

PATH = "data/stories/order_status.yml"


def which(files: Repository, name: str) -> Which:
    there = found(files.look(), "rule", name)
    assert there
    return Which("rule", name, there.path, version(there.source))


def test_comments_and_order_stay(files: Repository, bot_dir: Path) -> None:
    mine = which(files, "Which order")
    there = found(files.look(), "rule", "Which order")
    assert there
    saving.replace(
        files, LI, "one", mine, there.source.replace("order_form\n  - active", "utter_sent\n  - active")
    )
    assert (bot_dir / PATH).read_text() == ORDER_STATUS.replace("order_form", "utter_sent", 1)
    change = files.history(1)[0]
    assert (change.author.name, change.summary, change.paths) == ("李姐", "one", (PATH,))


def test_neighbours_are_both_kept(files: Repository, bot_dir: Path) -> None:
    first, second = which(files, "Which order"), which(files, "The order is known")
    saving.replace(
        files, LI, "li", first, "- rule: First\n  steps:\n  - intent: order_status\n  - action: utter_sent"
    )
    saving.remove(files, WANG, "wang", second)
    written = (bot_dir / PATH).read_text()
    assert "- rule: First" in written and "The order is known" not in written and "# asked for" in written


def test_the_second_is_told_who_was_first(files: Repository) -> None:
    mine, theirs = which(files, "Hello"), which(files, "Hello")
    text = "- rule: Hello\n  steps:\n  - intent: greet\n  - action: utter_sent"
    saving.replace(files, LI, "li", theirs, text)
    with pytest.raises(Changed) as told:
        saving.replace(files, WANG, "wang", mine, text.replace("utter_sent", "utter_greet"))
    assert told.value.by == "李姐" and told.value.now and told.value.now.source == text
    kept = Which("rule", "Hello", mine.path, version(text))
    saving.replace(files, WANG, "wang", kept, text.replace("utter_sent", "utter_greet"))
    assert files.history(1)[0].author.name == "王五"


def test_what_is_gone_is_told(files: Repository) -> None:
    mine = which(files, "The order is known")
    saving.remove(files, LI, "li", mine)
    with pytest.raises(Changed) as told:
        saving.remove(files, WANG, "wang", mine)
    assert told.value.now is None and told.value.by == "李姐"


def test_what_the_data_check_refuses_is_not_kept(files: Repository, bot_dir: Path) -> None:
    before = files.head()
    with pytest.raises(Refused, match="nobody"):
        saving.add(files, LI, "bad", "data/stories/greet.yml", "- rule: Bad\n  steps:\n  - intent: nobody")
    with pytest.raises(Refused, match="already"):
        saving.add(files, LI, "bad", "data/stories/greet.yml", "- rule: Faq\n  steps:\n  - intent: greet")
    assert files.head() == before

"""``bot studio faq``: the topics from the terminal."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog
from click.testing import Result
from typer.testing import CliRunner

from bot.faq_command import app
from bot.settings import Settings
from bot.studio.files import Repository, language
from bot.studio.files.language import Variation
from tests.commands import bot
from tests.studio.files.small import lay

from .conftest import csv_file, opened

Faq = Callable[..., Result]
BOX = ["box", "box", "greet", "盒子要还吗", "要的", "", "", ""]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, bot_dir=lay(tmp_path / "bot"))


@pytest.fixture
def faq(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Faq:
    """The command in this process, as most of a command's seconds are its start."""
    monkeypatch.setattr("bot.settings.settings", settings)
    before = structlog.get_config()

    def run(*arguments: str) -> Result:
        done = CliRunner().invoke(app, arguments)
        structlog.configure(**before)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    return run


def topics(settings: Settings) -> dict[str, language.Topic]:
    return {each.name: each for each in language.topics(Repository(settings.bot_dir).look())}


def test_the_command_is_there(settings: Settings) -> None:
    done = bot(settings, "studio", "faq", "list", "--json")
    assert done.returncode == 0 and done.stderr == ""
    assert [each["name"] for each in json.loads(done.stdout)] == ["faq/return_postage", "faq/return_days"]


def test_a_topic_from_the_terminal(settings: Settings, faq: Faq) -> None:
    def said(*arguments: str) -> str:
        done = faq(*arguments)
        assert done.exit_code == 0, done.stderr
        return done.stdout

    listed = said("list").splitlines()
    assert [line.split() for line in listed] == [
        ["return_postage", "returns", "2", "退货运费谁出"],
        ["return_days", "returns", "1", "几天内能退"],
    ]
    assert said("list", "邮费").split()[0] == "return_postage" and said("list", "--area", "x") == ""
    given = ("--area", "returns", "--intent", "greet", "--answer", "能的")
    said("add", "opened_box", *given, "--question", "拆了能退吗", "--question", "开封了")
    said("question", "opened_box", "拆封了  怎么退")
    said("question", "opened_box", "开封了", "--remove")
    said("answer", "opened_box", "能退", "--as", "li")
    said("answer", "opened_box", "微信上能退", "--channel", "wechat", "--from", "2026-11-01")
    said("answer", "opened_box", "微信也能退", "--channel", "wechat", "--from", "2026-11-01")
    made = topics(settings)["faq/opened_box"]
    assert [each.text for each in made.questions] == ["拆了能退吗", "拆封了 怎么退"]
    assert made.answers[0] == Variation("能退")
    assert [(each.text, each.channel) for each in made.answers[1:]] == [("微信也能退", "wechat")]
    shown = said("show", "faq/opened_box")
    assert "counts as  greet" in shown and "微信也能退  (on wechat, from 2026-11-01)" in shown
    assert json.loads(said("show", "opened_box", "--json"))["answers"][1]["since"] == "2026-11-01"
    assert len(json.loads(said("list", "--json"))) == 3
    assert Repository(settings.bot_dir).history()[2].author.name == "li"
    said("remove", "opened_box", "--yes")
    assert list(topics(settings)) == ["faq/return_postage", "faq/return_days"]


def test_what_cannot_be_done_is_told(settings: Settings, faq: Faq) -> None:
    before = Repository(settings.bot_dir).head()
    for arguments, sentence in {
        ("show", "nothing"): "There is no topic faq/nothing",
        ("remove", "return_days"): "give --yes",
        ("question", "return_days", "几天内能退"): "already an example",
        ("question", "return_days", "你好"): "is also under",
        ("answer", "return_days", "{nothing} 天"): "which nothing fills in",
        ("export", "topics.pdf"): "name it .xlsx or .csv",
        ("export", "/nowhere/topics.csv"): "cannot be written",
        ("import", "/nowhere/topics.csv"): "cannot be read",
    }.items():
        done = faq(*arguments)
        assert done.exit_code == 1 and sentence in done.stderr, (arguments, done.stderr)
    assert Repository(settings.bot_dir).head() == before


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_out_to_a_sheet_and_back(settings: Settings, faq: Faq, tmp_path: Path, kind: str) -> None:
    file = tmp_path / f"topics.{kind}"
    done = faq("export", str(file))
    assert done.exit_code == 0 and "2 topics" in done.stdout
    unchanged = faq("import", str(file))
    assert unchanged.exit_code == 0 and "nothing to write" in unchanged.stdout
    if kind == "xlsx":
        book = opened(file.read_bytes())
        assert book.worksheets[0]["A1"].value == "分类"
        book.worksheets[0].append(BOX)
        book.save(file)
    else:
        file.write_bytes(csv_file([BOX]))
    unsure = faq("import", str(file))
    assert unsure.exit_code == 1 and "faq/box  (New topic)" in unsure.stdout and "--yes" in unsure.stderr
    assert "faq/box" not in topics(settings)
    written = faq("import", str(file), "--yes", "--as", "li")
    assert written.exit_code == 0 and "Written: " in written.stdout, written.stderr
    assert len(topics(settings)) == 3
    assert Repository(settings.bot_dir).history()[0].summary == "Sheet imported. New topics: 1"
    if kind == "csv":
        assert "2 topics stay" in written.stderr
        gone = faq("import", str(file), "--yes", "--remove-topics")
        assert gone.exit_code == 0 and list(topics(settings)) == ["faq/box"]


def test_the_problems_of_a_sheet(settings: Settings, faq: Faq, tmp_path: Path) -> None:
    file = tmp_path / "topics.csv"
    file.write_bytes(csv_file([BOX, ["", "", "", "\x1b红", "", "电话", "soon", ""]]))
    refused = faq("import", str(file), "--yes")
    assert refused.exit_code == 1 and refused.stdout == "" and "\x1b" not in refused.stderr
    assert refused.stderr.splitlines()[:-1] == [
        "Row 3, Channel: There is no channel “电话”. Write Web or WeChat, or leave it empty.",
        "Row 3, From: “soon” is no date. Write it as 2026-11-01.",
        "Row 3, Answer: There is a channel or a date, but no answer.",
        "Row 3, Question: It has control characters in it. Type it again.",
    ]
    assert "Nothing was written: 4 to mend." in refused.stderr
    assert "faq/box" not in topics(settings)

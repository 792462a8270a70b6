"""Which side answers with which model: one file, whole or not there, that several processes read."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bot import live_model
from bot.live_model import Live, NoModel, Unreadable
from bot.settings import ROOT

LIVE = Live("green", "guitai-a.tar.gz", "guitai-b.tar.gz", "2026-11-23T12:00:00+00:00")


def test_without_a_file_blue_answers(tmp_path: Path) -> None:
    assert live_model.read(tmp_path) is None and live_model.side(tmp_path) == "blue"


def test_what_was_written_is_read_also_after_a_change_in_the_same_moment(tmp_path: Path) -> None:
    live_model.write(tmp_path, LIVE)
    assert live_model.read(tmp_path) == LIVE and live_model.side(tmp_path) == "green"
    assert (LIVE.other, LIVE.model("blue"), LIVE.model("green")) == ("blue", LIVE.blue, LIVE.green)
    for number in range(20):
        changed = LIVE.with_model("blue", f"guitai-{number}.tar.gz")
        live_model.write(tmp_path, changed)
        assert live_model.read(tmp_path) == changed
    assert [path.name for path in tmp_path.iterdir()] == ["live.json"]
    live_model.remove(tmp_path)
    assert live_model.side(tmp_path) == "blue"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        json.dumps({**vars(LIVE), "live": "red"}),
        json.dumps({**vars(LIVE), "green": None}),  # the one that answers needs a model
        json.dumps({**vars(LIVE), "blue": "../../etc/passwd"}),
        json.dumps({**vars(LIVE), "blue": 7}),
        json.dumps({**vars(LIVE), "since": None}),
        json.dumps({**vars(LIVE), "more": 1}),
        "\udcff".encode("utf-8", "surrogateescape").decode("latin-1"),
    ],
)
def test_a_file_that_says_nothing_usable_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "live.json").write_text(content, encoding="latin-1")
    with pytest.raises(Unreadable, match="put it right or delete it"):
        live_model.read(tmp_path)


@pytest.mark.parametrize("name", ["guitai-a", "guitai-a.tar.gz"])
def test_a_model_is_found_by_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "guitai-a.tar.gz").touch()
    assert live_model.archive(tmp_path, name) == tmp_path / "guitai-a.tar.gz"


@pytest.mark.parametrize(
    "name", ["guitai-b", "", "../a", "a/../guitai-a", "/etc/passwd", "live.json", "a\0b", "."]
)
def test_nothing_else_is_a_model(tmp_path: Path, name: str) -> None:
    (tmp_path / "guitai-a.tar.gz").touch()
    (tmp_path.parent / "a.tar.gz").touch()
    with pytest.raises(NoModel):
        live_model.archive(tmp_path, name)


def test_one_is_alone_until_it_leaves_or_dies(tmp_path: Path) -> None:
    with live_model.alone(tmp_path) as first, live_model.alone(tmp_path) as second:
        assert first and not second
    code = (
        "import pathlib, sys, time; from bot import live_model\n"
        "with live_model.alone(pathlib.Path(sys.argv[1])) as alone: print(alone, flush=True); time.sleep(60)"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout and other.stdout.readline() == "True\n"
    with live_model.alone(tmp_path) as alone:
        assert not alone
    other.kill()
    other.wait()
    with live_model.alone(tmp_path) as alone:
        assert alone

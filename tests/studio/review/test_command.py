"""``bot studio review``: the inbox from the terminal."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot import migrations
from bot.conversations.database import connect
from bot.conversations.store import Store
from bot.handoff.routing import Routing
from bot.settings import ROOT

from .conftest import begun, collected, said, small_bot


@pytest.mark.slow
def test_groups_are_listed_decided_on_and_opened_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'guitai.db'}"
    migrations.upgrade(url)
    store = Store(connect(url), desk_rules=Routing())
    bot_dir = small_bot(tmp_path / "bot")
    said(store, begun(store), "包裹趴窝三天了\x1b[31m")
    collected(store)

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "GUITAI_DATA_DIR": str(tmp_path), "GUITAI_BOT_DIR": str(bot_dir)}
        command = [sys.executable, "-m", "bot.cli", "studio", "review", *arguments]
        return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)

    assert "\x1b" not in run().stdout
    [group] = json.loads(run("--json").stdout)
    assert (group["count"], group["why"]) == (1, ["unsure"])
    number = str(group["id"])
    assert run("decide", number).returncode == 1
    wrong = run("decide", number, "--intent", "nothing")
    assert (wrong.returncode, wrong.stdout) == (1, "") and "nothing" in wrong.stderr
    decided = run("decide", number, "--intent", "logistics_track")
    assert "logistics_track  包裹趴窝三天了" in decided.stdout
    assert json.loads(run("--json").stdout) == []
    assert run("undo", "1").returncode == 0
    assert "趴窝" not in (bot_dir / "data/nlu/logistics_track.yml").read_text(encoding="utf-8")
    assert len(json.loads(run("--json").stdout)) == 1

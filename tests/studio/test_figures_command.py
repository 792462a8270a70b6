"""``bot studio figures`` prints what the page shows."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.conversations.database import connect
from bot.conversations.steps import Reply
from bot.conversations.store import Store
from bot.settings import ROOT
from tests.conftest import new_database


@pytest.fixture
def data_dir(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Two services: one answered, one that an erratic shopper was not understood in."""
    engine = connect(new_database(request, "sqlite", tmp_path / "guitai.db"))
    store = Store(engine)
    for intent in ("order_status", "nlu_fallback"):
        store.receive(store.begin("web", None, None).id, "m", "=1+1\x1b[31m查快递")
        turn = store.claim_turn("test", 30)
        assert turn and store.finish_turn(turn, [Reply("好")], {"intent": intent})
    engine.dispose()
    return tmp_path


def figures(data_dir: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "bot.cli", "studio", "figures", *options]
    environment = {**os.environ, "GUITAI_DATA_DIR": str(data_dir)}
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_figures_in_the_terminal(data_dir: Path) -> None:
    shown = figures(data_dir)
    assert shown.returncode == 0, shown.stderr
    assert "Answered by the bot, strictly" in shown.stdout and "50.0%" in shown.stdout
    assert "\x1b" not in shown.stdout and "Few (2)" in shown.stdout

    data = json.loads(figures(data_dir, "--json").stdout)
    assert data["cards"]["services"]["value"] == 2 and data["cards"]["strict"]["value"] == 0.5
    assert data["tables"]["intents"] == [{"intent": "order_status", "services": 1}]

    rows = list(csv.DictReader(io.StringIO(figures(data_dir, "--csv").stdout)))
    assert {"table": "cards", "row": "now", "figure": "answered", "value": "0.5000", "of": "2"} in rows
    assert [row["row"] for row in rows if row["table"] == "unsure"] == ["'=1+1 [31m查快递"]

    old = json.loads(figures(data_dir, "--from", "2001-01-01", "--to", "2001-01-31", "--json").stdout)
    assert old["cards"]["services"] == {"value": 0, "of": None, "before": 0, "before_of": None}
    assert len(old["tables"]["days"]) == 31


def test_a_wrong_period_is_refused(data_dir: Path) -> None:
    refused = figures(data_dir, "--from", "2026-01-02", "--to", "2026-01-01")
    assert refused.returncode == 1 and "must not lie before" in refused.stderr and not refused.stdout

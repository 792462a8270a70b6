"""The rules against the stories of tests/stories: what comes after what, whatever the actions say."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.engine.fingerprint import ROOT, current_model


def told(stories: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """``rasa test core`` with the current model."""
    model = current_model(ROOT / "models")
    assert model, "train first: make train"
    command = [sys.executable, "-m", "rasa", "test", "core", "--fail-on-prediction-errors"]
    options = ["--model", str(model), "--stories", str(stories), "--out", str(out), "--no-plot"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "RASA_TELEMETRY_ENABLED": "false"}
    return subprocess.run(
        [*command, *options], cwd=ROOT, env=env, capture_output=True, text=True, timeout=180, check=False
    )


def test_all_stories_come_out_as_told(tmp_path: Path) -> None:
    run = told(ROOT / "tests" / "stories", tmp_path)
    assert run.returncode == 0, (tmp_path / "failed_test_stories.yml").read_text() or run.stderr[-2000:]


@pytest.mark.parametrize("action", ["utter_goodbye"])
def test_a_wrong_story_fails(tmp_path: Path, action: str) -> None:
    story = f'version: "3.1"\nstories:\n- story: wrong\n  steps:\n  - intent: greet\n  - action: {action}\n'
    (tmp_path / "wrong.yml").write_text(story)
    assert told(tmp_path / "wrong.yml", tmp_path).returncode != 0

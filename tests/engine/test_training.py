import asyncio
import errno
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot import model_sidecar
from bot.data_check import examples
from bot.engine.fingerprint import ROOT, current_model, fingerprint, model_path
from bot.engine.progress import Reporter
from bot.engine.train import TrainingFailed, committed, train
from bot.model_sidecar import Sidecar
from tests.engine.tiny import CONFIG, NLU, RULES, write_project


def test_fingerprint_follows_the_files(tmp_path: Path) -> None:
    write_project(tmp_path)
    before = fingerprint(tmp_path)
    assert fingerprint(tmp_path) == before
    (tmp_path / "README.md").write_text("no part of a model")
    assert fingerprint(tmp_path) == before
    (tmp_path / "data/nlu/all.yml").touch()
    assert fingerprint(tmp_path) == before
    (tmp_path / "data/nlu/more.yml").write_text("nlu: []")
    assert fingerprint(tmp_path) != before


def test_the_same_data_elsewhere_is_the_same_model(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "data", tmp_path / "data")
    for name in ("config.yml", "domain.yml"):
        shutil.copy(ROOT / name, tmp_path / name)
    assert fingerprint(tmp_path) == fingerprint()
    # Other code is another model.
    assert fingerprint(tmp_path, tmp_path) != fingerprint()


def test_current_model_is_that_of_the_files(tmp_path: Path) -> None:
    write_project(tmp_path)
    assert current_model(tmp_path, tmp_path) is None
    model_path(tmp_path, tmp_path).touch()
    assert current_model(tmp_path, tmp_path) == model_path(tmp_path, tmp_path)
    (tmp_path / "config.yml").write_text("changed: 1")
    assert current_model(tmp_path, tmp_path) is None


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "data/nlu/all.yml",
            "nlu:\n- intent: greet\n  examples: [broken",
            "data/nlu/all.yml:3: the YAML cannot",
        ),
        (
            "data/nlu/more.yml",
            "nlu:\n- intent: greet\n  examples: 怎么开发票",
            "data/nlu/more.yml:3: “怎么开发票”",
        ),
        ("domain.yml", "intents: 7", "domain.yml:1: `intents` must"),
        # What only Rasa finds is told in one sentence too.
        ("config.yml", CONFIG.replace("nlu.gate.", "nlu.lost."), "bot.engine.nlu.lost"),
        (
            "data/stories/all.yml",
            f"{RULES}- {{rule: again, steps: [{{intent: greet}}, {{action: action_order_status}}]}}",
            "Contradicting rules",
        ),
    ],
    ids=["YAML", "no dash", "domain", "component", "rules"],
)
def test_what_cannot_be_trained_is_told_and_leaves_no_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str, said: str
) -> None:
    write_project(tmp_path)
    (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TrainingFailed) as failed:
        train(tmp_path / "models" / "m.tar.gz", tmp_path)
    assert said in str(failed.value)
    assert "\n" not in str(failed.value)
    assert list(tmp_path.glob("models/**/*.tar.gz")) == []


def test_the_command_refuses_broken_data_without_a_traceback(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "bot", tmp_path / "bot")
    write_project(tmp_path)
    (tmp_path / "data/nlu/all.yml").write_bytes("nlu:\n- intent: greet\n  examples: 你好".encode("gb18030"))
    command = [sys.executable, "-m", "bot.engine.train", "--out", str(tmp_path / "models")]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.startswith("data/nlu/all.yml:3: this is not UTF-8")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "models").exists()


def test_what_is_told_and_noted(tmp_path: Path) -> None:
    write_project(tmp_path)
    target, scratch, out = tmp_path / "models" / "m.tar.gz", tmp_path / "scratch", io.StringIO()
    expected = {"loading Rasa": 1.0, "reading the data": 2.0, "packing the model": 1.0, "gone since": 1.0}
    about = Sidecar(commit="c" * 40, by="小李")
    train(target, tmp_path, scratch=scratch, about=about, reporter=Reporter(out, expected))
    told = [json.loads(line) for line in out.getvalue().splitlines()]
    steps = list(dict.fromkeys(each["step"] for each in told))
    assert steps[:3] == ["checking the data", "loading Rasa", "reading the data"]
    assert steps[-1] == "packing the model" and "training NgramIntentClassifier" in steps
    shares = [each["share"] for each in told]
    assert shares == sorted(shares) and shares[0] == 0 and 0.6 <= shares[-1] < 1
    assert told[0]["seconds_left"] == 5 and told[-1]["seconds_left"] > 0

    noted = model_sidecar.read(target)
    assert (noted.commit, noted.by, noted.pinned) == ("c" * 40, "小李", False)
    assert noted.sha256 == hashlib.sha256(target.read_bytes()).hexdigest()
    assert list(noted.steps) == steps and noted.training_seconds is not None
    assert noted.rows == {"intents": 4, "examples": 30, "topics": 2, "stories": 0, "rules": 5}
    assert target.stat().st_mode & 0o222 == 0
    assert list(scratch.iterdir()) == [] and len(list(target.parent.iterdir())) == 2


def test_the_commit_is_known_while_the_data_is_as_it_was_committed(tmp_path: Path) -> None:
    write_project(tmp_path)
    assert committed(tmp_path) is None
    git = ["git", "-C", str(tmp_path), "-c", "user.name=小李", "-c", "user.email=li@example.com"]
    subprocess.run([*git, "init", "-q"], check=True)
    assert committed(tmp_path) is None
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-qm", "data"], check=True)
    (tmp_path / "README.md").write_text("no data")
    done = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    assert committed(tmp_path) == done.stdout.strip()
    (tmp_path / "data/nlu/more.yml").write_text("nlu: []")
    assert committed(tmp_path) is None


def test_time_left_follows_the_pace() -> None:
    reporter = Reporter(io.StringIO(), {"a": 10.0, "b": 30.0, "c": 10.0})
    assert reporter.forecast({}, "a", 0) == (0, 50)
    assert reporter.forecast({}, "a", 5) == (0.1, 45)
    assert reporter.forecast({}, "a", 99) == (0.2, 40)  # longer than expected: nothing more is known
    # Twice as slow so far, so the rest will be; what was never seen before counts for nothing.
    assert reporter.forecast({"a": 20.0}, "b", 30) == (0.5, 50)
    assert reporter.forecast({"a": 20.0, "new": 99.0}, "b", 30) == (0.5, 50)
    assert reporter.forecast({"a": 20.0, "b": 60.0, "c": 20.0}, "d", 5) == (1, 0)
    assert Reporter(io.StringIO(), {}).forecast({"a": 1.0}, "b", 1) == (None, None)


def test_a_full_disk_is_told_and_leaves_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project(tmp_path)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    # The last thing that is written.
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(TrainingFailed) as failed:
        train(tmp_path / "models" / "m.tar.gz", tmp_path)
    assert failed.value.kind == "disk" and "No space left" in str(failed.value)
    assert list((tmp_path / "models").iterdir()) == []


def test_the_trainer_ends_with_its_reader(tmp_path: Path) -> None:
    write_project(tmp_path)
    shutil.copytree(ROOT / "bot", tmp_path / "bot")
    command = [sys.executable, "-m", "bot.engine.train", "--progress", "--out", str(tmp_path / "models")]
    trainer = subprocess.Popen(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)}, stdout=subprocess.PIPE
    )
    assert trainer.stdout
    assert json.loads(trainer.stdout.readline())["step"] == "checking the data"
    trainer.stdout.close()
    assert trainer.wait(60) == -signal.SIGPIPE
    assert not list(tmp_path.glob("models/*.tar.gz"))


def test_progress_tells_each_component(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_project(tmp_path)
    (tmp_path / "data/nlu/all.yml").write_text(NLU, encoding="utf-8-sig")  # a mark that some editors write
    train(tmp_path / "models" / "m.tar.gz", tmp_path)
    lines = capsys.readouterr().out.splitlines()
    assert "checking the data" in lines[0]
    assert "packing" in lines[-1]
    for component in ("LexiconTokenizer", "NgramIntentClassifier", "RulePolicy"):
        assert any(f"training {component} … " in line and line.endswith(" s") for line in lines), lines


def _part_of_the_project(root: Path) -> None:
    """Copy the project with the first lines of each intent and topic."""
    shutil.copytree(ROOT / "data", root / "data")
    shutil.copytree(ROOT / "actions", root / "actions")
    (root / "bot" / "engine").mkdir(parents=True)
    for name in (
        "config.yml",
        "domain.yml",
        "bot/engine/turns.py",
        "bot/engine/requests.py",
        "bot/engine/replies.py",
        "bot/engine/context.py",
    ):
        shutil.copy(ROOT / name, root / name)
    for path in (root / "data/nlu").rglob("*.yml"):
        kept, run = [], 0
        for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
            run = run + 1 if line.startswith("    - ") else 0
            if run <= 6:
                kept.append(line)
        path.write_text("".join(kept), encoding="utf-8")


async def _readings(model: Path) -> list[dict[str, Any]]:
    from rasa.core.agent import Agent

    agent = Agent.load(str(model))
    return [await agent.parse_message(example.text) for example in examples(ROOT)[::40]]


@pytest.mark.timeout(240)
def test_the_same_data_gives_the_same_model(tmp_path: Path) -> None:
    _part_of_the_project(tmp_path)
    one, two = tmp_path / "one.tar.gz", tmp_path / "two.tar.gz"
    train(one, tmp_path)
    # In another process with another order of sets, as it is with every new training.
    code = (
        f"from pathlib import Path; from bot.engine.train import train; train(Path({str(two)!r}), Path('.'))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "1"}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)
    readings = asyncio.run(_readings(one))
    assert len({str(reading["intent"]) for reading in readings}) > 100
    assert readings == asyncio.run(_readings(two))

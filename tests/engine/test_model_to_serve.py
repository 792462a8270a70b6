"""Which model an engine loads: what was promoted to its side, else that of the files, else the newest."""

import io
import os
import tarfile
from pathlib import Path

import pytest

from bot import live_model
from bot.engine.fingerprint import model_path
from bot.engine.run import CannotStart, model_to_serve
from bot.engine.train import _tell_of_another
from bot.live_model import Live


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two models, neither of the files as they are; b is newer."""
    monkeypatch.setenv("GUITAI_MODELS_DIR", str(tmp_path))
    for at, name in enumerate(("guitai-a", "guitai-b"), 1):
        os.utime(_write(tmp_path / f"{name}.tar.gz"), (at, at))
    return tmp_path


def _write(path: Path) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("metadata.json"), io.BytesIO())
    return path


def test_before_a_promotion_that_of_the_files_else_the_newest(models: Path) -> None:
    assert model_to_serve(side="blue").name == "guitai-b.tar.gz"
    path = _write(model_path(models))
    os.utime(path, (0, 0))
    assert model_to_serve(side="blue") == model_to_serve(side="green") == path
    assert model_to_serve(models / "guitai-a.tar.gz").name == "guitai-a.tar.gz"


def test_what_was_promoted_serves_whatever_was_trained_since(models: Path) -> None:
    live = Live("green", "guitai-b.tar.gz", "guitai-a.tar.gz", "2026-11-23T12:00:00+00:00")
    live_model.write(models, live)
    _write(model_path(models))
    assert [model_to_serve(side=side).name for side in ("blue", "green", None)] == [
        "guitai-b.tar.gz",
        "guitai-a.tar.gz",
        "guitai-a.tar.gz",
    ]
    assert model_to_serve(models / "guitai-b.tar.gz", "green").name == "guitai-b.tar.gz"


def test_a_promoted_model_that_is_gone_and_a_broken_file_are_told(models: Path) -> None:
    live_model.write(models, Live("blue", "guitai-gone.tar.gz", None, "2026-11-23T12:00:00+00:00"))
    with pytest.raises(CannotStart, match=r"guitai-gone.*was promoted: put it back, or delete .*live\.json"):
        model_to_serve(side="blue")
    (models / live_model.FILE).write_text("{")
    with pytest.raises(CannotStart, match="put it right or delete it"):
        model_to_serve(side="blue")


def test_who_trains_is_told_which_other_model_serves(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _tell_of_another(models / "guitai-b.tar.gz")
    live_model.write(models, Live("blue", "guitai-a.tar.gz", None, "2026-11-23T12:00:00+00:00"))
    _tell_of_another(models / "guitai-a.tar.gz")
    assert capsys.readouterr().out == ""
    _tell_of_another(models / "guitai-b.tar.gz")
    said = capsys.readouterr().out
    assert "guitai-a.tar.gz was promoted and goes on serving" in said
    assert "`bot studio promote guitai-b.tar.gz`" in said

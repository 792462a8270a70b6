from pathlib import Path

import pytest

from bot.engine.fingerprint import current_model, fingerprint, model_path
from bot.engine.train import TrainingFailed, train
from tests.engine.conftest import write_project


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


def test_current_model_is_that_of_the_files(tmp_path: Path) -> None:
    write_project(tmp_path)
    assert current_model(tmp_path, tmp_path) is None
    model_path(tmp_path, tmp_path).touch()
    assert current_model(tmp_path, tmp_path) == model_path(tmp_path, tmp_path)
    (tmp_path / "config.yml").write_text("changed: 1")
    assert current_model(tmp_path, tmp_path) is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("data/nlu/all.yml", "nlu:\n- intent: greet\n  examples: [broken"),
        ("domain.yml", "intents: 7"),
        ("data/stories/all.yml", "rules:\n- rule: a\n  steps: [{intent: greet}, {action: no_such_action}]"),
    ],
)
def test_bad_data_is_one_sentence_and_no_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str
) -> None:
    write_project(tmp_path)
    (tmp_path / name).write_text(content)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TrainingFailed) as failed:
        train(tmp_path / "models" / "m.tar.gz", tmp_path)
    assert str(failed.value)
    assert "\n" not in str(failed.value)
    assert list((tmp_path / "models").glob("**/*.tar.gz")) == []

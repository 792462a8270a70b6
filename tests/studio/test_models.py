"""The registry of models, over archives of a few bytes."""

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import live_model, model_sidecar
from bot.live_model import Live
from bot.model_sidecar import Sidecar
from bot.settings import Settings
from bot.studio.models import Damaged, Models, UnknownModel
from bot.studio.serving import in_use, serving
from tests.faults import TroubledEngine
from tests.servers import serving as serving_app


@pytest.fixture
def models(tmp_path: Path) -> Models:
    return Models(tmp_path)


def put(models: Models, number: int, sidecar: Sidecar | None = None) -> str:
    """A model that was trained at this hour; its name."""
    name = f"guitai-{number:012x}"
    path = models.folder / f"{name}.tar.gz"
    path.write_bytes(name.encode())
    at = datetime(2026, 11, 1, number, tzinfo=UTC)
    os.utime(path, (at.timestamp(), at.timestamp()))
    if sidecar:
        model_sidecar.write(path, sidecar)
    return name


def test_what_is_listed(models: Models) -> None:
    sha256 = hashlib.sha256(b"guitai-000000000002").hexdigest()
    noted = Sidecar(
        training_seconds=61,
        steps={"reading the data": 3.0},
        trained_at="2026-11-01T09:00:00+08:00",
        commit="c" * 40,
        by="小李",
        sha256=sha256,
        rows={"intents": 3},
        requirements="abc",
    )
    first, second = put(models, 2, noted), put(models, 3)
    (models.folder / "guitai-000000000004.tar.gz").with_suffix("").with_suffix(".json").write_text("{}")
    (models.folder / "stock-000000000004.tar.gz").write_bytes(b"")
    (models.folder / "guitai-evil.tar.gz").write_bytes(b"")
    listed = models.listed()
    assert [model.name for model in listed] == [second, first]
    plain, told = listed
    assert told.trained_at == datetime(2026, 11, 1, 1, tzinfo=UTC)
    assert (told.seconds, told.commit, told.by, told.rows) == (61, "c" * 40, "小李", {"intents": 3})
    assert (plain.trained_at.hour, plain.by, plain.sha256, plain.size) == (3, None, None, 19)
    assert models.model(first) == told and models.checked(first) == told


@pytest.mark.parametrize("noted", ["", "[]", "{", '{"training_seconds": 92, "other": 1}', "\xff"])
def test_a_sidecar_that_cannot_be_read_costs_no_model(models: Models, noted: str) -> None:
    name = put(models, 1)
    (models.folder / f"{name}.json").write_text(noted, encoding="latin-1")
    (model,) = models.listed()
    assert model.name == name and model.seconds == (92 if "92" in noted else None)


def test_a_changed_archive_is_found_out(models: Models) -> None:
    name = put(models, 1)
    noted = models.checked(name)
    assert noted.sha256 == hashlib.sha256(name.encode()).hexdigest()
    noted.path.write_bytes(b"other")
    with pytest.raises(Damaged):
        models.checked(name)


@pytest.mark.parametrize("name", ["guitai-ffffffffffff", "../models/guitai-000000000001", "", "guitai-*"])
def test_what_is_no_model(models: Models, name: str) -> None:
    put(models, 1)
    for ask in (models.model, models.checked, lambda name: models.pin(name, True)):
        with pytest.raises(UnknownModel):
            ask(name)


def test_old_models_go_but_for_those_in_use_and_pinned(models: Models) -> None:
    names = [put(models, number, Sidecar(training_seconds=1)) for number in range(1, 9)]
    models.pin(names[1], True)
    assert models.prune({names[0], names[2], "guitai-gone"}, keep=2) == [names[5], names[4], names[3]]
    assert [model.name for model in models.listed()] == [names[i] for i in (7, 6, 2, 1, 0)]
    assert len(list(models.folder.iterdir())) == 10
    models.pin(names[1], False)
    assert models.prune({names[0], names[2]}, keep=2) == [names[1]]
    assert models.prune(set(), keep=10) == []


def test_which_models_are_in_use(tmp_path: Path) -> None:
    engine = TroubledEngine(model="guitai-000000000001")
    with serving_app(engine.app()) as url:
        settings = Settings(models_dir=tmp_path, engine_url=url)
        assert serving(settings) == in_use(settings) == {"guitai-000000000001"}
        # What was promoted counts; its former model stands by on the other side.
        blue, green = (f"guitai-00000000000{n}.tar.gz" for n in (2, 3))
        live_model.write(tmp_path, Live("green", blue, green, "2026-11-23T12:00:00+00:00"))
        assert serving(settings) == {"guitai-000000000003"}
        assert in_use(settings) == {"guitai-000000000002", "guitai-000000000003"}
        (tmp_path / "live.json").write_text("{")
        assert in_use(settings) is None
    away = Settings(models_dir=tmp_path / "other", engine_url=f"{url},{url}")
    assert serving(away) == set() and in_use(away) is None


def test_a_sidecar_is_written_whole_or_not_at_all(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    name = put(models, 1, Sidecar(by="小李"))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="space"):
        models.pin(name, True)
    assert models.model(name).by == "小李" and not models.model(name).pinned
    assert len(list(models.folder.iterdir())) == 2

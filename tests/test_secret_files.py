"""Secrets in files: made once, changed while what they signed still counts."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import settings as module
from bot.cli import app
from bot.secret_files import keys, read_or_make, rotate
from bot.settings import Settings


def test_a_former_secret_counts_until_its_time_has_run_out(tmp_path: Path) -> None:
    first = read_or_make(tmp_path, "chat")
    rotate(tmp_path, "chat", seconds=60)
    second = read_or_make(tmp_path, "chat")
    rotate(tmp_path, "chat", seconds=60)
    third, *former = keys(tmp_path, "chat")
    assert former == [second, first] and len({first, second, third}) == 3
    path = tmp_path / "secrets" / "chat"
    path.write_text(f"{third}\n{second} 1\n{first} 99999999999\n")
    assert keys(tmp_path, "chat") == (third, first)
    rotate(tmp_path, "chat")
    assert len(keys(tmp_path, "chat")) == 1 and third not in keys(tmp_path, "chat")


@pytest.mark.parametrize("secret", ["chat", "customer", "shop-service", "office", "internal"])
def test_the_command_makes_a_new_one_and_says_what_to_do(
    secret: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "settings", Settings(data_dir=tmp_path))
    before = read_or_make(tmp_path, secret)
    said = CliRunner().invoke(app, ["secrets", "rotate", secret])
    assert said.exit_code == 0 and len(said.output.strip()) > 20
    now = keys(tmp_path, secret)
    assert now[0] != before and (before in now) == (secret in ("chat", "customer"))
    assert not any(key in said.output for key in now), "it is not shown"
    assert CliRunner().invoke(app, ["secrets", "rotate", secret, "--at-once"]).exit_code == 0
    assert len(keys(tmp_path, secret)) == 1

"""data/policies.yml: read as written, again when it changes, and the same that the sample shop does."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from bot import followed
from bot.engine.fingerprint import fingerprint
from bot.policies import Policies, Unreadable, read
from bot.shop.rules import EXCHANGE_TIME, PRICE_PROTECTION_TIME, RETURN_TIME

NEEDED = "dispatch_hours: 48\nself_service_limit: 2000\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / "policies.yml"
    write(path, f"{NEEDED}postage: 9.90\nrefund_days: 1–3\n")
    return path


_moments = iter(range(1_000_000, 2_000_000))


def write(path: Path, text: str) -> None:
    """Write ``text`` as of long ago, each time at another moment."""
    path.write_text(text, encoding="utf-8")
    moment = next(_moments)
    os.utime(path, (moment, moment))


def test_values_are_told_as_the_shop_writes_them(file: Path) -> None:
    assert read(file) == {
        "dispatch_hours": "48",
        "self_service_limit": "2000",
        "postage": "9.90",
        "refund_days": "1–3",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dispatch_hours: 48\n  postage: 8\n", "line 2"),
        ("", "holds no policies"),
        ("- 48\n", "holds no policies"),
        ("postage: 8\n", "dispatch_hours must be there"),
        ("dispatch_hours: 两天\n", "a whole number"),
        ("dispatch_hours: 48\npostage:\n", "policy postage"),
        ("dispatch_hours: 48\npostage: [8, 12]\n", "policy postage"),
        ("dispatch_hours: 48\nreturn-days: 7\n", "policy return-days"),
        ("dispatch_hours: 48\npostage: '{fee}'\n", "policy postage"),
    ],
)
def test_a_broken_file_is_refused_in_one_sentence(file: Path, text: str, said: str) -> None:
    write(file, text)
    with pytest.raises(Unreadable) as refused:
        read(file)
    assert said in str(refused.value)
    assert str(file) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_or_miscoded_file_is_refused(file: Path) -> None:
    file.write_bytes("dispatch_hours: 48 \nusual_courier: 中通".encode("gbk"))
    with pytest.raises(Unreadable, match="UTF-8"):
        read(file)
    file.unlink()
    with pytest.raises(Unreadable, match="cannot be read"):
        read(file)


def test_a_change_counts_at_once_and_a_broken_one_when_it_is_mended(
    file: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followed, "LOOK_SECONDS", 0.0)
    policies = Policies(file)
    assert policies.now()["postage"] == "9.90"
    write(file, "dispatch_hours: 24\nself_service_limit: 500\npostage: 12\n")
    changed = {"dispatch_hours": "24", "self_service_limit": "500", "postage": "12"}
    assert policies.now() == changed
    write(file, "postage: [")
    assert policies.now() == policies.now() == changed
    assert [record.message for record in caplog.records if str(file) in record.message] != []
    assert len(caplog.records) == 1
    file.unlink()
    assert policies.now()["postage"] == "12"
    write(file, f"{NEEDED}postage: 10\n")
    assert policies.now()["postage"] == "10"


def test_a_new_number_needs_no_training(file: Path) -> None:
    root = file.parent.parent
    (root / "domain.yml").write_text("intents: [greet]\n", encoding="utf-8")
    before = fingerprint(root)
    write(file, "dispatch_hours: 24\n")
    assert fingerprint(root) == before


def test_the_sample_shop_keeps_what_the_bot_promises() -> None:
    told = Policies().now()
    assert timedelta(days=int(told["return_days"])) == RETURN_TIME
    assert timedelta(days=int(told["exchange_days"])) == EXCHANGE_TIME
    assert timedelta(days=int(told["price_protect_days"])) == PRICE_PROTECTION_TIME

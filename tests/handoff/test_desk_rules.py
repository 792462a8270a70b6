"""data/desk.yml as a shop's people change it: at once, and of a mistake they hear what to correct."""

import os
from pathlib import Path

import pytest

from bot.handoff import desk_rules
from bot.handoff.desk_rules import Unreadable

SHIPPED = desk_rules.PATH.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("written", "instead", "told"),
    [
        ("hours:\n", "hours:\n  monday [9\n", "line 7 is no YAML"),
        ("capacity: 5\n", "capacity: 5\ncapacity: 6\n", 'duplicate key "capacity"'),
        ("capacity: 5\n", "capacity: five\n", "capacity: Input should be a valid integer"),
        ("capacity: 5\n", "capacty: 5\n", "capacty: Extra inputs are not permitted"),
        ("holidays: {}\n", "holidays:\n  2027-02-30: []\n", "day is out of range for month"),
        ("holidays: {}\n", "holidays:\n  春节: []\n", "holidays.春节"),
        ('monday: ["9:00-21:00"]', 'mondy: ["9:00-21:00"]', "mondy is no day of the week"),
        ('monday: ["9:00-21:00"]', 'monday: ["9-21"]', "'9-21' is no span of hours such as 9:00-21:00"),
        ('monday: ["9:00-21:00"]', 'monday: ["21:00-2:00"]', "write two spans over midnight"),
        ('monday: ["9:00-21:00"]', 'monday: ["13:00-21:00", "9:00-14:00"]', "begins at 13:00, before"),
        ("{gold: 60, diamond", "{gold: 1e15, diamond", "head_start.levels.gold"),
        ("{gold: 0.75", "{gold: -0.75", "levels.gold: Input should be greater than 0"),
        ("queue_by_reason: {complaint: complaints", "queue_by_reason: {complaint: 投诉", "no queue '投诉'"),
        ("  general: {", "  generel: {", "'general' is missing"),
    ],
)
def test_a_mistake_is_told(tmp_path: Path, written: str, instead: str, told: str) -> None:
    path = tmp_path / "desk.yml"
    assert written in SHIPPED
    path.write_text(SHIPPED.replace(written, instead, 1), encoding="utf-8")
    with pytest.raises(Unreadable) as refused:
        desk_rules.read(path)
    assert told in str(refused.value)
    assert str(path) in str(refused.value)


def test_what_is_no_text_or_not_there_is_told(tmp_path: Path) -> None:
    path = tmp_path / "desk.yml"
    with pytest.raises(Unreadable, match="cannot be read"):
        desk_rules.current(path)
    path.write_bytes("投诉".encode("gb18030"))
    with pytest.raises(Unreadable, match="UTF-8"):
        desk_rules.current(path)


def test_a_change_holds_at_once_and_a_mistake_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "desk.yml"
    changed_at = 1_000_000_000

    def write(text: str) -> None:
        nonlocal changed_at
        changed_at += 1
        path.write_text(text, encoding="utf-8")
        os.utime(path, (changed_at, changed_at))

    write(SHIPPED)
    assert desk_rules.current(path).capacity == 5
    write(SHIPPED.replace("capacity: 5", "capacity: 7"))
    assert desk_rules.current(path).capacity == 7
    write(SHIPPED.replace("capacity: 5", "capacity: viele"))
    capsys.readouterr()
    assert [desk_rules.current(path).capacity for _ in range(3)] == [7, 7, 7]
    assert capsys.readouterr().out.count("capacity: Input should be a valid integer") == 1, "told once"
    path.unlink()
    assert [desk_rules.current(path).capacity for _ in range(3)] == [7, 7, 7]
    write(SHIPPED)
    assert desk_rules.current(path).capacity == 5


def test_a_level_is_shown_in_words_and_the_ordinary_one_not_at_all() -> None:
    assert desk_rules.level_title("silver") == "银卡会员"
    assert desk_rules.level_title("Gold", "en") == "Gold"
    assert desk_rules.level_title("黑钻") == "黑钻"
    assert desk_rules.level_title("regular") is None
    assert desk_rules.level_title(None) is None

"""Texts in parts that WeChat takes."""

from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wechat.texts import LARGEST, parts, size


@given(st.text(st.characters(codec="utf-8"), max_size=400), st.integers(4, 60))
def test_no_part_is_too_large_and_nothing_is_lost(text: str, largest: int) -> None:
    found = parts(text, largest)
    assert all(size(part) <= largest for part in found)
    # Only the line breaks at which it was broken are gone.
    rest = text
    for part in found:
        rest = (
            rest.removeprefix(part) if rest.startswith(part) else rest.removeprefix("\n").removeprefix(part)
        )
    assert rest in ("", "\n")


def test_it_is_broken_between_lines_or_characters() -> None:
    assert parts("短") == ["短"] and parts("") == [""]
    lines = "\n".join(["一二三四五六七八九十"] * 100)  # 3,099 bytes
    first, second = parts(lines)
    assert first.endswith("十") and second.startswith("一") and f"{first}\n{second}" == lines
    said = "这是一句话，不长。" * 100
    assert [part[-1] for part in parts(said)] == ["。", "。"] and "".join(parts(said)) == said
    emoji = "😀" * 600
    assert [size(part) for part in parts(emoji)] == [LARGEST, 352]

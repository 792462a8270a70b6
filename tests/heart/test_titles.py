"""What intents are called: as the bot's files have it now."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import followed
from bot.conversations import titles
from bot.conversations.titles import title
from bot.settings import settings

FILES = {
    "data/intents.yml": "titles: {greet: 打招呼, stock: 库存}\n",
    "data/wording.yml": "readings: {stock: 问库存}\n",
    "data/nlu/faq/goods.yml": "nlu: [{intent: faq/genuine, examples: '- 是正品吗'}]\n",
}


@pytest.fixture
def bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(followed, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(settings, "bot_dir", tmp_path)
    titles._titles.cache_clear()
    for name, text in FILES.items():
        write(tmp_path / name, text)
    yield tmp_path
    titles._titles.cache_clear()


_moments = iter(range(1_000_000, 2_000_000))


def write(path: Path, text: str) -> None:
    """Write ``text`` as of long ago, each time at another moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    moment = next(_moments)
    os.utime(path, (moment, moment))


def test_titles_follow_the_files(bot: Path) -> None:
    assert [title(each) for each in ("greet", "stock", "faq/genuine", "faq/new")] == [
        *("打招呼", "问库存", "是正品吗", "faq/new"),
    ]
    write(
        bot / "data/nlu/faq/new.yml", "nlu:\n- intent: faq/new\n  examples: |\n    - 新的吗\n    - 旧的吗\n"
    )
    write(bot / "data/intents.yml", "titles: {greet: 您好}\n")
    assert [title(each) for each in ("greet", "stock", "faq/new")] == ["您好", "问库存", "新的吗"]


@pytest.mark.parametrize("broken", ["nlu: [", "nlu: 5\n", "", "- a\n"])
def test_a_broken_file_takes_no_title_away(bot: Path, broken: str) -> None:
    assert title("faq/genuine") == "是正品吗"
    write(bot / "data/nlu/faq/goods.yml", broken)
    write(bot / "data/wording.yml", "readings: {stock: 库存呢}\n")
    assert (title("faq/genuine"), title("stock")) == ("是正品吗", "库存呢")


def test_the_projects_titles_where_a_folder_has_none(bot: Path) -> None:
    (bot / "data/intents.yml").unlink()
    assert (title("thanks"), title("stock")) == ("道谢", "问库存")

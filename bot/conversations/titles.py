"""What intents are called by people, as it stands in the bot's files now."""

from functools import cache
from pathlib import Path

from bot import faq_titles
from bot.data_files import Unreadable, read_plain
from bot.faq_titles import Titles
from bot.followed import Followed, data_file
from bot.settings import settings

# The file, and under which name it holds titles.
_HOLD = {"intents.yml": "titles", "wording.yml": "readings"}


def title(intent: str) -> str:
    """The intent's title, or its own name where nobody has given it one."""
    return _titles().now().get(intent, intent)


@cache
def _titles() -> Followed[Titles, Titles]:
    folder = settings.bot_dir

    def files() -> list[Path]:
        return [*(data_file(folder, name) for name in _HOLD), *faq_titles.files(folder)]

    def read(path: Path) -> Titles:
        if path.name not in _HOLD or path.parent.name == "faq":
            return faq_titles.read(folder, path)
        held = read_plain(folder, path).get(_HOLD[path.name]) or {}
        if not isinstance(held, dict):
            raise Unreadable(f"{path}: `{_HOLD[path.name]}` must hold `intent: title`. Correct the indents.")
        return {str(intent): str(title) for intent, title in held.items()}

    return Followed(files, read, faq_titles.merged)

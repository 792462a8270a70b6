"""What people call an action or a form; its name in the files is the code's."""

from collections.abc import Callable
from pathlib import Path

from bot.staff import texts

TEXTS = texts.load(Path(__file__).parent / "texts" / "actions.yml")
_BEGINS, _END = ("utter_", "action_ask_", "action_", "validate_"), "_form"


def called(name: str, title: Callable[[str], str], language: str) -> str:
    """What an action is called; empty where only its name tells.

    Args:
        title: of an intent, by its name: most actions do what one intent asks for.
    """
    try:
        return TEXTS[language](name)
    except KeyError:
        stem = name.removesuffix(_END)
        for begin in _BEGINS:
            stem = stem.removeprefix(begin)
        found = title(stem)
        return "" if found == stem else found

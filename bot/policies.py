"""The shop's own numbers and facts (data/policies.yml), which fill the ``{names}`` in its answers.

Read again as soon as the file changes, so that a new number needs no training. Runs in both environments.
"""

from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from bot.data_files import Unreadable as Unreadable
from bot.followed import ROOT, Followed

FILE = "policies.yml"
PATH = ROOT / "data" / FILE
# The actions reckon with these; all others are only told.
NUMBERS = ("dispatch_hours", "self_service_limit")


def read(path: Path) -> dict[str, str]:
    """Return each policy as the shop wrote it.

    Raises:
        Unreadable: the file is missing, broken, or says something that cannot be put into an answer.
    """
    try:
        # "base" leaves 9.90 what it is: a text.
        content = YAML(typ="base").load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{path} cannot be read: {error}. Put it back, in UTF-8.") from error
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        raise Unreadable(f"{path}{line} is no YAML. Correct it: `name: value`, one to a line.") from error
    if not isinstance(content, dict):
        raise Unreadable(f"{path} holds no policies. Write them as `name: value`, one to a line.")
    for name, value in content.items():
        if not str(name).isidentifier() or not isinstance(value, str) or not value.strip() or "{" in value:
            raise Unreadable(f"{path}: policy {name} must be a plain name with one value, without braces.")
    for name in NUMBERS:
        if not content.get(name, "").isdecimal():
            raise Unreadable(f"{path}: policy {name} must be there and a whole number.")
    return content


class Policies(Followed[dict[str, str], dict[str, str]]):
    """``now`` gives name and value of each policy of one file."""

    def __init__(self, path: Path = PATH) -> None:
        """Read ``path``.

        Raises:
            Unreadable: see ``read``.
        """
        super().__init__(lambda: [path], read, lambda contents: contents[path], strict=True)

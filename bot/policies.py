"""The shop's own numbers and facts (data/policies.yml), which fill the ``{names}`` in its answers.

Read again as soon as the file changes, so that a new number needs no training. Runs in both environments.
"""

from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from bot.data_faults import Fault
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
        raise Unreadable(Fault("policies_missing", path=path, why=error)) from error
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        if mark:
            raise Unreadable(Fault("policies_yaml_line", path=path, line=mark.line + 1)) from error
        raise Unreadable(Fault("policies_yaml", path=path)) from error
    if not isinstance(content, dict):
        raise Unreadable(Fault("policies_none", path=path))
    for name, value in content.items():
        if not str(name).isidentifier() or not isinstance(value, str) or not value.strip() or "{" in value:
            raise Unreadable(Fault("policy_wrong", path=path, name=name))
    for name in NUMBERS:
        if not content.get(name, "").isdecimal():
            raise Unreadable(Fault("policy_no_number", path=path, name=name))
    return content


class Policies(Followed[dict[str, str], dict[str, str]]):
    """``now`` gives name and value of each policy of one file."""

    def __init__(self, path: Path = PATH) -> None:
        """Read ``path``.

        Raises:
            Unreadable: see ``read``.
        """
        super().__init__(lambda: [path], read, lambda contents: contents[path], strict=True)

"""What the service itself says to shoppers; the sentences live in ``data/notices.yml``."""

from functools import cache

from ruamel.yaml import YAML

from bot.settings import ROOT

# Buttons that the conversation itself answers, without asking the engine.
HUMAN = "guitai:human"
LEAVE_QUEUE = "guitai:leave_queue"


@cache
def _texts() -> dict[str, str]:
    texts: dict[str, str] = YAML(typ="safe").load(ROOT / "data" / "notices.yml")
    return texts


def text(key: str, **values: object) -> str:
    """The sentence named ``key`` with its ``{placeholders}`` filled.

    Raises:
        KeyError: ``data/notices.yml`` has no such sentence.
    """
    return _texts()[key].format(**values)


def buttons(*payloads: str) -> list[dict[str, str]]:
    """Buttons for the given service payloads."""
    titles = {HUMAN: "human_button", LEAVE_QUEUE: "leave_queue_button"}
    return [{"title": text(titles[payload]), "payload": payload} for payload in payloads]

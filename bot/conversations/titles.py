"""What intents are called by people; the titles live in ``data/``."""

from functools import cache

from ruamel.yaml import YAML

from bot.settings import ROOT


@cache
def _titles() -> dict[str, str]:
    yaml = YAML(typ="safe")
    data = ROOT / "data"
    titles: dict[str, str] = {
        **yaml.load(data / "intents.yml")["titles"],
        **yaml.load(data / "wording.yml")["readings"],
    }
    for path in sorted((data / "nlu" / "faq").glob("*.yml")):
        for topic in yaml.load(path)["nlu"]:
            if first := str(topic.get("examples") or "").partition("\n")[0].removeprefix("- ").strip():
                titles[topic["intent"]] = first
    return titles


def title(intent: str) -> str:
    """The intent's title, or its own name where nobody has given it one."""
    return _titles().get(intent, intent)

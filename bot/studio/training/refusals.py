"""Why the data was refused, in the admin's language; Rasa's own words beside where they say more."""

import re
from dataclasses import dataclass

from bot import data_faults
from bot.staff.texts import Texts
from bot.studio.files import Repository, Trouble
from bot.studio.files.stories import Told, told

from .models import Training

# What RulePolicy says, by what it begins with or has in it.
_RASA = {
    "Contradicting rules or stories found": "rasa_contradiction",
    "Incomplete rules found": "rasa_incomplete",
    "user message. Rules are not meant": "rasa_messages",
}
_NAMED = re.compile(r"(rule|story)(?:\(s\)|s)? '(.*?)'(?=[ .]|$)")


@dataclass(frozen=True)
class Reason:
    """What there is to mend: ``said`` for people, and the ``words`` of whatever refused it, if others."""

    said: str
    words: str = ""


def reason(t: Texts, training: Training, files: Repository) -> Reason:
    """Why this training failed, beyond its ``failure``.

    Args:
        t: the sentences of texts/models.yml.
        files: what is trained; of it, where the rules and stories stand.
    """
    detail = training.detail or ""
    key = next((key for sign, key in _RASA.items() if sign in detail), None)
    if key is None:
        return Reason(
            "\n".join(data_faults.said(data_faults.read(line), t.language) for line in detail.split("\n"))
        )
    try:
        known = told(files.at(training.commit_id))
    except Trouble:
        known = []
    names = dict.fromkeys(
        name for found in _NAMED.finditer(detail) for name in _names(t, known, *found.groups())
    )
    return Reason(t(key, names=t("joined").join(names) or t("rasa_unnamed")), detail)


def _names(t: Texts, known: list[Told], kind: str, quoted: str) -> list[str]:
    """Each rule or story that Rasa names in one pair of quotes, with the file it stands in."""
    paths = {each.name: each.path for each in known if each.kind == kind}
    names = [quoted] if quoted in paths else quoted.split(", ")
    return [
        t(f"rasa_{kind}", name=name, path=paths[name]) if name in paths else t("rasa_other", name=name)
        for name in names
    ]

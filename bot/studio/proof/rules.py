"""What stops a candidate. The margins stand in data/proof.yml, the sentences in texts/proof.yml."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from bot.conversations import titles
from bot.settings import ROOT
from bot.staff import texts
from bot.staff.texts import Texts

PATH = ROOT / "data" / "proof.yml"
# What may not vanish: a dialogue that is under way with it would break.
LIVE = ("intents", "slots", "forms")
ONE_BY_ONE = 3  # so many dialogues have a sentence each
NAMED = 8  # of so many names a sentence tells, and of the rest how many

_sentences = texts.load(Path(__file__).parent.parent / "texts" / "proof.yml")


class CannotRead(Exception):
    """data/proof.yml is not as it should be; the text says where."""


class Margins(BaseModel):
    """What a candidate may cost; see data/proof.yml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    intent_margin: float = Field(ge=0, le=100)
    min_cases: int = Field(ge=1)
    worse_share: float = Field(ge=0, le=1)
    replay_days: int = Field(ge=0, le=365)
    replay_texts: int = Field(ge=0, le=20_000)
    hand_over: list[str] = []


class Reason(TypedDict):
    """One reason against a candidate: the sentence of texts/proof.yml, and what stands in it."""

    kind: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Verdict:
    """Whether a candidate may be promoted, and if not, why: sentences that name what is at fault."""

    passed: bool
    reasons: list[str]
    comparison: int | None = None
    """The comparison that it follows from, None where there was none."""


def margins(path: Path = PATH) -> Margins:
    """Read the margins as they are now.

    Raises:
        CannotRead: the file is missing or wrong.
    """
    try:
        return Margins.model_validate(YAML(typ="safe").load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        raise CannotRead(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except (OSError, YAMLError, UnicodeDecodeError) as error:
        raise CannotRead(f"{path}: {' '.join(str(error).split())}") from None


def reasons(report: Mapping[str, Any], judged: Mapping[str, str], allowed: Margins) -> list[Reason]:
    """All that speaks against the candidate of a report; ``judged`` tells better, worse or same by key."""
    found = [
        _reason(f"vanished_{kind}", names=names)
        for kind in LIVE
        if (names := report["domain"]["vanished"][kind])
    ]
    if not report["cases"]["n"]:
        found.append(_reason("no_cases"))
    found += [
        _reason("intent", margin=allowed.intent_margin, **figures) for figures in fallen(report, allowed)
    ]
    broken = report["dialogues"]["broken"]
    if len(broken) > ONE_BY_ONE:
        found.append(_reason("dialogues", n=len(broken), names=[played["id"] for played in broken]))
    else:
        found += [
            _reason("dialogue", id=played["id"], turn=played["turn"])
            if played["turn"]
            else _reason("dialogue_books", id=played["id"])
            for played in broken
        ]
    replay = report["replay"]
    worse = sum(each["count"] for each in replay["changed"] if judged.get(each["key"]) == "worse")
    if worse > allowed.worse_share * replay["turns"]:
        share = worse / replay["turns"]
        found.append(_reason("worse", n=worse, of=replay["turns"], share=share, allowed=allowed.worse_share))
    return found


def fallen(report: Mapping[str, Any], allowed: Margins) -> list[dict[str, Any]]:
    """The intents whose share of right readings falls by more than the margin, the worst first."""
    found = [
        {
            "intent": each["intent"],
            "cases": each["cases"],
            "before": each["current"]["right"],
            "after": each["candidate"]["right"],
            "points": points(each),
        }
        for each in report["cases"]["intents"]
        if each["cases"] >= allowed.min_cases
    ]
    return sorted((f for f in found if -f["points"] > allowed.intent_margin), key=lambda f: f["points"])


def points(intent: Mapping[str, Any]) -> float:
    """By how many percentage points an intent's share of right readings has changed."""
    change: int = intent["candidate"]["right"] - intent["current"]["right"]
    cases: int = intent["cases"]
    return round(100 * change / cases, 1)


def sentence(reason: Reason, language: str = "zh") -> str:
    """The reason as people read it."""
    said: Texts = _sentences[language]
    values = dict(reason["values"])
    if "names" in values:
        names = list(values.pop("names"))
        if reason["kind"] == "dialogues":
            names = [said("quoted", name=name) for name in names]
        listed = said("and").join(names[:NAMED])
        rest = len(names) - NAMED
        values["names"] = said("more", names=listed, n=rest) if rest > 0 else listed
    if reason["kind"] == "intent":
        cases = values["cases"]
        values |= {
            "title": titles.title(values["intent"]),
            "before_share": values["before"] / cases,
            "after_share": values["after"] / cases,
            "fall": -values["points"],
        }
    return said(reason["kind"], **values)


def said(key: str, language: str = "zh", **values: object) -> str:
    """A sentence that stands in the place of reasons."""
    return _sentences[language](key, **values)


def _reason(kind: str, **values: Any) -> Reason:
    return {"kind": kind, "values": values}

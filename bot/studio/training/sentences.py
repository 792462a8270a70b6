"""What pages and commands say of trainings, with the sentences of texts/models.yml."""

import re
from pathlib import Path

from bot.staff import texts
from bot.staff.texts import Texts

from .models import Training

_STEPS = {
    "checking the data": "step_check",
    "loading Rasa": "step_load",
    "reading the data": "step_read",
    "packing the model": "step_pack",
}
_WITH_COMPONENT = re.compile(r"(training|reading the examples with) (\w+)")


def sentences(language: str) -> Texts:
    """What there is to say, where there is no page."""
    return texts.load(Path(__file__).parent.parent / "texts" / "models.yml")[language]


def step(t: Texts, name: str | None) -> str:
    """A step of the trainer, as people call it."""
    if not name:
        return t("step_begin")
    if name in _STEPS:
        return t(_STEPS[name])
    if found := _WITH_COMPONENT.fullmatch(name):
        return t("step_train" if found[1] == "training" else "step_apply", component=found[2])
    return name


def time(t: Texts, seconds: float) -> str:
    """A time that a training takes or took."""
    seconds = round(seconds)
    if seconds < 60:
        return t("seconds", n=seconds)
    return t("minutes", m=seconds // 60, s=seconds % 60)


def failure(t: Texts, training: Training) -> str:
    """Why there is no model, and what to do."""
    return t(f"failure_{training.failure}") if training.failure else ""

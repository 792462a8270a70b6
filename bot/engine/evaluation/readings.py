"""What a model makes of messages, read as the engine reads them."""

from __future__ import annotations

import logging
import tarfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.engine.evaluation.cases import Case
from bot.engine.fingerprint import ROOT

if TYPE_CHECKING:
    from rasa.core.agent import Agent

OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True)
class Reading:
    """What the model made of a case."""

    intent: str
    """The best reading, FAQ topics as the intent they count as."""
    confidence: float
    answered: bool
    """Whether the gate lets the bot answer, neither asking back nor declining."""
    milliseconds: float


class BadModel(Exception):
    """The model cannot be used; the text says why."""


async def load(model: Path, **parts: Any) -> Agent:
    """Load a model as the engine does, warmed up; ``parts`` are for Rasa's agent, such as ``generator``.

    Raises:
        BadModel: it is no model, or one of other code than this.
    """
    import jieba
    from rasa.core.agent import Agent
    from rasa.engine.exceptions import GraphComponentException
    from rasa.shared.exceptions import RasaException

    from bot.engine.tracker_store import TurnStore
    from bot.engine.turns import TurnProcessor

    jieba.setLogLevel(logging.WARNING)  # a stock tokenizer tells of its dictionary amid the figures
    try:
        agent = Agent.load(str(model), tracker_store=TurnStore("sqlite://"), **parts)
        agent.processor = TurnProcessor(agent.processor)
        await agent.parse_message("你好")  # what is loaded late is loaded now
    except (RasaException, GraphComponentException, OSError, tarfile.TarError) as error:
        why = " ".join(f"{error} {error.__cause__ or ''}".split())
        raise BadModel(
            f"{model} does not work ({why}). Was it trained with these files? Run `make train`."
        ) from error
    return agent


async def read_all(agent: Agent, cases: Sequence[Case]) -> list[Reading]:
    """Read each case's text as the engine reads a typed message."""
    from bot.engine.channel import as_typed

    intents = topic_intents()
    readings = []
    for case in cases:
        began = time.perf_counter()
        parsed = await agent.parse_message(as_typed(case.text))
        milliseconds = (time.perf_counter() - began) * 1000
        intent, confidence = best(parsed, intents)
        readings.append(Reading(intent, confidence, is_answered(parsed), milliseconds))
    return readings


def best(parsed: dict[str, Any], intents: dict[str, str]) -> tuple[str, float]:
    """Return the best reading behind the gate and its confidence; a FAQ topic is the intent it counts as.

    ``intents`` says so for the topics of a pipeline that does not say it itself.
    """
    from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME as UNSURE

    reading = next(each for each in parsed["intent_ranking"] if each["name"] != UNSURE)
    intent = reading.get("counts_as", reading["name"])
    if intent == "faq":
        intent = intents.get(parsed["response_selector"]["faq"]["response"]["intent_response_key"], intent)
    return intent, reading["confidence"]


def is_answered(parsed: dict[str, Any]) -> bool:
    """Whether the bot answers, neither asking back nor declining."""
    from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME as UNSURE

    return parsed["intent"]["name"] not in (UNSURE, OUT_OF_SCOPE)


def topic_intents(folder: Path = ROOT / "data" / "nlu" / "faq") -> dict[str, str]:
    """The intent that each FAQ topic (``faq/…``) counts as."""
    from rasa.shared.utils.io import read_yaml_file

    entries = (entry for path in sorted(folder.glob("*.yml")) for entry in read_yaml_file(path)["nlu"])
    return {entry["intent"]: entry["metadata"]["intent"] for entry in entries}


def resident_mb() -> int | None:
    """The memory this process holds now, in MB; None where the system does not tell (only Linux does)."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return None
    return round(
        next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) / 1024
    )

"""``python -m bot.engine.evaluation.faq CASES.tsv``: which written answer each question would get.

One JSON object to a line, so that topics which somebody else named can be judged.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.engine.environment import log_from, prepare
from bot.engine.evaluation.cases import BadCases, Question, read_judgement, read_questions
from bot.engine.evaluation.options import add_model_options, model_for
from bot.engine.evaluation.readings import BadModel, best, load, topic_intents


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="bot evaluate-faq", description="Which written answer each question would get, as JSON lines."
    )
    parser.add_argument("cases", type=Path, help="table with the columns question and topic")
    add_model_options(parser)
    parser.add_argument(
        "--judgement",
        type=Path,
        metavar="FILE.tsv",
        help="table with the columns their_topic and our_topic (several: blanks between; none: not covered)",
    )
    options = parser.parse_args()
    try:
        questions = read_questions(options.cases)
        judgement = read_judgement(options.judgement) if options.judgement else None
        model = model_for(options)
        if not model:
            return 1
        prepare()
        log_from(logging.ERROR)
        rows = asyncio.run(_print_all(model, questions))
    except (BadCases, BadModel) as why:
        print(why, file=sys.stderr)
        return 1
    if judgement is not None:
        print(judged(rows, judgement), file=sys.stderr)
    return 0


async def _print_all(model: Path, questions: Sequence[Question]) -> list[dict[str, Any]]:
    rows = []
    async for row in answers(model, questions):
        print(json.dumps(row, ensure_ascii=False), flush=True)
        rows.append(row)
    return rows


async def answers(model: Path, questions: Sequence[Question]) -> AsyncIterator[dict[str, Any]]:
    """Give for each question the topic that fits best, and its answer as the shopper would see it."""
    from rasa.shared.core.trackers import DialogueStateTracker
    from rasa.utils.endpoints import EndpointConfig

    from bot.engine.channel import as_typed
    from bot.engine.nlu.faq import FAQ
    from bot.engine.replies import ShopReplies

    agent = await load(model)
    replies = ShopReplies(EndpointConfig(), agent.domain)
    nobody = DialogueStateTracker.from_events("evaluation", [], agent.domain.slots)
    intents = topic_intents()
    for question in questions:
        parsed = await agent.parse_message(as_typed(question.text))
        found = parsed["response_selector"][FAQ]["response"]
        said = await replies.generate(found["utter_action"], nobody, "web")
        yield {
            "question": question.text,
            "topic": question.topic,
            "answered_topic": found["intent_response_key"],
            "answer": (said or {}).get("text"),
            "score": round(found["confidence"], 4),
            "intent": best(parsed, intents)[0],
            "answered": parsed["intent"]["name"] == FAQ,
        }


def judged(rows: Sequence[Mapping[str, Any]], judgement: Mapping[str, frozenset[str]]) -> str:
    """Say how often the first topic is a right one, and answered; topics that the shop lacks are left out."""
    covered = [row for row in rows if judgement.get(row["topic"])]
    if not covered:
        return "No row has a topic that the judgement covers."
    right = [row for row in covered if row["answered_topic"] in judgement[row["topic"]]]
    answered = [row for row in covered if row["answered"]]
    return (
        f"The right topic first: {len(right) / len(covered):.1%} of {len(covered)} questions"
        f" ({len(rows) - len(covered)} of topics without a judgement left out)."
        f" Answered with a topic: {len(answered)}, {sum(row['answered'] for row in right)} of them rightly."
    )


if __name__ == "__main__":
    sys.exit(main())

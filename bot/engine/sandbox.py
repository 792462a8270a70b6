"""``python -m bot.engine.sandbox --model ARCHIVE``: one model to chat with, over standard input and output.

Started by bot/sandbox.py, which tells in the first line where the actions are (``actions_url`` and
``actions_secret``). Then each line is a wish as JSON and is answered by one line. Nothing is kept: dialogues
are in memory and end with the process, which ends with its input.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from bot.engine.environment import log_from, prepare
from bot.engine.evaluation.readings import BadModel, load, resident_mb
from bot.engine.run import CannotStart, components, model_to_serve
from bot.engine.without_tensorflow import leave_out

if TYPE_CHECKING:
    from bot.engine.turns import TurnProcessor

Answer = dict[str, Any]

# As a turn in credentials.yml, with patience for a machine that does other work.
TURN_SECONDS = 15.0
LINE = 256 * 1024
# What nobody needs to read of an event.
_LENGTHY = ("text_tokens",)

logger = logging.getLogger(__name__)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bot.engine.sandbox", description=__doc__.partition("\n")[0])
    parser.add_argument("--model", type=Path, required=True)
    options = parser.parse_args()
    # Nothing but answers is said to the other side, whatever a library prints.
    told = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    try:
        asyncio.run(_serve(model_to_serve(options.model), told))
    except (BadModel, CannotStart, OSError, ValueError) as why:
        print(" ".join(str(why).split()), file=sys.stderr)
        return 1
    return 0


async def _serve(model: Path, told: TextIO) -> None:
    actions = json.loads(sys.stdin.buffer.readline(LINE))
    prepare()
    leave_out(components(model))
    log_from(logging.ERROR)
    from bot.engine import patches

    try:
        patches.apply()
    except patches.OtherRasa as error:
        raise BadModel(str(error)) from error
    from rasa.utils.endpoints import EndpointConfig

    from bot.engine.replies import ShopReplies

    headers = {"Authorization": f"Bearer {actions['actions_secret']}"}
    agent = await load(model, action_endpoint=EndpointConfig(actions["actions_url"], headers=headers))
    processor: TurnProcessor = agent.processor
    processor.nlg = ShopReplies(EndpointConfig(), processor.domain)
    await processor.warm()
    _say(told, {"ready": processor.model, "resident_mb": resident_mb()})
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.buffer.readline, LINE):
        _say(told, await _granted(processor, json.loads(line)))
    await processor.action_endpoint.close()


def _say(told: TextIO, answer: Answer) -> None:
    # A half surrogate in what somebody typed could not be written.
    print(json.dumps(answer, ensure_ascii=True), file=told, flush=True)


async def _granted(processor: TurnProcessor, wish: dict[str, Any]) -> Answer:
    """``say`` a message of the engine contract, take the last turn ``back``, or ``forget`` a conversation."""
    store = processor.tracker_store
    if wish["do"] == "back":
        return {"done": await store.take_back(wish["conversation"]), **await _known(processor, wish)}
    if wish["do"] == "forget":
        await store.forget(wish["conversation"])
        return {"done": True}
    return await _answered(processor, wish["message"])


async def _answered(processor: TurnProcessor, body: dict[str, Any]) -> Answer:
    from bot.engine.channel import Refused, read_message
    from bot.engine.tracker_store import Conflict
    from bot.engine.turns import ActionFailed, EmptyAnswer

    began = time.perf_counter()
    try:
        message = read_message(json.dumps(body).encode(), processor.domain, processor.model)
        answer = await asyncio.wait_for(processor.answer(message), TURN_SECONDS)
    except Refused as refused:
        return {"failed": refused.slug, "detail": refused.detail}
    except EmptyAnswer as empty:
        return {"failed": "empty-answer", "detail": str(empty)}
    except (ActionFailed, asyncio.TimeoutError) as failed:
        return {"failed": "action-failed", "detail": str(failed) or "timeout"}
    except Conflict as conflict:
        return {"failed": "internal-error", "detail": str(conflict)}
    except Exception as error:  # a turn that fails must not end the chat
        logger.exception("turn failed")
        return {"failed": "internal-error", "detail": type(error).__name__}
    milliseconds = round((time.perf_counter() - began) * 1000)
    ((_, events),) = await processor.tracker_store.last_turns(body["conversation"], 1)
    return {
        "replies": answer["replies"],
        "handoff": answer.get("handoff"),
        "milliseconds": milliseconds,
        "events": [_shortened(event) for event in events],
        **await _known(processor, body),
    }


async def _known(processor: TurnProcessor, wish: dict[str, Any]) -> Answer:
    """The slots that hold something, and the form that asks."""
    tracker, _ = await processor.tracker_store.read(wish["conversation"], "")
    slots = {name: slot.value for name, slot in tracker.slots.items() if slot.value is not None}
    return {"slots": slots, "loop": tracker.active_loop_name}


def _shortened(event: dict[str, Any]) -> dict[str, Any]:
    if "parse_data" not in event:
        return event
    parsed = {key: value for key, value in event["parse_data"].items() if key not in _LENGTHY}
    return {**event, "parse_data": parsed}


if __name__ == "__main__":
    sys.exit(main())

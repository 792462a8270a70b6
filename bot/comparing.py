"""``python -m bot.comparing``: one comparison of two models, with a shop and actions of its own beside it.

Started by bot/studio/proof.py in a process group of its own. It lays out the project's dialogues in a fresh
sample shop, starts the action server, and lets the engine's environment do the rest (bot/engine/compare.py),
whose lines of progress pass through.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from opencc import OpenCC

from bot.dialogues.format import BadDialogue, Dialogue, put_in, read
from bot.dialogues.given import Cast, cast, load
from bot.launcher import ENGINE_PYTHON, write_private
from bot.settings import ROOT
from bot.stage import CannotStage, environment, stage


def main() -> int:
    options = _options()
    threading.Thread(target=_end_with_caller, daemon=True).start()
    try:
        return _compare(options)
    except (CannotStage, BadDialogue, OSError) as why:
        print(why, file=sys.stderr)
        return 1


def _compare(options: argparse.Namespace) -> int:
    bot = options.tests.resolve().parent
    command = [str(ENGINE_PYTHON), "-m", "bot.engine.compare", "--progress"]
    command += ["--current", str(options.current), "--candidate", str(options.candidate)]
    command += ["--out", str(options.out)]
    if options.turns:
        command += ["--turns", str(options.turns)]
    command += ["--cases", *map(str, sorted((options.tests / "nlu_cases").glob("*.tsv")))]
    dialogues = {
        id: dialogue
        for path in sorted((options.tests / "dialogues").glob("*.yml"))
        for id, dialogue in read(path).items()
    }
    played, left_out = chosen(dialogues)
    with ExitStack() as around:
        if played:
            print(json.dumps({"model": "", "step": "stage", "done": 0, "of": 1}), flush=True)
            staged = around.enter_context(_stage(options.work, bot, played))
            write_private(options.work / "dialogues.json", staged)
            command += ["--dialogues", str(options.work / "dialogues.json")]
        ended = subprocess.run(command, cwd=ROOT, env=environment(bot), check=False)  # noqa: S603
    if ended.returncode == 0 and left_out:
        report = json.loads(options.out.read_text())
        report["dialogues"]["left_out"] = left_out
        write_private(options.out, report)
    return ended.returncode


def chosen(dialogues: dict[str, Dialogue]) -> tuple[dict[str, Dialogue], dict[str, int]]:
    """Those that can be played with a model alone, and how many were left out for which reason."""
    reasons = {id: _needs_service(dialogue) for id, dialogue in dialogues.items()}
    played = {id: dialogue for id, dialogue in dialogues.items() if not reasons[id]}
    return played, dict(Counter(filter(None, reasons.values())))


def _needs_service(dialogue: Dialogue) -> str | None:
    """What a dialogue needs that is not the engine's, as texts/compare.yml calls it."""
    if dialogue.troubled:
        return "faults"
    if dialogue.tickets:
        return "tickets"
    if any(turn.twice for turn in dialogue.turns):
        return "twice"
    if any(turn.owner for turn in dialogue.turns) or any(turn.handoff for turn in dialogue.turns[:-1]):
        return "queue"
    return None


@contextmanager
def _stage(work: Path, bot: Path, dialogues: dict[str, Dialogue]) -> Iterator[dict[str, Any]]:
    """A fresh shop with what the dialogues need, once for each model, and the action server at it.

    What is said is what the files of the folder ``bot`` say, as it will be when the model is promoted.
    """
    with stage(work / "stage", bot) as beside:
        settings = beside.settings
        beside.shop_ready()
        casts = {
            side: {id: cast(dialogue) for id, dialogue in dialogues.items()}
            for side in ("current", "candidate")
        }
        for made in casts.values():
            load(settings.shop_database, made)
        beside.actions_ready()
        yield {
            "actions_secret": settings.internal_secret,
            "shop_secret": settings.shop_service_secret,
            "actions_url": beside.actions_url,
            "shop_url": settings.shop_api,
            **{
                side: [_laid_out(id, dialogues[id], each) for id, each in made.items()]
                for side, made in casts.items()
            },
        }


def _laid_out(id: str, dialogue: Dialogue, made: Cast) -> dict[str, Any]:
    """A dialogue with its names put in, as bot/engine/playing.py plays it."""
    records = put_in(dialogue.records, made.names).model_dump()
    records["orders"] = {made.names.get(ref, ref): wanted for ref, wanted in records["orders"].items()}
    turns = [put_in(turn, made.names).model_dump(exclude={"faults"}) for turn in dialogue.turns]
    for turn in turns:
        # Who writes traditional characters is answered in them by the service, not by the engine.
        turn.update({key: _simplified(value) for key, value in turn.items() if key != "say"})
        if turn["handoff"]:
            turn.update(text=[], any=[], buttons=[])  # the service says where she stands in the queue
    return {
        "id": id,
        "conversation": uuid4().hex,
        "acting": made.customer,
        "customer": None if dialogue.visitor else {"id": made.customer, "name": "顾客", "verified": True},
        "turns": turns,
        "records": records,
    }


def _simplified(value: Any) -> Any:
    if isinstance(value, str):
        return _script().convert(value)
    if isinstance(value, dict):
        return {key: _simplified(part) for key, part in value.items()}
    return [_simplified(part) for part in value] if isinstance(value, list) else value


@cache
def _script() -> OpenCC:
    return OpenCC("tw2s")


def _end_with_caller() -> None:
    """A caller that was killed cannot end its comparison; the end of its pipe does."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.killpg(0, signal.SIGTERM)


def _options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bot.comparing", description=__doc__.partition("\n")[0])
    for name in ("current", "candidate", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument(
        "--tests", type=Path, required=True, help="of the bot's files, with nlu_cases and dialogues"
    )
    parser.add_argument("--turns", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="a folder of its own for what it needs")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())

"""``python -m bot.engine.evaluation CASES.tsv…``: how well the trained model reads labelled messages.

The cases have the columns ``text`` and ``label`` (or ``our_intent``; ``a|b``: either is right) and
may have ``style``. FAQ topics count as the intent that their file names for them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot import model_sidecar
from bot.engine.environment import log_from, prepare
from bot.engine.evaluation.cases import BadCases, Case, read_cases
from bot.engine.evaluation.measures import measures
from bot.engine.evaluation.options import add_model_options, model_for
from bot.engine.evaluation.readings import BadModel, Reading, load, read_all, resident_mb
from bot.engine.evaluation.report import confusions, table


def main() -> int:
    try:
        return _measure(_options())
    except (BadCases, BadModel, OSError) as why:
        print(why, file=sys.stderr)
        return 1


def _measure(options: argparse.Namespace) -> int:
    files = {path: read_cases(path) for path in options.cases}
    model = model_for(options)
    if not model:
        return 1
    prepare()
    log_from(logging.ERROR)
    readings, memory = asyncio.run(_read(model, list(files.values())))
    results: list[dict[str, Any]] = []
    misread: list[str] = []
    for (path, cases), read in zip(files.items(), readings, strict=True):
        figures = {
            "cases": path.name,
            **measures(cases, read, options.wrong_limit),
            "resident_mb": memory,
            "training_seconds": model_sidecar.read(model).training_seconds,
            "model": model.name,
        }
        results.append(figures)
        misread.append(confusions(figures, cases, read))
        if options.pictures:
            from bot.engine.evaluation.pictures import draw

            for picture in draw(options.pictures, path.stem, cases, read, options.wrong_limit):
                print(picture, file=sys.stderr)
    if options.confusions:
        options.confusions.write_text("\n".join(misread), encoding="utf-8")
    if options.json:
        print(json.dumps(results[0] if len(results) == 1 else results, ensure_ascii=False, indent=2))
    else:
        print("\n\n".join(map(table, results)))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bot evaluate", description="How well the model reads labelled messages."
    )
    parser.add_argument("cases", type=Path, nargs="+", help="tables with the columns text and label")
    add_model_options(parser)
    parser.add_argument(
        "--json", action="store_true", help="print the figures as JSON, of several files a list"
    )
    parser.add_argument(
        "--wrong-limit",
        type=_share,
        default=0.03,
        help="recommend a threshold for this share of wrong answers",
    )
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="draw reliability and answered/wrong")
    parser.add_argument("--confusions", type=Path, metavar="FILE.md", help="write what was read wrong")
    return parser.parse_args()


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text} is no share from 0 to 1")
    return share


async def _read(model: Path, files: Sequence[Sequence[Case]]) -> tuple[list[list[Reading]], int | None]:
    agent = await load(model)
    return [await read_all(agent, cases) for cases in files], resident_mb()


if __name__ == "__main__":
    sys.exit(main())

"""``python -m bot.engine.evaluation.compare CASES.tsv…``: our pipeline and the stock one side by side.

DIET takes minutes an epoch with all examples, so both are trained with a part of them; beside them stands
our model of all. Each is measured in a process of its own, so that each one's memory is its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import Any

from bot.engine.evaluation.report import beside
from bot.engine.fingerprint import ROOT

OURS = ROOT / "config.yml"
STOCK = ROOT / "tests" / "bench" / "stock_config.yml"


class Failed(Exception):
    """One of the two could not be measured; it has said why."""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="bot.engine.evaluation.compare", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("cases", nargs="+", help="tables with the columns text and label")
    parser.add_argument(
        "--every", default="10", metavar="N", help="train both pipelines with each N-th example (default: 10)"
    )
    options = parser.parse_args()
    thin = ["--every", options.every]
    try:
        whole = _figures(options.cases)
        ours = _figures([*options.cases, "--config", str(OURS), *thin])
        stock = _figures([*options.cases, "--config", str(STOCK), *thin])
    except Failed:
        return 1
    part = f"1 in {options.every}"
    for each in zip(whole, ours, stock, strict=True):
        print(beside(dict(zip(("ours", f"ours, {part}", f"stock, {part}"), each, strict=True))), end="\n\n")
    return 0


def _figures(arguments: list[str]) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "bot.engine.evaluation", "--json", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=False)  # noqa: S603
    if done.returncode:
        raise Failed
    figures = json.loads(done.stdout)
    return figures if isinstance(figures, list) else [figures]


if __name__ == "__main__":
    sys.exit(main())

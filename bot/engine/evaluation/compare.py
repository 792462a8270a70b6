"""``python -m bot.engine.evaluation.compare CASES.tsv…``: our pipeline and the stock one side by side.

Each is measured in a process of its own, so that each one's memory is its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import Any

from bot.engine.evaluation.report import beside
from bot.engine.fingerprint import ROOT

STOCK = ROOT / "tests" / "bench" / "stock_config.yml"


class Failed(Exception):
    """One of the two could not be measured; it has said why."""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="bot.engine.evaluation.compare", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("cases", nargs="+", help="tables with the columns text and label")
    parser.add_argument(
        "--stock", metavar="MODEL", help="a stock model at hand; default: one of these examples"
    )
    options = parser.parse_args()
    stock_model = ["--model", options.stock] if options.stock else ["--config", str(STOCK)]
    try:
        ours, stock = _figures(options.cases), _figures([*options.cases, *stock_model])
    except Failed:
        return 1
    print("\n\n".join(beside(one, two) for one, two in zip(ours, stock, strict=True)))
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

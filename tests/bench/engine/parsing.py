"""``python -m tests.bench.engine.parsing {ours,stock} MODEL``: how a model reads, and how long it takes.

Runs in the engine's environment: the model is loaded in this process and each message parsed by itself. Reads
a JSON list of texts from each line of standard input and answers one line, a list of ``[reading,
milliseconds]``; a reading is the intent, of a question ``faq/topic``.
"""

import asyncio
import json
import logging
import sys
import time
from pathlib import Path
from typing import Any


async def main() -> None:
    which, model = sys.argv[1], Path(sys.argv[2])
    out, sys.stdout = sys.stdout, sys.stderr  # what Rasa prints
    if which == "ours":  # its process is set up so; a stock one is not
        from bot.engine.environment import prepare

        prepare()
    from rasa.core.agent import Agent
    from rasa.utils.common import configure_logging_and_warnings
    from rasa.utils.log_utils import configure_structlog

    configure_logging_and_warnings(logging.ERROR)
    configure_structlog(logging.ERROR)
    agent = Agent.load(str(model))
    await agent.parse_message("你好")
    for line in sys.stdin:
        readings = [await _read(agent, text) for text in json.loads(line)]
        print(json.dumps(readings), file=out, flush=True)


async def _read(agent: Any, text: str) -> tuple[str, float]:
    began = time.perf_counter()
    parsed = await agent.parse_message(text)
    milliseconds = (time.perf_counter() - began) * 1000
    intent = parsed["intent"]["name"]
    if intent == "faq":
        intent = parsed["response_selector"]["faq"]["response"]["intent_response_key"]
    return intent, milliseconds


if __name__ == "__main__":
    asyncio.run(main())

"""Do fifty shoppers keep their answer times while the shop is slow for one? ``make bench-slow-shop``.

Three rounds against the real stack: in all, fifty shoppers ask after their orders and parcels, each question
in a conversation of its own; in the second the shop takes 2.5 s for every call of one more customer, who asks
anew in all her tabs two seconds after each answer. The first and the third differ by what else the machine
had to do, which ``load`` tells: a difference of the second means something only where it is larger.
"""

import argparse
import asyncio
import json
import os
import random
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from uuid import uuid4

import httpx

from tests.shop_proxy import Fault
from tests.stack import Running, running_stack

SLOW = "c1001"
OTHERS = ["c1002", "c1003", "c1004", "c1005", "c1007", "c1009", "c1010"]  # who have orders, and no trouble
SHOPPERS = 50
QUESTIONS = ["帮我查一下订单", "我的快递到哪了", "我的订单发货了吗", "快递什么时候到"]
PAUSE = (15.0, 30.0)  # seconds a person reads and types
DELAY = 2.5


@dataclass
class Times:
    """Seconds from sending to the answer's arrival, and how many answers were an excuse."""

    seconds: list[float] = field(default_factory=list)
    excuses: int = 0
    load: float = 0  # of the machine, over the last minute

    def row(self, name: str) -> str:
        cuts = quantiles(self.seconds, n=20, method="inclusive")
        figures = (f"{value:8.2f}" for value in (cuts[9], cuts[18], max(self.seconds)))
        return f"{name:26}{len(self.seconds):8}{self.excuses:10}{self.load:8.1f}{''.join(figures)}"


async def ask(http: httpx.AsyncClient, token: str, question: str, times: Times) -> None:
    """Ask one question in the conversation and wait for its answer on the stream."""
    headers = {"Authorization": f"Bearer {token}"}
    body = {"client_id": uuid4().hex, "text": question}
    began = time.monotonic()
    sent = await http.post("/api/chat/messages", json=body, headers=headers)
    after = {"after": sent.raise_for_status().json()["seq"]}
    async with http.stream("GET", "/api/chat/stream", params=after, headers=headers) as stream:
        async for line in stream.aiter_lines():
            if not line.startswith("data:"):
                continue
            message = json.loads(line.removeprefix("data:"))
            if "seq" in message and message["from"] == "bot":
                times.seconds.append(time.monotonic() - began)
                times.excuses += any("转人工" in button["title"] for button in message.get("buttons", []))
                return


async def open_conversation(http: httpx.AsyncClient, running: Running, customer: str) -> str:
    body = {"customer_token": running.customers[customer]}
    token: str = (await http.post("/api/chat/sessions", json=body)).raise_for_status().json()["token"]
    return token


async def shopper(http: httpx.AsyncClient, running: Running, number: int, times: Times) -> None:
    chance = random.Random(number)
    await asyncio.sleep(PAUSE[1] * number / SHOPPERS)
    for question in chance.sample(QUESTIONS, 3):
        token = await open_conversation(http, running, OTHERS[number % len(OTHERS)])
        await ask(http, token, question, times)
        await asyncio.sleep(chance.uniform(*PAUSE))


async def keeps_asking(http: httpx.AsyncClient, running: Running, times: Times) -> None:
    while True:
        token = await open_conversation(http, running, SLOW)
        await ask(http, token, QUESTIONS[0], times)
        await asyncio.sleep(2)


async def round_of(running: Running, tabs: int) -> tuple[Times, Times]:
    """The times of the fifty, and those of the slow one, who has so many tabs."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=running.settings.front, timeout=30, limits=limits) as http:
        fifty, slow = Times(), Times()
        beside = [asyncio.create_task(keeps_asking(http, running, slow)) for _ in range(tabs)]
        await asyncio.gather(*(shopper(http, running, number, fifty) for number in range(SHOPPERS)))
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
    fifty.load = slow.load = os.getloadavg()[0]
    return fifty, slow


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tabs", type=int, default=1, help="conversations the slow one has open at once")
    tabs = parser.parse_args().tabs
    os.environ["GUITAI_ADDRESS_MESSAGES_PER_MINUTE"] = "6000"  # here all have one address
    with ExitStack() as around:
        folder = around.enter_context(tempfile.TemporaryDirectory())
        running = around.enter_context(running_stack(Path(folder), proxied=True))
        assert running.proxy
        around.enter_context(running.proxy.troubled(Fault(customer=SLOW, delay=DELAY)))
        alone, _ = asyncio.run(round_of(running, 0))
        beside, slow = asyncio.run(round_of(running, tabs))
        again, _ = asyncio.run(round_of(running, 0))
    columns = f"{'answers':>8}{'excuses':>10}{'load':>8}{'p50':>8}{'p95':>8}{'max':>8}"
    print(f"\n{'seconds to the answer':26}{columns}")
    print(alone.row("fifty shoppers"))
    print(beside.row("fifty beside the slow one"))
    print(again.row("fifty shoppers again"))
    print(slow.row(f"the slow one (tabs: {tabs})"))


if __name__ == "__main__":
    main()

"""Work that shoppers have done in the shop: it must be done once, however often it was tried."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import httpx

from bot.dialogues.format import Dialogue, Turn
from bot.dialogues.given import cast, load
from tests.dialogues.runner import customer_token
from tests.stack import Running

from .shoppers import Shopper


@dataclass(frozen=True)
class Kind:
    """What is asked for, the button that confirms it, what is said once it is done, and where it stands."""

    order: dict[str, object]
    wish: str
    button: str
    done: str
    records: str


KINDS = [
    Kind(
        {"status": "paid", "items": [{"sku": "p2006-2"}]},
        "帮我取消订单",
        "确认取消",
        "已经帮您取消",
        "/v1/refunds",
    ),
    # One of five: the shop would take a second one, were it asked twice.
    Kind(
        {"status": "delivered", "items": [{"sku": "p2010-1", "qty": 5}]},
        "充电器我拍多了，退一个",
        "确认提交",
        "退货申请已经提交",
        "/v1/returns",
    ),
]


@dataclass
class Job:
    """One customer with one order, and one wish about it; ``told`` once the bot says it is done."""

    kind: Kind
    customer: str
    shopper: Shopper
    confirmed: bool = False
    told: bool = False

    async def run(self) -> None:
        """Ask until it is shown for confirmation, confirm it once, and listen."""
        for _ in range(4):
            said = await self.shopper.answer_to(await self.shopper.say(self.kind.wish))
            buttons = [button for m in said for button in m.get("buttons", ())]
            if payloads := [b["payload"] for b in buttons if self.kind.button in b["title"]]:
                self.confirmed = True
                copies = self.shopper.chance.choice([1, 2])
                await self.shopper.say(payload=payloads[0], copies=copies)
                return
            await asyncio.sleep(2)

    def close(self) -> None:
        """Note what she was told in the end."""
        self.told = any(
            self.kind.done in m.get("text", "") for m in self.shopper.tabs[0] if m["from"] == "bot"
        )


def prepare(running: Running, http: httpx.AsyncClient, amount: int, chance: random.Random) -> list[Job]:
    """So many jobs, their customers and orders in the shop."""
    kinds = [KINDS[i % len(KINDS)] for i in range(amount)]
    casts = {
        str(i): cast(Dialogue(name=kind.wish, turns=[Turn(say=kind.wish)], customer={"orders": [kind.order]}))
        for i, kind in enumerate(kinds)
    }
    load(running.settings.shop_database, casts)
    made = []
    for kind, who in zip(kinds, casts.values(), strict=True):
        token = customer_token(running.settings, who.customer)
        shopper = Shopper(http, token, random.Random(chance.random()))
        made.append(Job(kind, who.customer, shopper))
    return made


async def work_off(
    jobs: Iterator[Job],
    begin: Callable[[Shopper], Awaitable[None]],
    goes_on: Callable[[], bool],
    pause: float,
) -> None:
    """Do one job after the other while ``goes_on()``; several may draw from the same iterator."""
    for job in jobs:
        if not goes_on():
            return
        await asyncio.sleep(job.shopper.chance.uniform(0, 2 * pause))
        await begin(job.shopper)
        await job.run()


def records(running: Running, job: Job) -> int:
    """How often the job was done, by the shop's own word."""
    return len(running.order_backend(job.kind.records, job.customer)["items"])

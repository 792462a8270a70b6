"""How an after-sale shall be settled."""

import asyncio

from actions.after_sales.reason import needs_pictures
from actions.after_sales.request import allows, item_of, request_of
from actions.backend.contract import Refused
from actions.job import Step, Work
from actions.shop import shop
from actions.turn import HUMAN, Turn
from actions.wording import button, choice, says, wording

MONEY = {"return", "refund_only"}


class SolutionStep(Step):
    """How it shall be settled, among what the shop would agree to.

    Args:
        kinds: of after-sales, in the order in which they are offered.
    """

    name = "solution"

    def __init__(self, *kinds: str) -> None:
        self.kinds = kinds

    async def take(self, work: Work) -> None:
        values = work.job.values
        if said := self._said(work):
            values[self.name] = said
        elif self.name not in values and _settled(work):
            possible = await self.possible(work)
            if len(possible) == 1:
                values[self.name] = possible[0]

    async def ask(self, work: Work) -> None:
        work.job.offered = {}
        possible = await self.possible(work)
        # Whether the goods go back has to be said: it is a different thing for both.
        money = [kind for kind in possible if kind in MONEY] if says("money_back", work.turn.text) else []
        response = "utter_after_sales_solution_money" if len(money) > 1 else "utter_after_sales_solution"
        kinds = money if len(money) > 1 else possible
        buttons = [choice(kind, wording()["solutions"][kind]) for kind in kinds]
        work.tell(response, *buttons, button("human", HUMAN))

    def accepts(self, turn: Turn) -> bool:
        return super().accepts(turn) or self._named(turn.text) is not None or says("money_back", turn.text)

    async def possible(self, work: Work) -> list[str]:
        """What the shop would agree to.

        Raises:
            Refused: to nothing.
        """
        ruled_out = work.job.values.get("ruled_out", [])
        kinds = [kind for kind in self.kinds if kind not in ruled_out]
        answers = await asyncio.gather(*(self._would(work, kind) for kind in kinds))
        possible = [kind for kind, refusal in zip(kinds, answers, strict=True) if not refusal]
        if not possible:
            raise next((answer for answer in answers if answer), Refused("", wording()["no_solution"]))
        return possible

    async def others(self, work: Work) -> list[str]:
        """What can be done instead."""
        try:
            return await self.possible(work)
        except Refused:
            return []

    async def _would(self, work: Work, kind: str) -> Refused | None:
        """Why not, if not."""
        cans = [work.order.can, *(item_of(work, part["sku"]).can for part in work.job.values["items"])]
        for can in cans:
            if not allows(can, kind):
                return Refused(can[kind].cause or "", can[kind].reason or "")
        if kind == "exchange":
            # What it shall be exchanged for is not known yet.
            one = len(work.job.values["items"]) == 1
            return None if one else Refused("several", wording()["exchange_one"])
        try:
            await work.ask(shop().request_after_sale, request_of(work, kind), key="", dry_run=True)
        except Refused as refused:
            return refused
        return None

    def _said(self, work: Work) -> str | None:
        chosen = work.turn.entity("choice")
        if chosen in self.kinds:
            return chosen
        return next((kind for text in reversed(work.heard) if (kind := self._named(text))), None)

    def _named(self, text: str) -> str | None:
        for kind, words in wording()["solution_words"].items():
            if any(word in text for word in words):
                wished = "resend" if kind == "exchange" and kind not in self.kinds else kind
                if wished in self.kinds:
                    return str(wished)
        return None


def _settled(work: Work) -> bool:
    """Whether it is known what is wrong with which goods, and shown where it must be."""
    values = work.job.values
    counted = bool(values.get("items")) and values["items"][0]["qty"] is not None
    return counted and "reason" in values and (not needs_pictures(values) or bool(values.get("evidence")))

"""price_protect: the difference, where goods became cheaper after they were paid for."""

import asyncio

from rasa_sdk.events import EventType

from actions.backend.contract import Item, PriceProtection, Refused, ShopError
from actions.job import Work
from actions.job_form import JobForm
from actions.shop import ask_shop, shop
from actions.wording import expected, money, wording

TOLD = 3  # items whose prices are told


class ValidatePriceProtectForm(JobForm):
    """Pays back what the goods of an order became cheaper by."""

    form = "price_protect_form"
    intent = "price_protect"
    permission = "price_protect"
    instead = (("pending_payment", "cancel", "cancel_order"),)

    async def write(self, work: Work, *, key: str, dry_run: bool) -> PriceProtection:
        return await work.ask(shop().protect_price, work.order.no, key=key, dry_run=dry_run)

    def pays_fen(self, would: PriceProtection) -> int:
        return would.refund_fen

    async def refused(self, work: Work, refused: Refused) -> list[EventType]:
        """Where nothing is cheaper, the prices are shown."""
        if refused.cause == "no_drop":
            prices = await asyncio.gather(*(self._price_now(work, item) for item in work.order.items[:TOLD]))
            compared = [
                (item.name, item.price_fen, now)
                for item, now in zip(work.order.items, prices, strict=False)
                if now is not None
            ]
            if compared:
                refused = Refused(refused.cause, f"{refused.reason}\n{_lines(compared)}")
        return await super().refused(work, refused)

    def tell(self, work: Work, what: str, told: PriceProtection, *buttons: dict[str, str]) -> None:
        work.tell(
            f"utter_price_protect_{what}",
            *buttons,
            amount=money(told.refund_fen),
            prices=_lines([(each.name, each.paid_fen, each.price_fen) for each in told.items]),
            method=told.method_text,
            when=expected(told.expected_at, "money"),
        )

    async def _price_now(self, work: Work, item: Item) -> int | None:
        try:
            product = await ask_shop(work.turn, shop().product, item.product)
        except ShopError:
            return None  # the reason stands without figures as well
        return next((each.price_fen for each in product.variants if each.sku == item.sku), None)


def _lines(prices: list[tuple[str, int, int]]) -> str:
    line = wording()["price_line"]
    return "\n".join(line.format(name=name, paid=money(paid), now=money(now)) for name, paid, now in prices)

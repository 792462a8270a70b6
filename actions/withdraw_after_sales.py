"""withdraw_after_sales: a request for after-sales is taken back."""

from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.after_sales.request import facts, title
from actions.backend.contract import AfterSale, Refused
from actions.job import Step, Work
from actions.job_form import JobForm
from actions.naming import best_fitting
from actions.order_questions import leave
from actions.shop import ask_shop, shop
from actions.turn import Turn
from actions.wording import choice, human_offer, wording


class RequestStep(Step):
    """Which of the requests that can be taken back, of all the shopper's orders."""

    name = "after_sale"

    async def take(self, work: Work) -> None:
        values, turn = work.job.values, work.turn
        requests = {sale.id: sale for sale in await self._requests(work)}
        chosen = turn.entity("choice")
        if chosen not in requests:
            chosen = self._named(work, list(requests.values()))
        if not chosen and self.name not in values and len(requests) == 1:
            chosen = next(iter(requests))
        if chosen:
            values[self.name] = chosen
            no = requests[chosen].order_no
            if no != work.order.no:
                work.order = await work.ask(shop().order, no)
                work.job.order_no = no

    async def ask(self, work: Work) -> None:
        form = wording()["after_sale_button"]
        titles = {
            sale.id: form.format(kind=sale.kind_text, item=title(sale.items[0]))
            for sale in await self._requests(work)
        }
        work.job.offered = titles
        buttons = [choice(id, name) for id, name in titles.items()]
        work.tell("utter_withdraw_after_sales_which", *buttons)

    async def _requests(self, work: Work) -> list[AfterSale]:
        """What can be taken back.

        Raises:
            Refused: nothing can.
        """
        page = await work.ask(shop().after_sales)
        open_ = [sale for sale in page.items if sale.can_withdraw.allowed]
        if not open_:
            last = page.items[0].can_withdraw if page.items else None
            raise Refused((last and last.cause) or "none", (last and last.reason) or wording()["no_request"])
        of_order = [sale for sale in open_ if sale.order_no == work.turn.entity("order_no")]
        return of_order or open_

    def _named(self, work: Work, requests: list[AfterSale]) -> str | None:
        goods = [(sale.id, f"{sale.kind_text} {title(sale.items[0])} {sale.order_no}") for sale in requests]
        for text in reversed(work.heard):
            fit = best_fitting(text, work.entity("product"), goods)
            if len(fit) == 1:
                return fit[0]
        return None


class ValidateWithdrawAfterSalesForm(JobForm):
    form = "withdraw_after_sales_form"
    intent = "withdraw_after_sales"
    permission = ""
    instead = (("none", "progress", "refund_status"),)
    steps = (RequestStep(),)

    def digresses(self, turn: Turn) -> bool:
        # "换货的那个" names one of those offered.
        return turn.slot("requested_slot") != RequestStep.name and super().digresses(turn)

    async def find_order(self, say: CollectingDispatcher, turn: Turn, asked: str | None) -> list[EventType]:
        """A customer is asked which request, never which order."""
        if not turn.customer or turn.entity("order_no"):
            return await super().find_order(say, turn, asked)
        page = await ask_shop(turn, shop().after_sales, turn.customer)
        if not page.items:
            say.utter_message(response="utter_withdraw_after_sales_none", buttons=human_offer())
            return leave()
        first = next((sale for sale in page.items if sale.can_withdraw.allowed), page.items[0])
        order = await ask_shop(turn, shop().order, turn.customer, first.order_no)
        return await self.chosen(say, turn, turn.customer, order, False)

    async def write(self, work: Work, *, key: str, dry_run: bool) -> AfterSale:
        id = work.job.values["after_sale"]
        sale: AfterSale = await work.ask(shop().withdraw_after_sale, id, key=key, dry_run=dry_run)
        return sale

    def tell(self, work: Work, what: str, told: AfterSale, *buttons: dict[str, str]) -> None:
        work.tell(f"utter_withdraw_after_sales_{what}", *buttons, **facts(told))

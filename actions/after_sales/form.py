"""The form of all jobs that end in a request for after-sales."""

from abc import abstractmethod
from typing import TypeVar

from rasa_sdk.events import EventType, SlotSet

from actions.after_sales.reason import EvidenceStep
from actions.after_sales.request import facts, request_of
from actions.after_sales.solution import SolutionStep
from actions.after_sales.variant import VariantStep
from actions.answers import corrects, wishes
from actions.backend.contract import AfterSale, Allowed, Order, Refused
from actions.cards import return_card
from actions.job import Job, Step, Work
from actions.job_form import JobForm
from actions.shop import shop
from actions.turn import UNSURE, Turn
from actions.wording import says

T = TypeVar("T")

# Goods of which another one is chosen after such a refusal.
OTHER_VARIANT = {"out_of_stock", "other_price"}


class AfterSaleForm(JobForm):
    """A job that ends in a request for after-sales."""

    kinds: tuple[str, ...]
    """What it may come to, of AFTER_SALES."""
    instead: tuple[tuple[str, str, str], ...] = (
        ("pending_payment", "cancel", "cancel_order"),
        ("paid", "cancel", "cancel_order"),
        ("shipped", "logistics", "logistics_track"),
        ("already", "progress", "refund_status"),
        ("out_of_stock", "return", "return_request"),
    )

    @abstractmethod
    def kind(self, work: Work) -> str:
        """What it comes to, all being known."""

    def may(self, order: Order) -> Allowed | None:
        cans = [order.can.get(kind) for kind in self.kinds]
        return next((can for can in cans if can is None or can.allowed), cans[0])

    async def write(self, work: Work, *, key: str, dry_run: bool) -> AfterSale:
        request = request_of(work, self.kind(work))
        sale: AfterSale = await work.ask(shop().request_after_sale, request, key=key, dry_run=dry_run)
        return sale

    def pays_fen(self, would: AfterSale) -> int:
        return would.refund_fen

    def tell(self, work: Work, what: str, told: AfterSale, *buttons: dict[str, str]) -> None:
        card = return_card(told) if what == "done" else None
        work.tell(f"utter_after_sales_{what}_{told.kind}", *buttons, card=card, **facts(told))

    def _answers(self, turn: Turn, asked: str) -> bool:
        return _keeps_some(turn) or super()._answers(turn, asked)

    def digresses(self, turn: Turn) -> bool:
        # "质量有问题", "不想要了" or "换货吧" are wishes of their own elsewhere.
        answers = (step for step in self.steps if step.name == turn.slot("requested_slot") != "items")
        if _keeps_some(turn) or any(step.accepts(turn) for step in answers):
            return False
        if turn.intent in UNSURE:
            # What sounds like a change of mind is asked about rather than overheard.
            likely = next((name for name in turn.ranking if name not in UNSURE), self.intent)
            return likely != self.intent and wishes(turn, likely)
        corrected = corrects(turn) and not wishes(turn, turn.intent)
        return not corrected and super().digresses(turn)

    async def refused(self, work: Work, refused: Refused) -> list[EventType]:
        values = work.job.values
        evidence = _of(EvidenceStep, self.steps)
        variant = _of(VariantStep, self.steps)
        solution = _of(SolutionStep, self.steps)
        if refused.cause == "evidence" and evidence and not values.get("evidence"):
            values["evidence_wanted"] = True
            return await self._request(work, evidence)
        step: VariantStep | SolutionStep | None = None
        if refused.cause in OTHER_VARIANT and variant and values.get("variant"):
            step = variant
        elif solution and values.get("solution"):
            step = solution
        if step:
            values["ruled_out"] = [*values.get("ruled_out", []), values.pop(step.name)]
            if await step.others(work):
                work.tell("utter_after_sales_not_so", reason=refused.reason)
                return await self._request(work, step)
        return await super().refused(work, refused)

    def end(self, job: Job, outcome: str) -> list[EventType]:
        return [*super().end(job, outcome), SlotSet("evidence", None)]


def _of(kind: type[T], steps: tuple[Step, ...]) -> T | None:
    return next((step for step in steps if isinstance(step, kind)), None)


def _keeps_some(turn: Turn) -> bool:
    """Whether it takes some out of several goods, as "围巾不退了" does, and drops nothing else."""
    items = ((turn.slot("job") or {}).get("values") or {}).get("items") or []
    return len(items) > 1 and bool(turn.entity("product")) and says("keeping", turn.text)

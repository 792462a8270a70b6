"""return_request: goods go back, or only money comes back where there is nothing to send."""

from actions.after_sales.form import AfterSaleForm
from actions.after_sales.items import ItemsStep
from actions.after_sales.reason import SHOP_AT_FAULT, EvidenceStep, ReasonStep
from actions.after_sales.request import allows
from actions.job import Work
from actions.wording import wording

NOTHING_TO_SEND = {"not_received", "missing"}


class WhyReturn(ReasonStep):
    """Before a parcel has come there is only one reason."""

    async def take(self, work: Work) -> None:
        await super().take(work)
        if not allows(work.order.can, "return"):
            work.job.values[self.name] = "not_received"
        if any(word in text for text in work.heard for word in wording()["solution_words"]["refund_only"]):
            work.job.values["keeps"] = True


class ValidateReturnRequestForm(AfterSaleForm):
    form = "return_request_form"
    intent = "return_request"
    kinds = ("return", "refund_only")
    steps = (
        ItemsStep(*kinds),
        WhyReturn(
            *("no_longer_wanted", "wrong_size", "not_as_described", "quality", "wrong_item", "other"),
            *("damaged", "missing", "not_received"),
            shown=6,
        ),
        EvidenceStep(),
    )

    def kind(self, work: Work) -> str:
        values = work.job.values
        keeps = values.get("keeps") and values["reason"] in SHOP_AT_FAULT
        return "refund_only" if keeps or values["reason"] in NOTHING_TO_SEND else "return"

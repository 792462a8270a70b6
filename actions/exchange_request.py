"""exchange_request: another size or colour of the same goods."""

from actions.after_sales.form import AfterSaleForm
from actions.after_sales.items import ItemsStep
from actions.after_sales.reason import EvidenceStep, ReasonStep
from actions.after_sales.variant import VariantStep
from actions.backend.contract import REASONS
from actions.job import Work


class WhyExchange(ReasonStep):
    """What is wanted tells why, where nothing else is said."""

    async def take(self, work: Work) -> None:
        await super().take(work)
        values = work.job.values
        if self.name not in values and "variant" in values:
            values[self.name] = "wrong_size" if values["other_size"] else "no_longer_wanted"


class ValidateExchangeRequestForm(AfterSaleForm):
    form = "exchange_request_form"
    intent = "exchange_request"
    kinds = ("exchange",)
    # The warehouse may still pack another one.
    instead = (("paid", "modify", "modify_order"), *AfterSaleForm.instead)
    steps = (
        ItemsStep("exchange", single=True),
        VariantStep(),
        WhyExchange(*(reason for reason in REASONS if reason not in ("missing", "not_received"))),
        EvidenceStep(),
    )

    def kind(self, work: Work) -> str:
        return "exchange"

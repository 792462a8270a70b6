"""wrong_or_missing_item: something else came than was ordered, or less."""

from actions.after_sales.form import AfterSaleForm
from actions.after_sales.items import ItemsStep
from actions.after_sales.reason import EvidenceStep, ReasonStep
from actions.after_sales.solution import SolutionStep
from actions.job import Work


class ValidateWrongOrMissingItemForm(AfterSaleForm):
    form = "wrong_or_missing_item_form"
    intent = "wrong_or_missing_item"
    kinds = ("resend", "return", "refund_only")
    steps = (
        ReasonStep("wrong_item", "missing"),
        ItemsStep(*kinds),
        EvidenceStep(),
        SolutionStep(*kinds),
    )

    def kind(self, work: Work) -> str:
        return str(work.job.values["solution"])

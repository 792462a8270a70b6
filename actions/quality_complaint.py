"""quality_complaint: goods that are bad or broken."""

from actions.after_sales.form import AfterSaleForm
from actions.after_sales.items import ItemsStep
from actions.after_sales.reason import EvidenceStep, ReasonStep
from actions.after_sales.solution import SolutionStep
from actions.after_sales.variant import VariantStep
from actions.job import Work


class ValidateQualityComplaintForm(AfterSaleForm):
    form = "quality_complaint_form"
    intent = "quality_complaint"
    kinds = ("return", "exchange", "refund_only", "resend", "repair")
    steps = (
        ItemsStep(*kinds),
        ReasonStep("quality", "damaged", "not_as_described", otherwise="quality"),
        EvidenceStep(),
        SolutionStep(*kinds),
        VariantStep(),
    )

    def kind(self, work: Work) -> str:
        return str(work.job.values["solution"])

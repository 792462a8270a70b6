"""quality_complaint: goods that are bad or broken."""

from actions.after_sales import (
    AfterSaleForm,
    EvidenceStep,
    ItemsStep,
    ReasonStep,
    SolutionStep,
    VariantStep,
)
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

"""warranty_repair: goods that broke within the warranty."""

from actions.after_sales.form import AfterSaleForm
from actions.after_sales.items import ItemsStep
from actions.after_sales.reason import ReasonStep
from actions.job import Work


class ValidateWarrantyRepairForm(AfterSaleForm):
    form = "warranty_repair_form"
    intent = "warranty_repair"
    kinds = ("repair",)
    instead = (*AfterSaleForm.instead, ("kind", "quality", "quality_complaint"))
    steps = (ItemsStep("repair"), ReasonStep("quality", "damaged", "other"))

    def kind(self, work: Work) -> str:
        return "repair"

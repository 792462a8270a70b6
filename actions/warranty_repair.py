"""warranty_repair"""

from actions.job import JobForm


class ValidateWarrantyRepairForm(JobForm):
    form = "warranty_repair_form"
    intent = "warranty_repair"
    permission = "repair"

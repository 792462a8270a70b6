"""urge_delivery"""

from actions.job import JobForm


class ValidateUrgeDeliveryForm(JobForm):
    form = "urge_delivery_form"
    intent = "urge_delivery"
    permission = "urge"

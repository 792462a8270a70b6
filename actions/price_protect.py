"""price_protect"""

from actions.job import JobForm


class ValidatePriceProtectForm(JobForm):
    form = "price_protect_form"
    intent = "price_protect"
    permission = "price_protect"

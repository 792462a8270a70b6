"""change_address"""

from actions.job import JobForm


class ValidateChangeAddressForm(JobForm):
    form = "change_address_form"
    intent = "change_address"
    permission = "change_address"

"""wrong_or_missing_item"""

from actions.job import JobForm


class ValidateWrongOrMissingItemForm(JobForm):
    form = "wrong_or_missing_item_form"
    intent = "wrong_or_missing_item"
    permission = "resend"

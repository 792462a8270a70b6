"""return_request"""

from actions.job import JobForm


class ValidateReturnRequestForm(JobForm):
    form = "return_request_form"
    intent = "return_request"
    permission = "return"

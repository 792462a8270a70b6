"""exchange_request"""

from actions.job import JobForm


class ValidateExchangeRequestForm(JobForm):
    form = "exchange_request_form"
    intent = "exchange_request"
    permission = "exchange"

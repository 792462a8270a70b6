"""invoice"""

from actions.job import JobForm


class ValidateInvoiceForm(JobForm):
    form = "invoice_form"
    intent = "invoice"
    permission = "invoice"

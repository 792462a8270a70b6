"""withdraw_after_sales"""

from actions.job import JobForm


class ValidateWithdrawAfterSalesForm(JobForm):
    form = "withdraw_after_sales_form"
    intent = "withdraw_after_sales"
    permission = ""

"""modify_order"""

from actions.job import JobForm


class ValidateModifyOrderForm(JobForm):
    form = "modify_order_form"
    intent = "modify_order"
    permission = "remark"

"""refund_status: what became of money and goods on their way back."""

from actions.order_choice import ValidateOrderForm
from actions.turn import TurnAction


class ValidateRefundStatusForm(ValidateOrderForm):
    """Finds the order whose refunds and returns are asked for."""

    form = "refund_status_form"
    intent = "refund_status"


class ActionRefundStatus(TurnAction):
    def name(self) -> str:
        return "action_refund_status"

"""payment_issue"""

from actions.turn import TurnAction


class ActionPaymentIssue(TurnAction):
    def name(self) -> str:
        return "action_payment_issue"

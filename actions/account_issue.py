"""account_issue"""

from actions.turn import TurnAction


class ActionAccountIssue(TurnAction):
    def name(self) -> str:
        return "action_account_issue"

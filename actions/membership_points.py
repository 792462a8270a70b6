"""membership_points"""

from actions.turn import TurnAction


class ActionMembershipPoints(TurnAction):
    def name(self) -> str:
        return "action_membership_points"

"""inform"""

from actions.turn import TurnAction


class ActionPicture(TurnAction):
    def name(self) -> str:
        return "action_picture"

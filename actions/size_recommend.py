"""size_recommend"""

from actions.turn import TurnAction


class ActionSizeRecommend(TurnAction):
    def name(self) -> str:
        return "action_size_recommend"

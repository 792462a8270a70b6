"""recommend_product"""

from actions.turn import TurnAction


class ActionRecommendProduct(TurnAction):
    def name(self) -> str:
        return "action_recommend_product"

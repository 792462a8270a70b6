"""product_info"""

from actions.turn import TurnAction


class ActionProductInfo(TurnAction):
    def name(self) -> str:
        return "action_product_info"

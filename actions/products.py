"""products"""

from actions.turn import TurnAction


class ActionProductNamed(TurnAction):
    def name(self) -> str:
        return "action_product_named"

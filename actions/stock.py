"""stock"""

from actions.turn import TurnAction


class ActionStock(TurnAction):
    def name(self) -> str:
        return "action_stock"

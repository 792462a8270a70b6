"""coupon_promo"""

from actions.turn import TurnAction


class ActionCouponPromo(TurnAction):
    def name(self) -> str:
        return "action_coupon_promo"

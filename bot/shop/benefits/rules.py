"""Whether a coupon can be used."""

from datetime import datetime

from bot.shop.models import Coupon, Order
from bot.shop.texts import Refusal, refuse


def yuan(fen: int) -> str:
    """19900 as 199, 19950 as 199.50."""
    return f"{fen / 100:.2f}".removesuffix(".00")


def state(coupon: Coupon, now: datetime) -> str:
    """used, expired, not_started or usable."""
    if coupon.used_at:
        return "used"
    if coupon.until_at < now:
        return "expired"
    return "not_started" if coupon.from_at > now else "usable"


def refusal(coupon: Coupon, order: Order | None, now: datetime) -> Refusal | None:
    """Why it cannot be used, for ``order`` or at all."""
    held = state(coupon, now)
    if held != "usable":
        return refuse("coupon", held)
    if order is None:
        return None
    if order.status != "pending_payment":
        return refuse("coupon", "status")
    fitting = [i for i in order.items if coupon.category in (None, i.product.category)]
    if not fitting:
        return refuse("coupon", "scope", category=coupon.category)
    short = coupon.threshold_fen - sum(i.price_fen * i.qty for i in fitting)
    if short > 0:
        return refuse("coupon", "threshold", threshold=yuan(coupon.threshold_fen), short=yuan(short))
    return None

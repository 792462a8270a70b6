"""The sample shop's numbers; the words about them are in texts.yml."""

from datetime import timedelta

# Counted from delivery.
RETURN_TIME = timedelta(days=7)
EXCHANGE_TIME = timedelta(days=15)
QUALITY_TIME = timedelta(days=15)
# From payment.
PRICE_PROTECTION_TIME = timedelta(days=15)
DISPATCH_TIME = timedelta(hours=48)
# From the order.
PAYMENT_TIME = timedelta(minutes=30)
# After its expected day a parcel counts as lost.
LOST_AFTER = timedelta(days=3)

URGE_AGAIN = timedelta(hours=4)
REFUND_TIME = timedelta(days=3)
INVOICE_TIME = timedelta(hours=48)
PROMOTION_SOON = timedelta(days=14)

# Spent within a year, for the next level.
LEVELS = {"regular": ("silver", 50_000), "silver": ("gold", 200_000)}

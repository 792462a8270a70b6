"""The acting scope's own order, or none at all."""

from bot.shop.calls import not_found
from bot.shop.database import Session
from bot.shop.lockout import missed, refuse_guesser
from bot.shop.models import Order
from bot.shop.orders import queries
from bot.shop.scope import Scope


def own_order(session: Session, no: str, scope: Scope, *, lock: bool = False) -> Order:
    """The order; raises Problem 404 if it is not the scope's, 429 if that happened too often."""
    refuse_guesser(session, scope)
    row = queries.order(session, no, scope, lock=lock)
    if row is None:
        missed(session, scope, no, not_found("order"))
    return row


def must_own(session: Session, no: str, scope: Scope) -> None:
    """Raise as ``own_order`` does, where nothing of the order itself is needed."""
    refuse_guesser(session, scope)
    if not queries.sees(session, no, scope):
        missed(session, scope, no, not_found("order"))

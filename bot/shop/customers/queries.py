"""Queries of customers."""

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, selectinload

from bot.shop.database import Session
from bot.shop.models import Address, Customer
from bot.shop.scope import Scope


def customer(session: Session, id: str, scope: Scope, *along: InstrumentedAttribute[list]) -> Customer | None:  # type: ignore[type-arg]
    """The customer with what is wanted ``along``, if ``scope`` is that customer's."""
    if scope.customer != id:
        return None
    return session.scalar(
        select(Customer).where(Customer.id == id).options(*[selectinload(each) for each in along])
    )


def address(session: Session, id: int, scope: Scope) -> Address | None:
    """The saved address, if it is the acting customer's."""
    return session.scalar(select(Address).where(Address.id == id, Address.customer_id == scope.customer))

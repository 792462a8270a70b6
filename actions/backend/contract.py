"""What the bot needs of a shop: the types of the order contract and the calls an adapter implements.

A shop that cannot speak the HTTP contract gets an adapter of its own beside ``rest.py``.
Money is integer fen; times carry their timezone.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


class ShopError(Exception):
    """A call that brought no result; the subclasses say why."""


class NotFound(ShopError):
    """There is no such order, or it is not the acting customer's: the shop does not say which."""


class VerificationFailed(ShopError):
    """Order number and phone tail do not belong together, or there is no such order."""


class Locked(ShopError):
    """Too many wrong tries for this order."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"locked for {retry_after} s")
        self.retry_after = retry_after
        """Seconds until the shop takes another try."""


class Unavailable(ShopError):
    """The shop did not answer, not in time, or not by the contract. Carries no personal data."""


@dataclass(frozen=True)
class Customer:
    """Acts as a signed-in customer of the shop."""

    id: str


@dataclass(frozen=True)
class Visitor:
    """Acts as an anonymous visitor for the one order that ``Shop.verify`` gave a token for."""

    token: str = field(repr=False)


Actor = Customer | Visitor


@dataclass(frozen=True)
class Profile:
    """A customer as staff see her; the phone is masked by the shop."""

    name: str
    phone: str
    level_text: str = ""
    points: int | None = None


@dataclass(frozen=True)
class Item:
    name: str
    qty: int
    price_fen: int
    spec: str = ""
    sku: str = ""
    product: str = ""
    image: str | None = None


@dataclass(frozen=True)
class Amounts:
    paid_fen: int
    items_fen: int = 0
    shipping_fen: int = 0
    discount_fen: int = 0
    total_fen: int | None = None
    """What is to be paid, where the shop tells it; before payment ``paid_fen`` is 0."""

    @property
    def due_fen(self) -> int:
        """The order's price, paid or not."""
        return self.paid_fen if self.total_fen is None else self.total_fen


@dataclass(frozen=True)
class Address:
    """Masked by the shop."""

    name: str = ""
    phone: str = ""
    text: str = ""


@dataclass(frozen=True)
class Allowed:
    """Whether the shop allows an action on the order now, and if not, why."""

    allowed: bool
    reason: str | None = None


@dataclass(frozen=True)
class Order:
    no: str
    customer: str
    status: str
    """pending_payment, paid, shipped, delivered, completed or cancelled."""
    status_text: str
    placed_at: datetime
    items: list[Item]
    amounts: Amounts
    paid_at: datetime | None = None
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    address: Address = Address()
    can: dict[str, Allowed] = field(default_factory=dict)


@dataclass(frozen=True)
class OrderPage:
    items: list[Order]
    page: int
    page_size: int
    total: int


@dataclass(frozen=True)
class Scan:
    at: datetime
    place: str
    text: str


@dataclass(frozen=True)
class Shipment:
    courier: str
    tracking_no: str
    status: str
    """collected, in_transit, out_for_delivery, delivered or exception."""
    status_text: str
    expected_at: datetime | None = None
    events: list[Scan] = field(default_factory=list)
    """Newest first."""


@dataclass(frozen=True)
class Product:
    id: str
    name: str


@dataclass(frozen=True)
class ProductPage:
    items: list[Product]
    page: int
    page_size: int
    total: int


@dataclass(frozen=True)
class Verification:
    order_no: str
    expires_at: datetime
    token: str = field(repr=False)


class Shop(Protocol):
    """Calls block; each ends within its timeouts and may raise ``Unavailable``."""

    def profile(self, actor: Customer) -> Profile:
        """Who the customer is.

        Raises:
            NotFound: the shop has no such customer.
        """

    def orders(self, actor: Customer, *, page: int = 1, page_size: int = 20) -> OrderPage:
        """The customer's orders, newest first; ``page`` counts from 1."""

    def order(self, actor: Actor, no: str) -> Order:
        """One order.

        Raises:
            NotFound: no such order, or not the actor's.
        """

    def shipments(self, actor: Actor, no: str) -> list[Shipment]:
        """The parcels of one order; empty before it is shipped.

        Raises:
            NotFound: no such order, or not the actor's.
        """

    def products(self, *, page: int = 1, page_size: int = 100) -> ProductPage:
        """The catalogue, always in the same order; ``page`` counts from 1."""

    def verify(self, order_no: str, phone_tail: str) -> Verification:
        """Prove an anonymous visitor's claim to one order by the last four digits of the phone.

        Raises:
            VerificationFailed: wrong tail or unknown order.
            Locked: too many wrong tries.
        """

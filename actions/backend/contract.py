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
    """The shop did not answer, not in time, or not by the contract. Carries no personal data.

    After a write this leaves open whether it was done: the same call with the same key tells.
    """


class Refused(ShopError):
    """The shop's rules forbid it now.

    Args:
        cause: stable code, such as ``shipped``, ``late`` or ``out_of_stock``.
        reason: why, in Chinese, for the shopper's eye.
    """

    def __init__(self, cause: str, reason: str) -> None:
        super().__init__(cause)
        self.cause = cause
        self.reason = reason


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
class Allowed:
    """Whether the shop allows an action now, and if not, why."""

    allowed: bool
    reason: str | None = None
    """In Chinese, for the shopper's eye."""
    cause: str | None = None
    """Stable code of the reason, such as ``shipped`` or ``late``."""


@dataclass(frozen=True)
class Address:
    """Masked by the shop."""

    name: str = ""
    phone: str = ""
    text: str = ""
    id: int | None = None
    """Of a saved address."""
    is_default: bool = False


@dataclass(frozen=True)
class NewAddress:
    """Where a parcel shall go instead: a saved address, or one as the shopper wrote it."""

    address_id: int | None = None
    text: str | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    """Name and phone stay what they are where they are not given."""


@dataclass(frozen=True)
class Profile:
    """A customer as staff see her; the phone is masked by the shop."""

    name: str
    phone: str
    level_text: str = ""
    points: int | None = None
    addresses: list[Address] = field(default_factory=list)


@dataclass(frozen=True)
class Item:
    name: str
    qty: int
    price_fen: int
    spec: str = ""
    sku: str = ""
    product: str = ""
    image: str | None = None
    can: dict[str, Allowed] = field(default_factory=dict)
    """Of AFTER_SALES, where the shop decides by item."""


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
class Invoice:
    kind: str
    """personal or company."""
    title: str
    amount_fen: int
    state: str
    """requested or issued."""
    state_text: str
    tax_no: str = ""
    email: str = ""
    """Masked."""
    expected_at: datetime | None = None


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
    pay_before: datetime | None = None
    """Until when an unpaid order is kept."""
    remark: str = ""
    invoice: Invoice | None = None
    address: Address = Address()
    can: dict[str, Allowed] = field(default_factory=dict)
    """Keys are of ACTIONS and AFTER_SALES."""


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
class Cancellation:
    refund_fen: int
    """0 for an order that was not paid."""
    method_text: str = ""
    """How the money comes back, in Chinese."""
    expected_at: datetime | None = None


@dataclass(frozen=True)
class Urged:
    promised_at: datetime | None = None
    """When it will be sent or delivered, where the shop can say."""


@dataclass(frozen=True)
class LowerPrice:
    sku: str
    name: str
    paid_fen: int
    price_fen: int
    """Of one piece, then and now."""


@dataclass(frozen=True)
class PriceProtection:
    refund_fen: int
    items: list[LowerPrice]
    method_text: str = ""
    expected_at: datetime | None = None


@dataclass(frozen=True)
class Part:
    """Some pieces of one item of an order."""

    sku: str
    qty: int


@dataclass(frozen=True)
class AfterSaleRequest:
    """What a shopper wants for goods of one order."""

    order_no: str
    kind: str
    """Of AFTER_SALES."""
    items: list[Part]
    reason: str
    """Of REASONS."""
    note: str = ""
    evidence: list[str] = field(default_factory=list)
    """Addresses or ids of pictures."""
    target_sku: str | None = None
    """What an exchange shall bring."""


@dataclass(frozen=True)
class AfterSaleItem:
    sku: str
    name: str
    qty: int
    spec: str = ""


@dataclass(frozen=True)
class Step:
    at: datetime
    text: str


@dataclass(frozen=True)
class AfterSale:
    """A return, exchange, refund without return, resend or repair."""

    id: str
    """Empty where it was only asked what would happen."""
    order_no: str
    kind: str
    kind_text: str
    state: str
    """requested, approved, received, done, rejected or withdrawn."""
    state_text: str
    items: list[AfterSaleItem]
    reason: str
    reason_text: str
    created_at: datetime
    refund_fen: int = 0
    method_text: str = ""
    postage_by: str | None = None
    """shop or customer, where goods travel back."""
    target: AfterSaleItem | None = None
    return_address: Address | None = None
    """The shop's own, in full."""
    next_step: str = ""
    """What happens next, or what the shopper does next, in Chinese."""
    expected_at: datetime | None = None
    timeline: list[Step] = field(default_factory=list)
    """Newest first."""
    can_withdraw: Allowed = Allowed(False)


@dataclass(frozen=True)
class AfterSalePage:
    items: list[AfterSale]
    page: int
    page_size: int
    total: int


@dataclass(frozen=True)
class Refund:
    id: str
    order_no: str
    amount_fen: int
    method_text: str
    state: str
    """pending, processing, done or failed."""
    state_text: str
    created_at: datetime
    reason_text: str = ""
    after_sale: str | None = None
    """Id of the return it belongs to."""
    expected_at: datetime | None = None
    done_at: datetime | None = None


@dataclass(frozen=True)
class RefundPage:
    items: list[Refund]
    page: int
    page_size: int
    total: int


@dataclass(frozen=True)
class Product:
    id: str
    name: str
    category: str = ""
    summary: str = ""
    image: str | None = None
    price_fen: int = 0
    """Lowest among the variants."""
    in_stock: bool = True


@dataclass(frozen=True)
class ProductPage:
    items: list[Product]
    page: int
    page_size: int
    total: int


@dataclass(frozen=True)
class Variant:
    sku: str
    spec: str
    price_fen: int
    stock: int


@dataclass(frozen=True)
class Detail:
    name: str
    value: str


@dataclass(frozen=True)
class SizeChart:
    columns: list[str]
    """The first is the size; ranges are written ``160-170``."""
    rows: list[list[str]]


@dataclass(frozen=True)
class ProductDetail(Product):
    specs: list[Detail] = field(default_factory=list)
    variants: list[Variant] = field(default_factory=list)
    size_chart: SizeChart | None = None
    similar: list[Product] = field(default_factory=list)


@dataclass(frozen=True)
class Coupon:
    id: str
    name: str
    text: str
    """What it gives, in Chinese."""
    state: str
    """usable, used, expired or not_started."""
    state_text: str
    from_at: datetime
    until_at: datetime
    threshold_fen: int = 0
    scope_text: str = ""
    """For which goods; empty for all."""
    usable: Allowed = Allowed(True)
    """For the order asked about; else whether it is usable at all."""


@dataclass(frozen=True)
class Expiring:
    points: int
    at: datetime


@dataclass(frozen=True)
class PointsChange:
    at: datetime
    points: int
    text: str


@dataclass(frozen=True)
class Points:
    balance: int
    level_text: str
    next_level_text: str = ""
    next_level_fen: int | None = None
    """What is still to be spent for the next level."""
    expiring: list[Expiring] = field(default_factory=list)
    history: list[PointsChange] = field(default_factory=list)
    """Newest first, the last twenty."""


@dataclass(frozen=True)
class Promotion:
    id: str
    title: str
    text: str
    from_at: datetime
    until_at: datetime


@dataclass(frozen=True)
class Verification:
    order_no: str
    expires_at: datetime
    token: str = field(repr=False)


# What may be done with an order, as keys of ``Order.can``.
ACTIONS = ("cancel", "change_address", "remark", "urge", "invoice", "price_protect")
# Kinds of after-sales, as keys of ``Order.can`` and ``Item.can``.
AFTER_SALES = ("return", "exchange", "refund_only", "resend", "repair")
REASONS = (
    "no_longer_wanted",
    "wrong_size",
    "not_as_described",
    "quality",
    "damaged",
    "wrong_item",
    "missing",
    "not_received",
    "other",
)


class Shop(Protocol):
    """Calls block; each ends within its timeouts and may raise ``Unavailable``.

    Calls that write may raise ``Refused``, and take

    * ``key``: who repeats a call with the same key changes nothing and gets the same answer;
    * ``dry_run``: True tells what would happen, or is refused, and changes nothing.
    """

    def profile(self, actor: Customer) -> Profile:
        """Who the customer is.

        Raises:
            NotFound: the shop has no such customer.
        """

    def phone(self, actor: Customer) -> str:
        """The customer's phone in full, for staff who must call her; never for the shopper's eye.

        Raises:
            NotFound: the shop has no such customer.
            Refused: the shop gives it to nobody.
        """

    def orders(self, actor: Customer, *, page: int = 1, page_size: int = 20) -> OrderPage:
        """The customer's orders, newest first; ``page`` counts from 1."""

    def order(self, actor: Actor, no: str) -> Order:
        """One order.

        Raises:
            NotFound: no such order, or not the actor's.
            Locked: the actor asked for too many orders that are not hers.
        """

    def shipments(self, actor: Actor, no: str) -> list[Shipment]:
        """The parcels of one order; empty before it is shipped.

        Raises:
            NotFound: no such order, or not the actor's.
        """

    def cancel(self, actor: Actor, no: str, reason: str = "", *, key: str, dry_run: bool) -> Cancellation:
        """Cancel an order that was not sent, and give the money back."""

    def change_address(
        self, actor: Actor, no: str, address: NewAddress, *, key: str, dry_run: bool
    ) -> Address:
        """Send an order elsewhere; the new address, masked."""

    def urge(self, actor: Actor, no: str, *, key: str, dry_run: bool) -> Urged:
        """Press for dispatch or delivery."""

    def remark(self, actor: Actor, no: str, text: str, *, key: str, dry_run: bool) -> None:
        """Leave a wish with the warehouse."""

    def invoice(
        self,
        actor: Actor,
        no: str,
        *,
        kind: str,
        title: str,
        tax_no: str = "",
        email: str = "",
        key: str,
        dry_run: bool,
    ) -> Invoice:
        """Ask for an invoice; ``kind`` is personal or company, and a company needs its tax number."""

    def protect_price(self, actor: Actor, no: str, *, key: str, dry_run: bool) -> PriceProtection:
        """Give back what the goods became cheaper by."""

    def request_after_sale(
        self, actor: Actor, request: AfterSaleRequest, *, key: str, dry_run: bool
    ) -> AfterSale:
        """Ask for a return, exchange, refund, resend or repair."""

    def after_sales(
        self, actor: Actor, *, order_no: str | None = None, page: int = 1, page_size: int = 20
    ) -> AfterSalePage:
        """The actor's after-sales, newest first, of all orders or one."""

    def withdraw_after_sale(self, actor: Actor, id: str, *, key: str, dry_run: bool) -> AfterSale:
        """Take a request back before it is settled."""

    def refunds(
        self, actor: Actor, *, order_no: str | None = None, page: int = 1, page_size: int = 20
    ) -> RefundPage:
        """Money on its way back, newest first, of all the actor's orders or one."""

    def products(
        self,
        *,
        words: str = "",
        category: str = "",
        min_fen: int | None = None,
        max_fen: int | None = None,
        in_stock: bool = False,
        sort: str = "",
        page: int = 1,
        page_size: int = 100,
    ) -> ProductPage:
        """The catalogue, or what of it has all ``words``.

        Args:
            words: separated by spaces.
            category: as products name it; all without.
            min_fen: lowest price.
            max_fen: highest price.
            in_stock: only what can be had.
            sort: popular, price_asc, price_desc or new; without, always the same order.
            page: counts from 1.
            page_size: 100 at most.
        """

    def product(self, id: str) -> ProductDetail:
        """One product with its variants.

        Raises:
            NotFound: there is none.
        """

    def coupons(self, actor: Customer, *, order_no: str | None = None) -> list[Coupon]:
        """The customer's coupons; with ``order_no``, whether each can be used for that order."""

    def points(self, actor: Customer) -> Points:
        """The customer's points and level."""

    def promotions(self) -> list[Promotion]:
        """What is on now or soon."""

    def verify(self, order_no: str, phone_tail: str) -> Verification:
        """Prove an anonymous visitor's claim to one order by the last four digits of the phone.

        Raises:
            VerificationFailed: wrong tail or unknown order.
            Locked: too many wrong tries.
        """

"""What calls about orders take and answer."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from bot.shop.schemas import Answer, Asked, Fen, Moment, Page, Permission, Recipient, Sometimes, Text, Words

OrderStatus = Literal["pending_payment", "paid", "shipped", "delivered", "completed", "cancelled"]
ShipmentStatus = Literal["collected", "in_transit", "out_for_delivery", "delivered", "exception"]
InvoiceKind = Literal["personal", "company"]


class AfterSalesCan(Answer):
    """Which after-sales may be asked for; each for at least one reason."""

    return_: Permission = Field(alias="return")
    exchange: Permission
    refund_only: Permission
    resend: Permission
    repair: Permission


class Can(AfterSalesCan):
    """What may be done with the order now, decided by the shop."""

    cancel: Permission
    change_address: Permission
    remark: Permission
    urge: Permission
    invoice: Permission
    price_protect: Permission


class OrderItem(Answer):
    sku: str
    product: Annotated[str, Field(description="Product id.")]
    name: str
    spec: str
    qty: int
    price_fen: Annotated[Fen, Field(description="Price of one piece, in fen.")]
    image: Annotated[str, Field(description="Address of a picture.")]
    can: AfterSalesCan


class Amounts(Answer):
    items_fen: Fen
    shipping_fen: Fen
    discount_fen: Fen
    total_fen: Annotated[Fen, Field(description="items + shipping - discount: what is to be paid.")]
    paid_fen: Annotated[Fen, Field(description="What was paid; 0 before payment.")]


class Invoice(Answer):
    kind: InvoiceKind
    title: str
    tax_no: str | Sometimes = None
    email: Annotated[str, Field(description="Masked.")] | Sometimes = None
    amount_fen: Fen
    state: Literal["requested", "issued"]
    state_text: str
    expected_at: Moment | Sometimes = None


class Order(Answer):
    no: Annotated[str, Field(examples=["2026112000012345"])]
    customer: str
    status: OrderStatus
    status_text: str
    placed_at: Moment
    paid_at: Moment | Sometimes = None
    shipped_at: Moment | Sometimes = None
    delivered_at: Moment | Sometimes = None
    pay_before: Annotated[Moment, Field(description="Until when an unpaid order is kept.")] | Sometimes = None
    remark: str | Sometimes = None
    invoice: Invoice | Sometimes = None
    items: list[OrderItem]
    amounts: Amounts
    address: Recipient
    can: Can


class OrderPage(Page):
    items: Annotated[list[Order], Field(description="Newest first.")]


class ShipmentEvent(Answer):
    at: Moment
    place: str
    text: str


class Shipment(Answer):
    courier: str
    tracking_no: str
    status: ShipmentStatus
    status_text: str
    expected_at: Moment | Sometimes = None
    events: Annotated[list[ShipmentEvent], Field(description="Newest first.")]


class Shipments(Answer):
    items: list[Shipment]


class CancelRequest(Asked):
    reason: Text | Sometimes = None


class Cancellation(Answer):
    refund_fen: Annotated[Fen, Field(description="0 if it was not paid.")]
    method_text: Annotated[str, Field(description="How the money comes back.")] | Sometimes = None
    expected_at: Moment | Sometimes = None


class SavedAddress(Asked):
    """One of the customer's addresses."""

    address_id: Annotated[int, Field(ge=1, le=2**31 - 1)]


class WrittenAddress(Asked):
    """An address as the shopper wrote it; name and phone stay what they are where not given."""

    text: Words
    name: Annotated[Words, StringConstraints(max_length=40)] | Sometimes = None
    phone: Annotated[str, StringConstraints(pattern=r"^1[3-9][0-9]{9}$")] | Sometimes = None


class Urged(Answer):
    promised_at: (
        Annotated[Moment, Field(description="When it will be sent or delivered, if known.")] | Sometimes
    ) = None


class RemarkRequest(Asked):
    text: Words


class Remark(Answer):
    order_no: str
    remark: str


class InvoiceRequest(Asked):
    """A company's needs its tax number."""

    kind: InvoiceKind
    title: Annotated[Words, StringConstraints(max_length=100)]
    tax_no: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{15,20}$")] | Sometimes = None
    email: (
        Annotated[str, StringConstraints(max_length=100, pattern=r"^[^@\s\x00]+@[^@\s\x00]+\.[^@\s\x00]+$")]
        | Sometimes
    ) = None


class LowerPrice(Answer):
    sku: str
    name: str
    paid_fen: Annotated[Fen, Field(description="Price of one piece when it was bought.")]
    price_fen: Annotated[Fen, Field(description="Price of one piece now.")]


class PriceProtection(Answer):
    refund_fen: Fen
    items: list[LowerPrice]
    method_text: str
    expected_at: Moment

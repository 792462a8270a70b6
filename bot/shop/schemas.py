"""What the shop answers; the OpenAPI document is made from these."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.json_schema import SkipJsonSchema

Fen = Annotated[int, Field(ge=0, description="Money in fen (1/100 yuan).")]
# Absent members are left out of the answer, never null.
Sometimes = SkipJsonSchema[None]

OrderStatus = Literal["pending_payment", "paid", "shipped", "delivered", "completed", "cancelled"]
ShipmentStatus = Literal["collected", "in_transit", "out_for_delivery", "delivered", "exception"]
Level = Literal["regular", "silver", "gold"]


class Answer(BaseModel):
    model_config = ConfigDict(json_schema_extra=lambda schema: _drop_null_defaults(schema))


def _drop_null_defaults(schema: dict[str, object]) -> None:
    properties = schema.get("properties")
    if isinstance(properties, dict):
        for member in properties.values():
            if member.get("default", "") is None:
                del member["default"]


class ProblemDetail(Answer):
    """RFC 9457."""

    type: Annotated[str, Field(description="Stable short name of the problem.")]
    title: str
    status: int
    detail: Annotated[str, Field(description="What to do about it.")]


class InvalidField(Answer):
    at: list[str]
    reason: str


class InvalidRequest(ProblemDetail):
    errors: list[InvalidField] | Sometimes = None


class Health(Answer):
    status: Literal["ok"] = "ok"


class Recipient(Answer):
    name: Annotated[str, Field(description="Masked.")]
    phone: Annotated[str, Field(description="Masked.")]
    text: Annotated[str, Field(description="Region in full, the rest masked.")]


class CustomerAddress(Recipient):
    is_default: bool


class Customer(Answer):
    id: str
    name: str
    phone: Annotated[str, Field(description="Masked.")]
    level: Level
    level_text: str
    points: int
    since: date
    addresses: list[CustomerAddress]


class OrderItem(Answer):
    sku: str
    product: Annotated[str, Field(description="Product id.")]
    name: str
    spec: str
    qty: int
    price_fen: Annotated[Fen, Field(description="Price of one piece, in fen.")]
    image: Annotated[str, Field(description="Address of a picture.")]


class Amounts(Answer):
    items_fen: Fen
    shipping_fen: Fen
    discount_fen: Fen
    total_fen: Annotated[Fen, Field(description="items + shipping - discount: what is to be paid.")]
    paid_fen: Annotated[Fen, Field(description="What was paid; 0 before payment.")]


class Permission(Answer):
    allowed: bool
    reason: Annotated[str, Field(description="Why not, in Chinese, to be shown.")] | Sometimes = None


class Can(Answer):
    """What may be done with the order now, decided by the shop."""

    cancel: Permission
    change_address: Permission
    return_: Permission = Field(alias="return")
    exchange: Permission
    invoice: Permission
    urge: Permission
    price_protect: Permission


class Order(Answer):
    no: Annotated[str, Field(examples=["2026112000012345"])]
    customer: str
    status: OrderStatus
    status_text: str
    placed_at: datetime
    paid_at: datetime | Sometimes = None
    shipped_at: datetime | Sometimes = None
    delivered_at: datetime | Sometimes = None
    items: list[OrderItem]
    amounts: Amounts
    address: Recipient
    can: Can


class ShipmentEvent(Answer):
    at: datetime
    place: str
    text: str


class Shipment(Answer):
    courier: str
    tracking_no: str
    status: ShipmentStatus
    status_text: str
    expected_at: datetime | Sometimes = None
    events: Annotated[list[ShipmentEvent], Field(description="Newest first.")]


class Shipments(Answer):
    items: list[Shipment]


class Variant(Answer):
    sku: str
    spec: str
    price_fen: Fen
    stock: int


class SizeChart(Answer):
    columns: list[str]
    rows: list[list[str]]


class Detail(Answer):
    name: str
    value: str


class ProductSummary(Answer):
    id: str
    name: str
    category: str
    summary: str
    image: Annotated[str, Field(description="Address of a picture.")]
    price_fen: Annotated[Fen, Field(description="Lowest price among the variants.")]
    in_stock: bool


class Product(ProductSummary):
    specs: list[Detail]
    variants: list[Variant]
    size_chart: SizeChart | Sometimes = None
    similar: list[ProductSummary]


class Page(Answer):
    page: int
    page_size: int
    total: Annotated[int, Field(description="On all pages.")]


class OrderPage(Page):
    items: Annotated[list[Order], Field(description="Newest first.")]


class ProductPage(Page):
    items: list[ProductSummary]


class Verification(BaseModel):
    """The order number and the last four digits of the recipient's phone."""

    model_config = ConfigDict(extra="forbid")

    order_no: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    phone_tail: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")]


class Verified(Answer):
    token: Annotated[str, Field(description="To be sent as Acting-Customer; opens this order only.")]
    expires_at: datetime
    order_no: str

"""What the file declares. Every member is documented in docs/order-backend.md."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from bot.shop.after_sales.schemas import Kind, Reason, RefundState, State
from bot.shop.customers.schemas import Level
from bot.shop.loading.moments import Offset
from bot.shop.orders.schemas import InvoiceKind, OrderStatus, ShipmentStatus

PICTURES = Path(__file__).parents[1] / "static" / "pictures"

_PLAIN = r"^[^\x00]+$"
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
OrderNo = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,36}$")]
Text = Annotated[str, StringConstraints(pattern=_PLAIN, max_length=500)]
Phone = Annotated[str, StringConstraints(pattern=r"^1[3-9][0-9]{9}$")]
Fen = Annotated[int, Field(ge=0, le=100_000_000)]
Qty = Annotated[int, Field(ge=1, le=999)]


def _picture(name: str) -> str:
    known = sorted(path.stem for path in PICTURES.glob("*.svg"))
    if name not in known:
        raise ValueError(f"there is no picture {name!r}; write one of {', '.join(known)}")
    return name


class Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Variant(Declared):
    spec: Text
    stock: Annotated[int, Field(ge=0, le=1_000_000)]
    price_fen: Fen | None = None
    sku: Id | None = None


class SizeChart(Declared):
    columns: list[Text]
    rows: list[list[Text]]


class Product(Declared):
    id: Id
    name: Text
    category: Annotated[str, StringConstraints(pattern=_PLAIN, max_length=20)] = "其他"
    image: Annotated[str, AfterValidator(_picture)] = "box"
    summary: str = ""
    also: list[Text] = []
    price_fen: Fen | None = None
    returnable: bool = True
    warranty_days: Annotated[int, Field(ge=0, le=3650)] = 0
    sold: Annotated[int, Field(ge=0)] = 0
    listed: Offset = "T"
    specs: dict[str, str] = {}
    variants: Annotated[list[Variant], Field(min_length=1)]
    size_chart: SizeChart | None = None


class Address(Declared):
    region: Text
    street: Text
    name: Text | None = None
    phone: Phone | None = None


class Coupon(Declared):
    id: Id | None = None
    name: Text
    off_fen: Annotated[int, Field(ge=1, le=100_000_000)]
    threshold_fen: Fen = 0
    category: Text | None = None
    from_: Annotated[Offset, Field(alias="from")] = "T-30d"
    until: Offset
    used: Offset | None = None


class Customer(Declared):
    id: Id
    name: Text
    phone: Phone
    about: str = ""
    level: Level = "regular"
    points: Annotated[int, Field(ge=0)] = 0
    spent_fen: Fen | None = None
    since: Offset = "T-30d"
    addresses: list[Address] = []
    coupons: list[Coupon] = []
    points_history: list[tuple[Offset, int, Text]] = []
    points_expiring: list[tuple[Offset, Annotated[int, Field(ge=1)]]] = []


class Promotion(Declared):
    id: Id
    title: Text
    text: Text
    from_: Offset = Field(alias="from")
    until: Offset


class Item(Declared):
    sku: Id
    qty: Qty = 1
    price_fen: Fen | None = None


class Parcel(Declared):
    courier: Text
    tracking_no: Text
    status: ShipmentStatus
    expected: Offset | None = None
    events: list[tuple[Offset, Text, Text]] = []


class Invoice(Declared):
    kind: InvoiceKind = "personal"
    title: Text = "个人"
    tax_no: Text | None = None
    email: Text | None = None
    state: Annotated[str, StringConstraints(pattern="^(requested|issued)$")] = "requested"
    expected: Offset | None = None


class Part(Declared):
    sku: Id
    qty: Qty = 1


class Refund(Declared):
    amount_fen: Fen
    id: Id | None = None
    state: RefundState = "processing"
    reason: Text = "取消订单"
    created: Offset
    expected: Offset | None = None
    done: Offset | None = None


class AfterSale(Declared):
    kind: Kind
    state: State = "requested"
    reason: Reason
    items: Annotated[list[Part], Field(min_length=1)]
    id: Id | None = None
    note: str = ""
    evidence: list[Text] = []
    target_sku: Id | None = None
    created: Offset
    expected: Offset | None = None
    steps: list[tuple[Offset, Text]] | None = None
    refund: Refund | None = None


class Order(Declared):
    customer: Id
    status: OrderStatus
    placed: Offset
    no: OrderNo | None = None
    serial: Annotated[str, StringConstraints(pattern=r"^[0-9]{8}$")] | None = None
    paid: Offset | None = None
    shipped: Offset | None = None
    delivered: Offset | None = None
    pay_before: Offset | None = None
    urged: Offset | None = None
    shipping_fen: Fen = 0
    discount_fen: Fen = 0
    remark: Text | None = None
    address: Address | None = None
    items: Annotated[list[Item], Field(min_length=1)]
    invoice: Invoice | None = None
    shipments: list[Parcel] = []
    after_sales: list[AfterSale] = []
    refunds: list[Refund] = []


class File(Declared):
    customers: list[Customer] = []
    products: list[Product] = []
    orders: list[Order] = []
    promotions: list[Promotion] = []

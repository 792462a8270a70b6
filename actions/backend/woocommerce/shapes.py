"""What WooCommerce's REST API v3 answers, as far as it is read; its documentation names the members."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

# Where the plugins "Shipment Tracking" and "Advanced Shipment Tracking" keep an order's parcels.
TRACKING_META = "_wc_shipment_tracking_items"


def _fen(amount: Any) -> int:
    try:
        return int((Decimal(str(amount or 0)) * 100).quantize(Decimal(1), ROUND_HALF_UP))
    except InvalidOperation:
        raise ValueError("not an amount of money") from None


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Fen = Annotated[int, BeforeValidator(_fen)]  # written "29.35"
Moment = Annotated[datetime, AfterValidator(_utc)]  # in GMT, without saying so
Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]


class Shape(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True)


class Meta(Shape):
    key: str
    value: Any = None
    display_value: Any = None


class Postal(Shape):
    first_name: Text = ""
    last_name: Text = ""
    address_1: Text = ""
    city: Text = ""
    state: Text = ""
    country: Text = ""
    phone: Text = ""


class Picture(Shape):
    src: Text = ""


class Line(Shape):
    id: int
    name: str
    parent_name: Text = ""
    product_id: int
    variation_id: int = 0
    quantity: int
    subtotal: Fen
    subtotal_tax: Fen = 0
    total: Fen
    sku: Text = ""
    image: Picture | None = None
    meta_data: list[Meta] = []


class RefundTotal(Shape):
    id: int


class Tracking(Shape):
    tracking_number: Text = ""
    tracking_provider: Text = ""
    custom_tracking_provider: Text = ""
    date_shipped: Moment | None = None


class Order(Shape):
    id: int
    status: str
    currency: Annotated[str, Field(pattern="^CNY$")]
    customer_id: int
    customer_note: Text = ""
    date_created_gmt: Moment
    date_paid_gmt: Moment | None = None
    date_completed_gmt: Moment | None = None
    discount_total: Fen = 0
    discount_tax: Fen = 0
    shipping_total: Fen = 0
    shipping_tax: Fen = 0
    total: Fen
    billing: Postal
    shipping: Postal
    payment_method: Text = ""
    payment_method_title: Text = ""
    line_items: list[Line]
    refunds: list[RefundTotal] = []
    meta_data: list[Meta] = []
    trackings: list[Tracking] = []

    @model_validator(mode="before")
    @classmethod
    def _parcels(cls, order: Any) -> Any:
        for meta in order.get("meta_data", ()):
            if meta.get("key") == TRACKING_META and meta.get("value"):
                parcels = meta["value"]
                # PHP writes a list with gaps as an object.
                order["trackings"] = list(parcels.values()) if isinstance(parcels, dict) else parcels
        return order


class OrderRefund(Shape):
    id: int
    date_created_gmt: Moment
    amount: Fen
    reason: Text = ""
    refunded_payment: bool = False


class Gateway(Shape):
    method_supports: list[str] = []


class Customer(Shape):
    id: int
    email: Text = ""
    username: Text = ""
    first_name: Text = ""
    last_name: Text = ""
    billing: Postal
    shipping: Postal


class Category(Shape):
    id: int
    name: str


class Attribute(Shape):
    name: str
    variation: bool = False
    options: list[str] = []


class Product(Shape):
    id: int
    name: str
    type: str = "simple"
    status: str = "publish"
    short_description: Text = ""
    sku: Text = ""
    price: Fen = 0
    manage_stock: bool = False
    stock_quantity: int | None = None
    stock_status: str = "instock"
    related_ids: list[int] = []
    categories: list[Category] = []
    images: list[Picture] = []
    attributes: list[Attribute] = []


class Choice(Shape):
    option: str


class Variation(Shape):
    id: int
    sku: Text = ""
    price: Fen = 0
    manage_stock: bool | str = False
    stock_quantity: int | None = None
    stock_status: str = "instock"
    attributes: list[Choice] = []


class Coupon(Shape):
    id: int
    code: str
    amount: Fen
    discount_type: str = "fixed_cart"
    description: Text = ""
    date_created_gmt: Moment
    date_expires_gmt: Moment | None = None
    usage_count: int = 0
    usage_limit: int | None = None
    usage_limit_per_user: int | None = None
    free_shipping: bool = False
    product_ids: list[int] = []
    product_categories: list[int] = []
    minimum_amount: Fen = 0
    email_restrictions: list[str] = []
    used_by: list[str] = []

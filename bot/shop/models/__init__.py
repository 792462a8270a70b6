"""Tables of the shop. Money is integer fen; moments are kept in UTC."""

from bot.shop.models.after_sales import AfterSale, AfterSaleItem, AfterSaleStep, Refund
from bot.shop.models.base import Base
from bot.shop.models.customers import Address, Coupon, Customer, PointsChange, PointsExpiry
from bot.shop.models.housekeeping import IdempotencyKey, Miss, SeedMark, VerificationTries
from bot.shop.models.orders import Invoice, Order, OrderItem, Shipment, ShipmentEvent
from bot.shop.models.products import Product, Promotion, Variant

__all__ = [
    "Address",
    "AfterSale",
    "AfterSaleItem",
    "AfterSaleStep",
    "Base",
    "Coupon",
    "Customer",
    "IdempotencyKey",
    "Invoice",
    "Miss",
    "Order",
    "OrderItem",
    "PointsChange",
    "PointsExpiry",
    "Product",
    "Promotion",
    "Refund",
    "SeedMark",
    "Shipment",
    "ShipmentEvent",
    "Variant",
    "VerificationTries",
]

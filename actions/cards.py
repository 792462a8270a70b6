"""Orders, parcels and products as the cards of the web channel, and as snapshots for the slots."""

from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from actions.backend.contract import Address, AfterSale, AfterSaleItem, Order, Product, Shipment

_order = TypeAdapter(Order)


def order_card(order: Order) -> dict[str, Any]:
    """The card of an order; holds neither name nor address."""
    return {
        "kind": "order",
        "order_no": order.no,
        "status": order.status,
        "status_text": order.status_text,
        "placed_at": order.placed_at.isoformat(),
        "total_fen": order.amounts.due_fen,
        "items": [
            {
                "name": item.name,
                "spec": item.spec,
                "qty": item.qty,
                "price_fen": item.price_fen,
                **({"image": item.image} if item.image else {}),
            }
            for item in order.items
        ],
    }


def logistics_card(order_no: str, parcel: Shipment) -> dict[str, Any]:
    """The card of a parcel, its scans newest first."""
    return {
        "kind": "logistics",
        "order_no": order_no,
        "courier": parcel.courier,
        "tracking_no": parcel.tracking_no,
        "status": parcel.status,
        "status_text": parcel.status_text,
        "expected_at": parcel.expected_at.isoformat() if parcel.expected_at else None,
        "events": [
            {"at": scan.at.isoformat(), "place": scan.place, "text": scan.text} for scan in parcel.events
        ],
    }


def product_card(product: Product, stock_text: str) -> dict[str, Any]:
    """The card of a product, its price the lowest of its variants."""
    return {
        "kind": "product",
        "id": product.id,
        "name": product.name,
        "price_fen": product.price_fen,
        "summary": product.summary,
        "stock_text": stock_text,
        **({"image": product.image} if product.image else {}),
    }


def return_card(sale: AfterSale) -> dict[str, Any]:
    """The card of a return, exchange, refund, resend or repair; the address is the shop's own."""
    address = sale.return_address
    card: dict[str, Any] = {
        "kind": "return",
        "id": sale.id,
        "order_no": sale.order_no,
        "status": sale.state,
        "status_text": sale.state_text,
        "title": sale.kind_text,
        "items": [_goods(item) for item in sale.items],
    }
    if sale.refund_fen:
        card["refund_fen"] = sale.refund_fen
    if sale.target:
        card["target"] = _goods(sale.target)
    if address:
        card["return_address"] = {"name": address.name, "phone": address.phone, "text": address.text}
    return card


def _goods(item: AfterSaleItem) -> dict[str, Any]:
    return {"name": item.name, "spec": item.spec, "qty": item.qty}


def kept(order: Order) -> dict[str, Any]:
    """The order as a slot holds it until the turn ends or the question is answered: without address."""
    slot: dict[str, Any] = _order.dump_python(replace(order, address=Address(), can={}), mode="json")
    return slot


def restored(slot: dict[str, Any]) -> Order:
    """The order that ``kept`` put into a slot."""
    return _order.validate_python(slot)

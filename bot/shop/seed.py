"""Sample data, declared in seed.yml relative to today, so that it is true on any day."""

import hashlib
import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import jwt
from ruamel.yaml import YAML

from bot.settings import Settings
from bot.shop import clock, store
from bot.shop.models import (
    Address,
    Base,
    Customer,
    Order,
    OrderItem,
    Product,
    Shipment,
    ShipmentEvent,
    Variant,
)

FILE = Path(__file__).with_name("seed.yml")
_OFFSET = re.compile(r"T(?:([+-]\d+)d)?(?:([+-]\d+)h)?(?: (\d\d):(\d\d))?")


@cache
def declared() -> dict[str, list[dict[str, Any]]]:
    """seed.yml as it stands: customers, products, orders."""
    content: dict[str, list[dict[str, Any]]] = YAML(typ="safe").load(FILE)
    return content


def load(database: store.Database) -> bool:
    """Put the sample data in place if the shop is empty or holds another day's; True if it was done."""
    moment = clock.now()
    digest = hashlib.sha256(FILE.read_bytes()).hexdigest()[:12]
    mark = f"{moment.astimezone(clock.CHINA).date()} {digest}"
    with database() as session:
        return store.replace_all(session, mark, rows(moment))


def customers_for_demo() -> list[dict[str, str]]:
    """The sample customers: ``id``, ``name`` and ``about``, one Chinese line on the customer's situation."""
    return [{key: c[key] for key in ("id", "name", "about")} for c in declared()["customers"]]


def customer_token(settings: Settings, id: str, hours: float = 24) -> str:
    """What the shop gives the widget to say who is signed in.

    JWT, HS256, signed with ``settings.customer_secret``, claims ``sub, name, aud: chat, iat, exp``.
    KeyError if there is no such sample customer.
    """
    names = {c["id"]: c["name"] for c in customers_for_demo()}
    issued = clock.now()
    claims = {
        "sub": id,
        "name": names[id],
        "aud": "chat",
        "iat": issued,
        "exp": issued + timedelta(hours=hours),
    }
    return jwt.encode(claims, settings.customer_secret, algorithm="HS256")


def rows(now: datetime) -> Iterator[Base]:
    """Every row of the sample shop, as of ``now``; the same for the same day's moments.

    What has happened lies never after ``now``: a scan declared for this morning, loaded at night, is moved to
    ``now``.
    """
    today = now.astimezone(clock.CHINA).date()

    def happened(offset: str | None) -> datetime | None:
        return min(moment_of(offset, today), now) if offset else None

    by_sku: dict[str, tuple[Product, Variant]] = {}
    for p in declared()["products"]:
        product = _product(p)
        for variant in product.variants:
            by_sku[variant.sku] = (product, variant)
        yield product
    customers = {c["id"]: c for c in declared()["customers"]}
    for c in customers.values():
        yield _customer(c, today)
    for o in declared()["orders"]:
        items = [_item(*by_sku[line["sku"]], line.get("qty", 1)) for line in o["items"]]
        to = {**customers[o["customer"]], **customers[o["customer"]]["addresses"][0], **o.get("address", {})}
        placed = moment_of(o["placed"], today)
        yield Order(
            no=order_no(o, today),
            customer_id=o["customer"],
            status=o["status"],
            placed_at=placed,
            paid_at=happened(o.get("paid")),
            shipped_at=happened(o.get("shipped")),
            delivered_at=happened(o.get("delivered")),
            refunded_at=happened(o.get("refunded")),
            invoiced=o.get("invoiced", False),
            items_fen=sum(item.price_fen * item.qty for item in items),
            shipping_fen=o.get("shipping_fen", 0),
            discount_fen=o.get("discount_fen", 0),
            to_name=to["name"],
            to_phone=to["phone"],
            to_region=to["region"],
            to_street=to["street"],
            items=items,
            shipments=[
                Shipment(
                    courier=s["courier"],
                    tracking_no=s["tracking_no"],
                    status=s["status"],
                    expected_at=moment_of(s["expected"], today) if "expected" in s else None,
                    # From the oldest to the newest, so that ids break ties between scans of one moment.
                    events=[
                        ShipmentEvent(at=happened(at), place=place, text=text)
                        for at, place, text in s["events"]
                    ],
                )
                for s in o.get("shipments", [])
            ],
        )


def order_no(order: dict[str, Any], today: date) -> str:
    """The date of placing and eight digits of its own."""
    return f"{moment_of(order['placed'], today).astimezone(clock.CHINA):%Y%m%d}{order['serial']}"


def moment_of(offset: str, today: date) -> datetime:
    """``T-3d 18:20`` is 18:20 three days ago; ``T+6h`` is six o'clock today. ValueError for anything else."""
    parts = _OFFSET.fullmatch(offset)
    if not parts:
        raise ValueError(f"{FILE.name}: {offset!r} is no moment; write it like T-3d, T+6h or 'T-3d 18:20'.")
    days, hours, hour, minute = (int(part or 0) for part in parts.groups())
    midnight = datetime.combine(today, time(hour, minute), clock.CHINA)
    return midnight + timedelta(days=days, hours=hours)


def _product(declared: dict[str, Any]) -> Product:
    specs = [v["spec"] for v in declared["variants"]]
    words = [declared["name"], declared["category"], declared["summary"], *declared.get("also", []), *specs]
    return Product(
        id=declared["id"],
        name=declared["name"],
        category=declared["category"],
        summary=declared["summary"],
        image=declared["image"],
        returnable=declared.get("returnable", True),
        details=[{"name": name, "value": value} for name, value in declared["specs"].items()],
        size_chart=declared.get("size_chart"),
        keywords=" ".join(words).lower(),
        variants=[
            Variant(
                sku=f"{declared['id']}-{position}",
                position=position,
                spec=v["spec"],
                price_fen=v.get("price_fen", declared.get("price_fen")),
                stock=v["stock"],
            )
            for position, v in enumerate(declared["variants"], start=1)
        ],
    )


def _customer(declared: dict[str, Any], today: date) -> Customer:
    return Customer(
        id=declared["id"],
        name=declared["name"],
        phone=declared["phone"],
        level=declared["level"],
        points=declared["points"],
        since=moment_of(declared["since"], today).date(),
        addresses=[
            Address(
                name=a.get("name", declared["name"]),
                phone=a.get("phone", declared["phone"]),
                region=a["region"],
                street=a["street"],
                is_default=position == 0,
            )
            for position, a in enumerate(declared["addresses"])
        ],
    )


def _item(product: Product, variant: Variant, qty: int) -> OrderItem:
    return OrderItem(
        sku=variant.sku,
        product_id=product.id,
        name=product.name,
        spec=variant.spec,
        qty=qty,
        price_fen=variant.price_fen,
        image=product.image,
    )

"""The sample shop's own data, declared in seed.yml relative to today and renewed every day."""

import hashlib
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import jwt
from ruamel.yaml import YAML
from sqlalchemy import delete, select

from bot.settings import Settings
from bot.shop import clock
from bot.shop.database import Database, Session, insert
from bot.shop.loading import declared as forms
from bot.shop.loading import rows
from bot.shop.loading.reading import Source
from bot.shop.loading.replacing import OWN, put, remove_customers
from bot.shop.models import Customer, Order, OrderItem, Product, Promotion, SeedMark, Variant

FILE = Path(__file__).with_name("seed.yml")


@cache
def declared() -> dict[str, list[dict[str, Any]]]:
    """seed.yml as it stands: customers, products, orders, promotions."""
    content: dict[str, list[dict[str, Any]]] = YAML(typ="safe").load(FILE)
    return content


def load(database: Database) -> bool:
    """Put the sample data in place if the shop is new or holds another day's; True if it was done.

    What ``bot shop load`` brought stays as it is, also where it replaced sample data; a shop that it emptied
    gets no sample data any more. Of several processes that start together exactly one does it.
    """
    now = clock.now()
    digest = hashlib.sha256(FILE.read_bytes()).hexdigest()[:12]
    mark = f"{now.astimezone(clock.CHINA).date()} {digest}"
    with database() as session:
        fresh = insert(session, SeedMark).values(id=1, mark=mark)
        taken = session.scalar(
            fresh.on_conflict_do_update(
                index_elements=[SeedMark.id],
                set_={"mark": mark},
                where=SeedMark.mark.not_in([mark, OWN]),
            ).returning(SeedMark.id)
        )
        if taken is None:
            session.rollback()
            return False
        source = Source(FILE)
        put(session, source, _renewed(session, source.file(), now), now, seeded=True)
        session.commit()
        return True


def _renewed(session: Session, file: forms.File, now: datetime) -> forms.File:
    """Take the old sample data out, and what a file has replaced out of the new."""
    remove_customers(session, session.scalars(select(Customer.id).where(Customer.seeded)).all())
    session.execute(delete(Promotion).where(Promotion.seeded))
    wanted = [product.id for product in file.products]
    bought = select(OrderItem.product_id)
    session.execute(
        delete(Product).where(Product.seeded, Product.id.not_in(wanted), Product.id.not_in(bought))
    )
    customers = set(session.scalars(select(Customer.id)))
    products = set(session.scalars(select(Product.id).where(~Product.seeded)))
    promotions = set(session.scalars(select(Promotion.id)))
    numbers = set(session.scalars(select(Order.no)))
    moments = rows.Clock(now)
    fresh = [product for product in file.products if product.id not in products]
    skus = set(session.scalars(select(Variant.sku).where(Variant.product_id.in_(products))))
    skus |= {
        variant.sku for product in fresh for variant in rows.product(product, moments, seeded=True).variants
    }
    return forms.File(
        customers=[c for c in file.customers if c.id not in customers],
        products=fresh,
        promotions=[p for p in file.promotions if p.id not in promotions],
        orders=[
            o
            for o in file.orders
            if o.customer not in customers
            and rows.order_no(o, moments) not in numbers
            and all(item.sku in skus for item in o.items)
        ],
    )


def customers_for_demo() -> list[dict[str, str]]:
    """The sample customers: ``id``, ``name`` and ``about``, one Chinese line on the customer's situation."""
    return [{key: c[key] for key in ("id", "name", "about")} for c in declared()["customers"]]


def customer_token(settings: Settings, id: str, hours: float = 24) -> str:
    """What the shop gives the widget to say who is signed in.

    JWT, HS256, signed with ``settings.customer_secret``, claims ``sub, name, level, aud: chat, iat, exp``.
    KeyError if there is no such sample customer.
    """
    customer = {c["id"]: c for c in declared()["customers"]}[id]
    issued = clock.now()
    claims = {
        "sub": id,
        "name": customer["name"],
        "level": customer.get("level"),
        "aud": "chat",
        "iat": issued,
        "exp": issued + timedelta(hours=hours),
    }
    return jwt.encode(claims, settings.customer_secret, algorithm="HS256")


def order_no(order: dict[str, Any], today: date) -> str:
    """The number that a sample order has on this day."""
    noon = datetime.combine(today, time(12), clock.CHINA)
    return rows.order_no(forms.Order.model_validate(order), rows.Clock(noon))

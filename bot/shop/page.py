"""The demo page: a shop as its customers see it, with the chat widget embedded as any shop would embed it."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader

from bot.settings import Settings
from bot.shop.calls import Db, Pictures
from bot.shop.orders.queries import orders as orders_of
from bot.shop.orders.views import order as order_view
from bot.shop.products.queries import products as find_products
from bot.shop.products.views import summary
from bot.shop.scope import Scope
from bot.shop.seed import customer_token, customers_for_demo

# An anonymous visitor is shown one order to try the verification with.
VISITORS_ORDER_OF = "c1004"
MOST_ORDERS = 20
MOST_PRODUCTS = 40

templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
templates.filters["yuan"] = lambda fen: f"{fen / 100:,.2f}".removesuffix(".00")
router = APIRouter(include_in_schema=False)


@router.get("/")
def show(request: Request, db: Db, images: Pictures, customer: str = "") -> HTMLResponse:
    settings: Settings = request.app.state.settings
    people = customers_for_demo()
    chosen = next((person for person in people if person["id"] == customer), None)
    shown: dict[str, Any] = {"people": people, "chosen": chosen, "settings": settings}
    if chosen:
        orders, shown["total"] = orders_of(db, Scope(customer=chosen["id"]), None, 1, MOST_ORDERS)
        shown["orders"] = [order_view(order, images) for order in orders]
        shown["token"] = customer_token(settings, chosen["id"])
    else:
        orders, _ = orders_of(db, Scope(customer=VISITORS_ORDER_OF), None, 1, 1)
        shown["sample"] = orders[0] if orders else None
    products, _ = find_products(db, page_size=MOST_PRODUCTS)
    shown["products"] = [summary(product, images) for product in products]
    html = templates.get_template("page.html").render(shown)
    return HTMLResponse(html, headers=safe_headers(settings))


def safe_headers(settings: Settings, form_action: str = "'none'") -> dict[str, str]:
    """What the shop's pages may load and do."""
    front = origin(settings.front)
    own = {"'self'", origin(settings.shop)}
    policy = {
        "default-src": {"'none'"},
        "script-src": {"'self'", front},
        "connect-src": {front},
        "img-src": {*own, front, "data:", "blob:"},
        "style-src": {"'self'", front},
        "base-uri": {"'none'"},
        "form-action": {form_action},
        "frame-ancestors": {"'none'"},
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {' '.join(sorted(v))}" for name, v in policy.items()),
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }


def origin(url: str) -> str:
    """Scheme, host and port of ``url``."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"

"""A stand-in for a WooCommerce shop: answers in the shapes of its REST API v3's documentation."""

import base64
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

KEY, SECRET = "ck_test", "cs_test"
LIN = {
    "first_name": "晓雨",
    "last_name": "林",
    "company": "",
    "address_1": "文三路 138 号 2 幢 601",
    "address_2": "",
    "city": "杭州市",
    "state": "CN12",
    "postcode": "310000",
    "country": "CN",
}
CUSTOMERS = {
    25: {"email": "Lin@example.com", "phone": "+86 138 0013 6688"},
    26: {"email": "zhou@example.com", "phone": "13900139977"},
}


def line(id: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": id,
        "name": "亚麻衬衫 - 米白, M",
        "parent_name": "亚麻衬衫",
        "product_id": 22,
        "variation_id": 23,
        "quantity": 2,
        "tax_class": "",
        "subtotal": "258.00",
        "subtotal_tax": "0.00",
        "total": "238.00",
        "total_tax": "0.00",
        "taxes": [],
        "meta_data": [
            {"id": 1, "key": "pa_color", "value": "mibai", "display_key": "颜色", "display_value": "米白"},
            {"id": 2, "key": "size", "value": "M", "display_key": "尺码", "display_value": "M"},
            {"id": 3, "key": "_reduced_stock", "value": "2", "display_key": "", "display_value": "2"},
        ],
        "sku": "SHIRT-M",
        "price": 119,
        "image": {"id": 5, "src": "https://shop.example/shirt.jpg"},
        **changes,
    }


def order(id: int, status: str, customer: int = 25, **changes: Any) -> dict[str, Any]:
    paid = None if status in ("pending", "on-hold", "failed") else "2026-11-20T08:05:00"
    return {
        "id": id,
        "parent_id": 0,
        "number": str(id),
        "status": status,
        "currency": "CNY",
        "date_created": "2026-11-20T16:00:00",
        "date_created_gmt": "2026-11-20T08:00:00",
        "discount_total": "20.00",
        "discount_tax": "0.00",
        "shipping_total": "10.00",
        "shipping_tax": "0.00",
        "total": "248.00",
        "total_tax": "0.00",
        "customer_id": customer,
        "customer_note": "",
        "billing": {
            **LIN,
            "email": "x@example.com",
            "phone": CUSTOMERS.get(customer, CUSTOMERS[25])["phone"],
        },
        "shipping": dict(LIN),
        "payment_method": "wechat",
        "payment_method_title": "微信支付",
        "transaction_id": "",
        "date_paid": paid,
        "date_paid_gmt": paid,
        "date_completed": None,
        "date_completed_gmt": None,
        "meta_data": [{"id": 9, "key": "_other", "value": {"any": "thing"}}],
        "line_items": [line(1)],
        "tax_lines": [],
        "shipping_lines": [],
        "fee_lines": [],
        "coupon_lines": [],
        "refunds": [],
        "_links": {},
        **changes,
    }


def product(id: int, name: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": id,
        "name": name,
        "type": "simple",
        "status": "publish",
        "short_description": "<p>透气 &amp; 清爽</p>\n",
        "sku": f"P{id}",
        "price": "129.00",
        "on_sale": False,
        "total_sales": 0,
        "manage_stock": True,
        "stock_quantity": 7,
        "stock_status": "instock",
        "related_ids": [],
        "categories": [{"id": 9, "name": "女装", "slug": "women"}],
        "images": [{"id": 1, "src": f"https://shop.example/{id}.jpg", "name": "", "alt": ""}],
        "attributes": [],
        "variations": [],
        "meta_data": [],
        **changes,
    }


def variation(id: int, colour: str, stock: int) -> dict[str, Any]:
    return {
        "id": id,
        "sku": f"SHIRT-{id}",
        "price": "129.00",
        "status": "publish",
        "manage_stock": True,
        "stock_quantity": stock,
        "stock_status": "instock" if stock else "outofstock",
        "attributes": [{"id": 6, "name": "颜色", "option": colour}, {"id": 0, "name": "尺码", "option": "M"}],
        "image": None,
    }


def coupon(id: int, code: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": id,
        "code": code,
        "amount": "10.00",
        "date_created_gmt": "2026-01-01T00:00:00",
        "discount_type": "fixed_cart",
        "description": "",
        "date_expires": None,
        "date_expires_gmt": None,
        "usage_count": 0,
        "product_ids": [],
        "usage_limit": None,
        "usage_limit_per_user": None,
        "free_shipping": False,
        "product_categories": [],
        "minimum_amount": "100.00",
        "maximum_amount": "0.00",
        "email_restrictions": [],
        "used_by": [],
        **changes,
    }


class WooCommerceSite:
    """One shop; ``orders``, ``refunds``, ``products`` and ``coupons`` are its records, by id."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.stock = 10
        self.refunds: dict[int, list[dict[str, Any]]] = {}
        self.lose: set[str] = set()
        """Calls (``POST refunds``) of which the next is done but its answer lost."""
        parcel = {
            "tracking_provider": "",
            "custom_tracking_provider": "顺丰速运",
            "tracking_number": "SF1",
            "date_shipped": "1795176000",
            "tracking_id": "7f",
        }
        tracked = [{"id": 10, "key": "_wc_shipment_tracking_items", "value": [parcel]}]
        listed = [
            order(101, "pending"),
            order(102, "processing"),
            order(103, "processing", meta_data=tracked),
            order(104, "completed", date_completed_gmt="2026-11-21T00:00:00"),
            order(105, "processing", payment_method="cod"),
            order(106, "packing"),
            order(107, "checkout-draft"),
            order(201, "processing", customer=26),
            order(301, "processing", customer=0),
            order(401, "processing", currency="USD", customer=26),
        ]
        self.orders = {each["id"]: each for each in listed}
        shirt = product(
            22,
            "亚麻衬衫",
            type="variable",
            variations=[23, 24],
            related_ids=[30],
            attributes=[
                {"id": 6, "name": "颜色", "variation": True, "options": ["米白", "雾蓝"]},
                {"id": 7, "name": "材质", "variation": False, "options": ["亚麻", "棉"]},
            ],
        )
        self.products = {
            22: shirt,
            30: product(30, "护眼台灯", price="89.50", manage_stock=False, stock_quantity=None),
            31: product(31, "停售的灯", status="draft"),
        }
        self.products[30]["categories"] = [{"id": 10, "name": "家居", "slug": "home"}]
        self.coupons = [
            coupon(1, "HERS", email_restrictions=["lin@example.com"]),
            coupon(2, "EVERYONE"),
            coupon(3, "HIS", email_restrictions=["zhou@example.com"]),
            coupon(
                4,
                "USED",
                discount_type="percent",
                amount="15.00",
                email_restrictions=["lin@example.com"],
                usage_limit_per_user=1,
                used_by=["25"],
            ),
            coupon(5, "LATE", email_restrictions=["lin@example.com"], date_expires_gmt="2026-02-01T00:00:00"),
        ]

    def app(self) -> Starlette:
        base = "/wp-json/wc/v3"
        return Starlette(
            routes=[
                Route(f"{base}{path}", self._guarded(call), methods=[method])
                for method, path, call in (
                    ("GET", "/orders", self._orders),
                    ("GET", "/orders/{id:int}", self._order),
                    ("PUT", "/orders/{id:int}", self._change),
                    ("GET", "/orders/{id:int}/refunds", self._refunds),
                    ("POST", "/orders/{id:int}/refunds", self._refund),
                    ("GET", "/customers/{id:int}", self._customer),
                    ("GET", "/products", self._products),
                    ("GET", "/products/categories", self._categories),
                    ("GET", "/products/{id:int}", self._product),
                    ("GET", "/products/{id:int}/variations", self._variations),
                    ("GET", "/coupons", self._coupons),
                    ("GET", "/payment_gateways/{id}", self._gateway),
                )
            ]
        )

    def _guarded(self, call: Any) -> Any:
        expected = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()

        async def guarded(request: Request) -> Response:
            name = f"{request.method} {call.__name__.strip('_')}"
            self.asked[name] += 1
            if request.headers.get("authorization") != expected:
                return _error(401, "woocommerce_rest_cannot_view")
            body = await request.json() if request.method in ("PUT", "POST") else None
            answer: Response = call(request, body)
            if name in self.lose:
                self.lose.remove(name)
                return _error(502, "bad_gateway")
            return answer

        return guarded

    def _orders(self, request: Request, _: Any) -> Response:
        customer = int(request.query_params["customer"])
        newest = sorted(self.orders.values(), key=lambda o: (o["date_created_gmt"], o["id"]), reverse=True)
        return _page(request, [o for o in newest if o["customer_id"] == customer])

    def _order(self, request: Request, _: Any) -> Response:
        found = self.orders.get(request.path_params["id"])
        return JSONResponse(found) if found else _error(404, "woocommerce_rest_shop_order_invalid_id")

    def _change(self, request: Request, body: Any) -> Response:
        found = self.orders[request.path_params["id"]]
        for meta in body.pop("meta_data", []):
            others = [m for m in found["meta_data"] if m["key"] != meta["key"]]
            found["meta_data"] = [*others, {"id": 50 + len(others), **meta}]
        if body.get("status") == "cancelled" and found["status"] != "cancelled":
            self.stock += 2
        found.update(body)
        return JSONResponse(found)

    def _refunds(self, request: Request, _: Any) -> Response:
        return _page(request, self.refunds.get(request.path_params["id"], []))

    def _refund(self, request: Request, body: Any) -> Response:
        found = self.orders[request.path_params["id"]]
        given_back = self.refunds.setdefault(found["id"], [])
        left = float(found["total"]) - sum(float(r["amount"]) for r in given_back)
        if float(body["amount"]) > left or "refunds" not in GATEWAYS[found["payment_method"]]:
            return _error(500, "woocommerce_rest_cannot_create_order_refund")
        refund = {
            "id": 700 + len(given_back) + found["id"],
            "date_created_gmt": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
            "amount": body["amount"],
            "reason": body["reason"],
            "refunded_by": 1,
            "refunded_payment": body["api_refund"],
            "meta_data": [],
            "line_items": [],
        }
        given_back.append(refund)
        found["refunds"].append({"id": refund["id"], "reason": "", "total": f"-{body['amount']}"})
        if body["api_restock"]:
            self.stock += sum(item["quantity"] for item in body["line_items"])
        if float(body["amount"]) == left:
            found["status"] = "refunded"
        return JSONResponse(refund, 201)

    def _customer(self, request: Request, _: Any) -> Response:
        id = request.path_params["id"]
        if id not in CUSTOMERS:
            return _error(404, "woocommerce_rest_invalid_id")
        who = CUSTOMERS[id]
        return JSONResponse(
            {
                "id": id,
                "email": who["email"],
                "first_name": LIN["first_name"],
                "last_name": LIN["last_name"],
                "username": "lin",
                "billing": {**LIN, "email": who["email"], "phone": who["phone"]},
                "shipping": {**LIN, "address_1": "", "city": "", "state": ""},
                "is_paying_customer": True,
                "meta_data": [],
            }
        )

    def _products(self, request: Request, _: Any) -> Response:
        asked = request.query_params
        found = list(self.products.values())
        if "include" in asked:
            found = [p for p in found if str(p["id"]) in asked["include"].split(",")]
        if "category" in asked:
            found = [p for p in found if str(p["categories"][0]["id"]) == asked["category"]]
        found = [
            p
            for p in found
            if p["status"] == asked["status"]
            and all(word in p["name"] for word in asked.get("search", "").split())
            and float(asked.get("min_price", 0)) <= float(p["price"]) <= float(asked.get("max_price", 1e9))
            and p["stock_status"] == asked.get("stock_status", p["stock_status"])
        ]
        keys = {"price": lambda p: float(p["price"]), "popularity": lambda p: p["total_sales"]}
        key = keys.get(asked.get("orderby", "date"), lambda p: p["id"])
        return _page(request, sorted(found, key=key, reverse=asked.get("order", "desc") == "desc"))

    def _categories(self, request: Request, _: Any) -> Response:
        listed = [{"id": 10, "name": "家居"}, {"id": 11, "name": "家居灯具"}]
        return _page(request, [c for c in listed if request.query_params["search"] in c["name"]])

    def _product(self, request: Request, _: Any) -> Response:
        found = self.products.get(request.path_params["id"])
        return JSONResponse(found) if found else _error(404, "woocommerce_rest_product_invalid_id")

    def _variations(self, request: Request, _: Any) -> Response:
        return _page(request, [variation(23, "米白", 5), variation(24, "雾蓝", 0)])

    def _coupons(self, request: Request, _: Any) -> Response:
        return _page(request, self.coupons)

    def _gateway(self, request: Request, _: Any) -> Response:
        id = request.path_params["id"]
        if id not in GATEWAYS:
            return _error(404, "woocommerce_rest_payment_gateway_invalid_id")
        return JSONResponse({"id": id, "enabled": True, "method_supports": GATEWAYS[id]})


GATEWAYS = {"wechat": ["products", "refunds"], "cod": ["products"]}


def _page(request: Request, rows: list[dict[str, Any]]) -> Response:
    page, size = (int(request.query_params.get(n, d)) for n, d in (("page", 1), ("per_page", 10)))
    pages = -(-len(rows) // size)
    return JSONResponse(
        rows[(page - 1) * size : page * size],
        headers={"X-WP-Total": str(len(rows)), "X-WP-TotalPages": str(pages)},
    )


def _error(status: int, code: str) -> Response:
    return JSONResponse({"code": code, "message": "…", "data": {"status": status}}, status)

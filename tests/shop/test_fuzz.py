"""Whatever is sent: no 5xx, and every answer as the contract says (schemathesis over the whole OpenAPI)."""

from collections import Counter
from collections.abc import Callable
from itertools import count

import httpx
import pytest
import schemathesis
from hypothesis import given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.generated import GENERATED

from .conftest import Buyer, an_order
from .test_contract import DOCUMENT

EXAMPLES = 25

STATES = ("pending_payment", "paid", "paid", "shipped", "delivered", "delivered", "completed", "cancelled")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
_numbers = count()


OPERATIONS = {
    operation.label: operation
    for operation in (found.ok() for found in schemathesis.openapi.from_path(DOCUMENT).get_all_operations())
}


@pytest.mark.parametrize("label", OPERATIONS)
def test_contract(
    label: str, shop: httpx.Client, acting: Callable[..., dict[str, str]], buyer: Buyer
) -> None:
    @given(OPERATIONS[label].as_strategy())
    @settings(GENERATED, max_examples=EXAMPLES)
    def try_call(case: schemathesis.Case) -> None:
        statuses[send(case, shop, acting, buyer)] += 1

    statuses: Counter[int] = Counter()
    try_call()
    # Otherwise it would have tried nothing but the door.
    assert label.startswith("POST") or statuses[200], statuses


def send(
    case: schemathesis.Case, shop: httpx.Client, acting: Callable[..., dict[str, str]], buyer: Buyer
) -> int:
    turn = next(_numbers)
    # Mostly a customer who names her own; now and then one who names nothing that is there, always another,
    # as guessing is locked.
    if turn % 4:
        customer = buyer.id
        place_own(case, buyer, turn)
    else:
        customer = f"nobody{turn}"
    headers = {"Authorization": shop.headers["Authorization"], **acting(customer)}
    answer = case.call_and_validate(base_url=str(shop.base_url), headers=headers, checks=CHECKS, timeout=10)
    return answer.status_code


def place_own(case: schemathesis.Case, buyer: Buyer, turn: int) -> None:
    no = buyer.numbers[turn % len(buyer.numbers)]
    path = case.path_parameters or {}
    if "no" in path:
        path["no"] = no
    elif case.path.startswith("/v1/products/"):
        path["id"] = "p2006"
    elif case.path.startswith("/v1/customers/"):
        path["id"] = buyer.id
    elif case.path.startswith("/v1/returns/"):
        # The after-sales that every customer of this test has; see ``buyer``.
        path["id"] = f"A{buyer.numbers[4 + turn % 3]}1"
    if case.method.upper() == "POST" and turn % 3:
        case.headers["Idempotency-Key"] = f"key-{turn}"
    for params in (case.query, case.body):
        if isinstance(params, dict):
            params |= {name: no for name in ("order", "order_no") if name in params}
            params |= {"customer": buyer.id} if "customer" in params else {}
    if isinstance(case.body, dict) and isinstance(case.body.get("items"), list):
        for item in case.body["items"]:
            if isinstance(item, dict) and "sku" in item:
                item["sku"] = ["shirt-m", "tea-1"][turn % 2]


@pytest.fixture
def buyer(request: pytest.FixtureRequest) -> Buyer:
    load: Callable[..., Buyer] = request.getfixturevalue("given")
    asked = {"kind": "return", "reason": "other", "created": "now-1h", "items": [{"sku": "shirt-m"}]}
    orders = [an_order(state, "shirt-m", "tea-1", qty=3) for state in STATES]
    for order in orders[4:7]:
        order["after_sales"] = [asked]
    coupon = {"name": "券", "off_fen": 1, "until": "T+1d"}
    return load(*orders, coupons=[coupon], points_history=[["now-1h", 1, "签到"]])

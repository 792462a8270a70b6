"""Whether a shop keeps the order contract: its calls, made one after the other for one customer and order."""

import re
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from secrets import randbelow, token_hex
from typing import Any

from actions.backend.contract import (
    ACTIONS,
    AFTER_SALES,
    Address,
    AfterSaleRequest,
    Allowed,
    Customer,
    NewAddress,
    NotFound,
    Order,
    Part,
    Refused,
    Shop,
    ShopError,
    VerificationFailed,
    Visitor,
)
from actions.backend.transport import ID

STATUSES = ("pending_payment", "paid", "shipped", "delivered", "completed", "cancelled")
PARCELS = ("collected", "in_transit", "out_for_delivery", "delivered", "exception")
# What to do, by a piece of what went wrong.
ADVICE = {
    "ConnectionError": "Nobody listens there: does the backend run, is the address right (without /v1)?",
    "circuit is open": "It comes after five failures in a row: put the first of them right.",
    "InvalidHeader": "A secret or token ends in a line break: write its file with printf instead of echo.",
    "Timeout": "The backend must answer within 3 s.",
    "locked for": "Each check asks for one order in vain, and ten lock a customer: wait, or take another.",
    "status 401": "The backend must know the bot's secret, and take the Acting-Customer header;"
    " or the adapter's credentials are wrong.",
    "status 403": "The credentials lack a permission; or it must be 404 not-found, as for another's order.",
    "status 404": "Either this call is missing, or its 404 lacks the problem type not-found.",
    "status 409": "A refusal is a problem of type not-allowed with cause and reason.",
    "status 422": "The backend finds the bot's request invalid: compare the body with the contract.",
    "status 5": "The cause is in the backend's log.",
    "against the contract": "Compare the answer with the contract's document.",
}


class Wrong(Exception):
    """What a call answered that it must not, as a sentence."""


@dataclass(frozen=True)
class Finding:
    """How one call went; ``said`` names what it gave, or what is wrong and what to do."""

    ok: bool
    call: str
    said: str


def check(
    shop: Shop, customer: str, order_no: str, *, phone_tail: str = "", writes: bool = False
) -> Iterator[Finding]:
    """Make the calls, and tell how each went.

    Args:
        shop: to be checked.
        customer: id of one of its customers.
        order_no: an order of hers.
        phone_tail: last four digits of the recipient's phone, to check the way of an anonymous visitor.
        writes: also the calls that write, as dry runs; the order must stay as it was.
    """
    run = _Run(shop, Customer(customer), order_no)
    calls: list[tuple[str, Callable[[], str]]] = [
        ("products", run.products),
        ("product", run.product),
        ("profile", run.profile),
        ("phone", run.phone),
        ("orders", run.orders),
        ("order", run.order),
        ("shipments", run.shipments),
        ("after-sales", lambda: f"{shop.after_sales(run.actor).total} of them"),
        ("refunds", lambda: f"{shop.refunds(run.actor).total} of them"),
        ("coupons", lambda: f"{len(shop.coupons(run.actor))} of them"),
        ("points", lambda: f"{shop.points(run.actor).balance} points"),
        ("promotions", lambda: f"{len(shop.promotions())} of them"),
        ("somebody else", run.somebody_else),
        ("unknown order", run.unknown_order),
        ("wrong phone", run.wrong_phone),
    ]
    if phone_tail:
        calls.append(("visitor", lambda: run.visitor(phone_tail)))
    if writes:
        calls += [(f"dry run: {action}", partial(run.dry, action)) for action in run.dry_runs]
        calls.append(("unchanged", run.unchanged))
    for name, call in calls:
        try:
            yield Finding(True, name, call())
        except Refused as refused:
            yield Finding(bool(refused.reason), name, f"refused ({refused.cause}): {refused.reason}")
        except Wrong as wrong:
            yield Finding(False, name, str(wrong))
        except ShopError as error:
            yield Finding(False, name, run.advised(error))
        except Exception as error:
            yield Finding(False, name, _failed(error))


class _Run:
    def __init__(self, shop: Shop, actor: Customer, no: str) -> None:
        self.shop = shop
        self.actor = actor
        self.no = no
        self.before: Order | None = None
        # Fresh each time, as shops lock what is asked for in vain too often.
        self.nobody = Customer(f"nobody-{token_hex(4)}")
        self.no_order = f"{randbelow(10**9):016}"
        dry: dict[str, Any] = {"key": "", "dry_run": True}
        self.dry_runs: dict[str, Callable[[], object]] = {
            "cancel": partial(shop.cancel, actor, no, **dry),
            "change_address": partial(shop.change_address, actor, no, NewAddress(text="检查"), **dry),
            "urge": partial(shop.urge, actor, no, **dry),
            "remark": partial(shop.remark, actor, no, "检查", **dry),
            "invoice": partial(shop.invoice, actor, no, kind="personal", title="检查", **dry),
            "price_protect": partial(shop.protect_price, actor, no, **dry),
            "return": self._return,
        }

    def products(self) -> str:
        page = self.shop.products(page_size=20)
        if not page.items:
            raise Wrong("There is no product, so the bot knows no goods.")
        if len({p.id for p in page.items}) < len(page.items):
            raise Wrong("A product comes twice on one page.")
        return f"{page.total} of them"

    def product(self) -> str:
        first = self.shop.products(page_size=1).items[0]
        detail = self.shop.product(first.id)
        if detail.name != first.name or not detail.variants:
            raise Wrong("The product has another name than in the list, or no variants.")
        return f"{detail.name}, {len(detail.variants)} variants"

    def profile(self) -> str:
        profile = self.shop.profile(self.actor)
        for address in (Address(phone=profile.phone), *profile.addresses):
            _masked(address)
        return f"{len(profile.addresses)} addresses"

    def phone(self) -> str:
        if "*" in self.shop.phone(self.actor):
            raise Wrong("The phone is masked: give it in full, or refuse with 409 not-allowed.")
        return "in full, for staff"

    def orders(self) -> str:
        page = self.shop.orders(self.actor)
        if self.no not in [o.no for o in page.items] and page.total <= page.page_size:
            raise Wrong(f"{self.no} is not among the customer's orders: give one of hers with --order.")
        if [o.placed_at for o in page.items] != sorted((o.placed_at for o in page.items), reverse=True):
            raise Wrong("The orders do not come newest first.")
        if any(o.customer != self.actor.id for o in page.items):
            raise Wrong("There are other customers' orders among them.")
        return f"{page.total} of them"

    def order(self) -> str:
        order = self.before = self.shop.order(self.actor, self.no)
        if order.no != self.no or order.customer != self.actor.id:
            raise Wrong("It is another order or another customer's.")
        if order.status not in STATUSES:
            raise Wrong(f"The status must be one of {', '.join(STATUSES)}.")
        for moment in (order.placed_at, order.paid_at, order.shipped_at, order.delivered_at):
            _with_timezone(moment)
        _masked(order.address)
        if missing := [a for a in (*ACTIONS, *AFTER_SALES) if a not in order.can]:
            raise Wrong(f"`can` lacks {', '.join(missing)}.")
        for action, permission in order.can.items():
            _explained(action, permission)
        return f"{order.status}, {len(order.items)} items"

    def shipments(self) -> str:
        parcels = self.shop.shipments(self.actor, self.no)
        for parcel in parcels:
            if parcel.status not in PARCELS:
                raise Wrong(f"A parcel's status must be one of {', '.join(PARCELS)}.")
            times = [scan.at for scan in parcel.events]
            if times != sorted(times, reverse=True):
                raise Wrong("The scans do not come newest first.")
        return f"{len(parcels)} parcels"

    def somebody_else(self) -> str:
        try:
            self.shop.order(self.nobody, self.no)
        except NotFound:
            return "does not find the order"
        raise Wrong("Another customer sees the order: it must be not-found for her.")

    def unknown_order(self) -> str:
        try:
            self.shop.order(self.actor, self.no_order)
        except NotFound:
            return "is not found"
        raise Wrong(f"There is an answer for the order {self.no_order}, which does not exist.")

    def wrong_phone(self) -> str:
        try:
            self.shop.verify(self.no_order, "0000")
        except VerificationFailed:
            return "does not verify"
        raise Wrong("A wrong phone opens an order.")

    def visitor(self, phone_tail: str) -> str:
        visitor = Visitor(self.shop.verify(self.no, phone_tail).token)
        self.shop.order(visitor, self.no)
        try:
            self.shop.order(visitor, self.no_order)
        except NotFound:
            return "sees this one order"
        raise Wrong("The visitor's token opens other orders too.")

    def dry(self, action: str) -> str:
        if self.before is None:
            raise Wrong("The order could not be read.")
        permission = self.before.can.get(action)
        try:
            self.dry_runs[action]()
        except Refused as refused:
            # A call may know more than `can`; but what it forbids must be said.
            if not refused.reason:
                raise Wrong("It is refused without a reason.") from None
            return f"refused ({refused.cause}): {refused.reason}"
        if permission and not permission.allowed:
            raise Wrong(f"`can` forbids it ({permission.cause}), but the dry run does not.")
        return "would be done"

    def unchanged(self) -> str:
        if self.before and self.shop.order(self.actor, self.no) != self.before:
            raise Wrong("A dry run has changed the order: with dry_run=true nothing may be written.")
        return "the order is as before"

    def advised(self, error: ShopError) -> str:
        """What went wrong and what to do."""
        if isinstance(error, NotFound) and not (ID.fullmatch(self.actor.id) and ID.fullmatch(self.no)):
            return "It is not asked for: ids have at most 40 letters, digits, _ and -."
        if isinstance(error, NotFound) and self.before:
            return "It is not found, though the order is: is this call missing?"
        if isinstance(error, NotFound):
            return "It is not found: give a customer and an order of hers that exist."
        what = str(error) or type(error).__name__
        return f"{what}. {next((advice for piece, advice in ADVICE.items() if piece in what), '')}".rstrip()

    def _return(self) -> object:
        items = self.before.items if self.before else []
        parts = [Part(item.sku, 1) for item in items[:1]]
        wanted = AfterSaleRequest(self.no, "return", parts, "no_longer_wanted")
        return self.shop.request_after_sale(self.actor, wanted, key="", dry_run=True)


def _failed(error: Exception) -> str:
    """Where an adapter failed in a way that nobody catches."""
    frames = traceback.extract_tb(error.__traceback__)
    place = [frame for frame in frames if "/lib/python" not in frame.filename][-1]
    where = f"{Path(place.filename).name}, line {place.lineno}"
    return f"The adapter failed ({type(error).__name__}: {error}): {where}."


def _masked(address: Address) -> None:
    if re.search(r"\d{8}", re.sub(r"[ -]", "", address.phone)):
        raise Wrong("The phone must be masked by the shop, like 138****5678.")
    if re.search(r"\d+\s*(号|室|栋|幢|单元)", address.text):
        raise Wrong("The address must be masked by the shop: the region alone.")


def _with_timezone(moment: datetime | None) -> None:
    if moment is not None and moment.tzinfo is None:
        raise Wrong("A time lacks its timezone: write 2026-11-20T10:00:00+08:00.")


def _explained(action: str, permission: Allowed) -> None:
    if not permission.allowed and not (permission.reason and permission.cause):
        raise Wrong(f"`can.{action}` forbids without reason (Chinese, for the shopper) and cause.")

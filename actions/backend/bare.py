"""What an adapter begins with: whatever its shop cannot do is refused politely, and empty is empty."""

from abc import ABC, abstractmethod
from functools import cache
from pathlib import Path

from ruamel.yaml import YAML

from actions.backend.contract import (
    ACTIONS,
    AFTER_SALES,
    Actor,
    Address,
    AfterSale,
    AfterSalePage,
    AfterSaleRequest,
    Allowed,
    Cancellation,
    Coupon,
    Customer,
    Invoice,
    NewAddress,
    NotFound,
    Order,
    Points,
    PriceProtection,
    Promotion,
    RefundPage,
    Refused,
    Urged,
)


@cache
def _reasons() -> dict[str, str]:
    texts: dict[str, str] = YAML(typ="safe").load(Path(__file__).with_name("unsupported.yml"))
    return texts


def unsupported(action: str) -> Refused:
    """What the shop has no call for, and a colleague does."""
    return Refused("unsupported", _reasons()[action])


def nothing_allowed() -> dict[str, Allowed]:
    """``Order.can`` of a shop that can do none of it; an adapter overwrites what it can."""
    refusals = {action: unsupported(action) for action in (*ACTIONS, *AFTER_SALES)}
    return {action: Allowed(False, why.reason, why.cause) for action, why in refusals.items()}


class BareShop(ABC):
    """The part of ``Shop`` that a shop can do without.

    An adapter adds ``profile``, ``orders``, ``order``, ``shipments``, ``products``, ``product`` and
    ``verify``, and overrides what its shop can do.
    """

    @abstractmethod
    def order(self, actor: Actor, no: str) -> Order:
        """See ``Shop.order``; what cannot be done is refused only to whom the order is shown."""

    def phone(self, actor: Customer) -> str:
        raise unsupported("phone")

    def cancel(self, actor: Actor, no: str, reason: str = "", *, key: str, dry_run: bool) -> Cancellation:
        raise self._unsupported(actor, no, "cancel")

    def change_address(
        self, actor: Actor, no: str, address: NewAddress, *, key: str, dry_run: bool
    ) -> Address:
        raise self._unsupported(actor, no, "change_address")

    def urge(self, actor: Actor, no: str, *, key: str, dry_run: bool) -> Urged:
        raise self._unsupported(actor, no, "urge")

    def remark(self, actor: Actor, no: str, text: str, *, key: str, dry_run: bool) -> None:
        raise self._unsupported(actor, no, "remark")

    def invoice(
        self,
        actor: Actor,
        no: str,
        *,
        kind: str,
        title: str,
        tax_no: str = "",
        email: str = "",
        key: str,
        dry_run: bool,
    ) -> Invoice:
        raise self._unsupported(actor, no, "invoice")

    def protect_price(self, actor: Actor, no: str, *, key: str, dry_run: bool) -> PriceProtection:
        raise self._unsupported(actor, no, "price_protect")

    def request_after_sale(
        self, actor: Actor, request: AfterSaleRequest, *, key: str, dry_run: bool
    ) -> AfterSale:
        raise self._unsupported(actor, request.order_no, request.kind)

    def after_sales(
        self, actor: Actor, *, order_no: str | None = None, page: int = 1, page_size: int = 20
    ) -> AfterSalePage:
        if order_no is not None:
            self.order(actor, order_no)
        return AfterSalePage([], page, page_size, 0)

    def withdraw_after_sale(self, actor: Actor, id: str, *, key: str, dry_run: bool) -> AfterSale:
        raise NotFound

    def refunds(
        self, actor: Actor, *, order_no: str | None = None, page: int = 1, page_size: int = 20
    ) -> RefundPage:
        if order_no is not None:
            self.order(actor, order_no)
        return RefundPage([], page, page_size, 0)

    def coupons(self, actor: Customer, *, order_no: str | None = None) -> list[Coupon]:
        if order_no is not None:
            self.order(actor, order_no)
        return []

    def points(self, actor: Customer) -> Points:
        raise unsupported("points")

    def promotions(self) -> list[Promotion]:
        return []

    def _unsupported(self, actor: Actor, no: str, action: str) -> Refused:
        # Another's order is not found, whatever is asked about it.
        self.order(actor, no)
        return unsupported(action)

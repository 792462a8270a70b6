"""What the desk asks of the shop's order backend, by shape only: any client that fits will do.

Calls block and raise ``BackendFailed`` when the shop does not answer; money is integer fen.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class BackendFailed(Exception):
    """The order backend gave no answer."""


class Item(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def spec(self) -> str: ...
    @property
    def qty(self) -> int: ...
    @property
    def price_fen(self) -> int: ...
    @property
    def image(self) -> str | None: ...


class Amounts(Protocol):
    @property
    def paid_fen(self) -> int: ...


class Order(Protocol):
    @property
    def no(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def status_text(self) -> str: ...
    @property
    def placed_at(self) -> datetime: ...
    @property
    def shipped_at(self) -> datetime | None: ...
    @property
    def items(self) -> Sequence[Item]: ...
    @property
    def amounts(self) -> Amounts: ...


class Scan(Protocol):
    @property
    def at(self) -> datetime: ...
    @property
    def place(self) -> str: ...
    @property
    def text(self) -> str: ...


class Shipment(Protocol):
    @property
    def courier(self) -> str: ...
    @property
    def tracking_no(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def status_text(self) -> str: ...
    @property
    def expected_at(self) -> datetime | None: ...
    @property
    def events(self) -> Sequence[Scan]: ...


class Profile(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def phone(self) -> str:
        """Masked by the shop."""

    @property
    def level_text(self) -> str: ...
    @property
    def points(self) -> int | None: ...


class Backend(Protocol):
    def profile(self, customer_id: str) -> Profile:
        """Who the customer is."""

    def orders(self, customer_id: str) -> Sequence[Order]:
        """Her latest orders, newest first."""

    def shipments(self, customer_id: str, order_no: str) -> Sequence[Shipment]:
        """The parcels of one of her orders."""

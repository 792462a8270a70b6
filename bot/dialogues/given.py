"""What a dialogue finds in the shop: its own customers and orders, as `bot shop load` reads them."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bot.dialogues.format import BadDialogue, Dialogue, put_in
from bot.shop import clock, loading

# What an order of this state usually looks like, for what the dialogue does not say; each parcel with a
# tracking number of its own.
USUAL: dict[str, dict[str, Any]] = YAML(typ="safe").load(Path(__file__).with_name("usual.yaml"))

_numbers = count(1)


@dataclass
class Cast:
    """Who takes part, with generated ids, numbers and phones."""

    customer: str
    others: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """What ``{a}`` and ``{a_tail}`` stand for."""
    orders: dict[str, list[str]] = field(default_factory=dict)
    """Order numbers by customer."""
    load: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """The shop's data, as `bot shop load` reads them."""


def cast(dialogue: Dialogue) -> Cast:
    """The dialogue's customers and orders, unlike any other dialogue's."""
    load: dict[str, list[dict[str, Any]]] = {key: list(part) for key, part in dialogue.shop.items()}
    made = Cast(customer="", load=load)
    ids = [_add(made, given) for given in (dialogue.customer, *dialogue.others)]
    made.customer, made.others = ids[0], ids[1:]
    made.load = put_in(load, made.names)
    return made


def _add(made: Cast, given: dict[str, Any]) -> str:
    number = next(_numbers)
    given = dict(given)
    orders = given.pop("orders", [])
    customer = {
        "id": f"d{number:04}",
        "name": "顾小北",
        "about": "对话测试",
        # Four last digits that nobody would guess, another's neither.
        "phone": f"139{number:04}{2000 + number * 7 % 8000:04}",
        "level": "regular",
        "points": 0,
        "since": "T-100d",
        "addresses": [{"region": "浙江省嘉兴市南湖区", "street": f"中山东路 {number} 号"}],
    } | given
    made.load.setdefault("customers", []).append(customer)
    for order in orders:
        _add_order(made, customer, dict(order))
    return str(customer["id"])


def _add_order(made: Cast, customer: dict[str, Any], order: dict[str, Any]) -> None:
    ref = order.pop("ref", "")
    no = order.setdefault("no", f"{datetime.now(clock.CHINA):%Y%m%d}{50000000 + next(_numbers)}")
    usual = dict(USUAL.get(order.get("status", ""), {}))
    if "shipments" in usual:
        parcels = usual["shipments"]
        usual["shipments"] = [{"tracking_no": f"SF{secrets.randbelow(10**13):013}", **p} for p in parcels]
    made.load.setdefault("orders", []).append({"customer": customer["id"], **usual, **order})
    made.orders.setdefault(customer["id"], []).append(no)
    if ref in made.names:
        raise BadDialogue(f"two orders have the ref {ref!r}: rename one")
    if ref:
        phone = order.get("address", {}).get("phone", customer["phone"])
        made.names |= {ref: no, f"{ref}_tail": phone[-4:]}


def load(shop_database: str, casts: dict[str, Cast]) -> None:
    """Put the data of all these dialogues into the sample shop's database at once.

    Raises:
        BadDialogue: the data of one cannot be loaded.
    """
    whole: dict[str, list[dict[str, Any]]] = {}
    for made in casts.values():
        for key, part in made.load.items():
            whole.setdefault(key, []).extend(part)
    try:
        loading.load(shop_database, whole)
    except loading.CannotLoad as error:
        for name, made in casts.items():
            _load_alone(shop_database, name, made)
        raise BadDialogue(f"two dialogues do not go together: {error}") from None


def _load_alone(shop_database: str, name: str, made: Cast) -> None:
    try:
        loading.load(shop_database, made.load)
    except loading.CannotLoad as error:
        raise BadDialogue(f"{name}: {error}") from None

"""What an agent may do with an order on the customer's behalf; no pages in it.

What is to be done is a ``Wish``. The shop says by a dry run what would happen; once confirmed, the wish is
carried out under one key, so that it is done once however often it is asked for.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import structlog
from sqlalchemy.exc import SQLAlchemyError

from actions.backend.contract import (
    AFTER_SALES,
    Allowed,
    Customer,
    Locked,
    NotFound,
    Order,
    Refused,
    Shop,
    ShopError,
    VerificationFailed,
)
from bot.conversations import audits, guests, notes, ownership
from bot.conversations.steps import UnknownConversation
from bot.conversations.store import NotYours, Store
from bot.staff.sessions import Staff

# In the order they are offered.
ACTIONS = ("cancel", "change_address", "remark", "urge", "invoice", "price_protect", "after_sale")
UNSURE_KEPT = 1000

log = structlog.get_logger()


@dataclass(frozen=True)
class Wish:
    """One of ACTIONS, or ``withdraw``.

    ``about`` is the order's number, to withdraw the after-sale's id; ``values`` are the shop's call's own.
    """

    action: str
    order_no: str
    about: str
    values: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Outcome:
    """What came of it: ``result`` where it was done, the shop's ``reason`` where it was refused.

    ``unsure``: the shop gave no answer, it may have been done. The same wish under the same key tells.
    """

    kind: Literal["done", "refused", "unsure"]
    result: Any = None
    reason: str = ""


@dataclass(frozen=True)
class Deed:
    """A wish that was confirmed, and the key under which it is done once."""

    wish: Wish
    key: str = field(default_factory=lambda: f"desk.{secrets.token_hex(12)}")


# Deeds that the shop gave no answer to, by action and what it is about: whoever opens the action again goes
# on with them.
_unsure: dict[tuple[str, str], Deed] = {}


def unsure(action: str, about: str) -> Deed | None:
    """What was asked for already, and nobody knows whether it was done."""
    return _unsure.get((action, about))


def allowed(order: Order) -> list[str]:
    """Those of ACTIONS that the shop allows for this order now."""
    return [action for action in ACTIONS if any(can.allowed for can in _cans(order, action))]


def forbidden(order: Order) -> list[tuple[str, str]]:
    """The others, each with the shop's reason."""
    found = []
    for action in ACTIONS:
        cans = _cans(order, action)
        if cans and not any(can.allowed for can in cans):
            found.append((action, next((can.reason for can in cans if can.reason), "")))
    return found


def _cans(order: Order, action: str) -> list[Allowed]:
    keys = AFTER_SALES if action == "after_sale" else (action,)
    return [order.can[key] for key in keys if key in order.can]


def may(store: Store, conversation_id: str, staff: Staff) -> bool:
    """Whether she may act for this conversation's customer: she has it, was invited, or supervises.

    Raises UnknownConversation.
    """
    owner = store.conversation(conversation_id).owner
    if owner == ownership.agent(staff.id) or staff.may("supervisor"):
        return True
    return staff.id in guests.of(store, conversation_id)


def propose(store: Store, shop: Shop, staff: Staff, conversation_id: str, wish: Wish) -> Any:
    """What would happen; nothing is changed.

    Raises:
        NotYours, UnknownConversation; ShopError, of which ``Refused`` tells why it cannot be done.
    """
    return _call(shop, customer_of(store, conversation_id, staff), wish, key="", dry_run=True)


def carry_out(
    store: Store,
    shop: Shop,
    staff: Staff,
    conversation_id: str,
    deed: Deed,
    note: Callable[[Outcome], str],
) -> Outcome:
    """Do it: audited before, and noted in the conversation afterwards with what ``note`` says of it.

    Raises:
        NotYours, UnknownConversation; SQLAlchemyError: nothing was done, as it could not be audited.
    """
    wish = deed.wish
    customer = customer_of(store, conversation_id, staff)
    kept: dict[str, Any] = {"conversation": conversation_id, "order": wish.order_no, "key": deed.key}
    if staff.token:
        kept["token"] = staff.token
    audits.note(store, ownership.agent(staff.id), f"order_{wish.action}", **kept)
    place = (wish.action, wish.about)
    again = place in _unsure
    outcome = _outcome(shop, customer, deed)
    if outcome.kind == "unsure":
        _unsure[place] = deed
        for oldest in list(_unsure)[:-UNSURE_KEPT]:
            _unsure.pop(oldest, None)
    else:
        _unsure.pop(place, None)
    # A refusal has changed nothing, unless colleagues were told that nobody knows.
    if outcome.kind == "done" or again != (outcome.kind == "unsure"):
        try:
            # Apart from an agent's own, which hold no such character.
            once = f"/{deed.key}.{outcome.kind}"
            notes.add(store, conversation_id, staff.id, staff.display_name, note(outcome), client_id=once)
        except (SQLAlchemyError, UnknownConversation) as error:
            # What the shop has done is done: the agent must hear of it.
            log.error("desk.note_not_kept", error=type(error).__name__)
    return outcome


def customer_of(store: Store, conversation_id: str, staff: Staff) -> Customer:
    """For whom she may act here. Raises NotYours, UnknownConversation."""
    if not may(store, conversation_id, staff):
        raise NotYours(conversation_id)
    customer_id = store.conversation(conversation_id).customer_id
    if customer_id is None:
        raise NotYours(conversation_id)
    return Customer(customer_id)


def _outcome(shop: Shop, customer: Customer, deed: Deed) -> Outcome:
    try:
        return Outcome("done", _call(shop, customer, deed.wish, key=deed.key, dry_run=False))
    except Refused as refused:
        return Outcome("refused", reason=refused.reason)
    except (NotFound, Locked, VerificationFailed):
        return Outcome("refused")
    except ShopError:
        return Outcome("unsure")


def _call(shop: Shop, customer: Customer, wish: Wish, **how: Any) -> Any:
    values = wish.values
    match wish.action:
        case "cancel":
            return shop.cancel(customer, wish.order_no, **how)
        case "change_address":
            return shop.change_address(customer, wish.order_no, values["address"], **how)
        case "remark":
            return shop.remark(customer, wish.order_no, values["text"], **how)
        case "urge":
            return shop.urge(customer, wish.order_no, **how)
        case "invoice":
            return shop.invoice(customer, wish.order_no, **values, **how)
        case "price_protect":
            return shop.protect_price(customer, wish.order_no, **how)
        case "after_sale":
            return shop.request_after_sale(customer, values["request"], **how)
        case "withdraw":
            return shop.withdraw_after_sale(customer, wish.about, **how)
    raise ValueError(wish.action)

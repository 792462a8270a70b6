"""What is known of a conversation's customer, for whoever serves her; no pages in it."""

from collections.abc import Sequence

from actions.backend.contract import Customer, NotFound, Order, Shop
from bot.conversations import audits, ownership
from bot.conversations.models import Conversation, Message
from bot.conversations.store import Store
from bot.handoff import packet
from bot.staff.sessions import Staff

PACKET_MESSAGES = 100  # read for the orders touched
EVIDENCE = 12  # pictures, the newest


def note_view(store: Store, staff: Staff, action: str, conversation_id: str) -> None:
    """Keep in the audit what of the customer was looked at, and by whom."""
    token = {"token": staff.token} if staff.token else {}
    audits.note(store, ownership.agent(staff.id), action, conversation=conversation_id, **token)


def phone(store: Store, shop: Shop, staff: Staff, conversation: Conversation) -> str:
    """The customer's phone in full; nobody sees it unaudited.

    Raises:
        ShopError, of which ``Refused``: the shop gives it to nobody.
    """
    note_view(store, staff, "view_phone", conversation.id)
    return shop.phone(Customer(conversation.customer_id or ""))


def evidence(messages: Sequence[Message]) -> list[str]:
    """Ids of the pictures that the shopper sent, the newest of them."""
    shown = [(m.content or {}).get("attachment") for m in messages if m.sender == "shopper"]
    return [str(attachment) for attachment in shown if attachment][-EVIDENCE:]


def touched(store: Store, conversation: Conversation) -> list[str]:
    """Numbers of the orders that the latest hand-over is about."""
    after = max(0, conversation.last_seq - PACKET_MESSAGES)
    messages = store.messages(conversation.id, after, PACKET_MESSAGES)
    told = packet.build(conversation, store.events(conversation.id), messages, agent="")
    return [str(order["order_no"]) for order in told.orders] if told else []


def order_values(shop: Shop, customer: Customer, touched: Sequence[str]) -> dict[str, str]:
    """What canned replies say of the first order ``touched``, else of the newest. Raises ShopError."""
    order = _order(shop, customer, touched)
    if order is None:
        return {}
    values = {"order_no": order.no, "product": order.items[0].name if order.items else ""}
    if order.shipped_at and (parcels := shop.shipments(customer, order.no)):
        values |= {"courier": parcels[0].courier, "tracking_no": parcels[0].tracking_no}
    return values


def _order(shop: Shop, customer: Customer, touched: Sequence[str]) -> Order | None:
    for no in touched[:1]:
        try:
            return shop.order(customer, no)
        except NotFound:
            pass
    return next(iter(shop.orders(customer, page_size=1).items), None)

"""The addresses that are told, and their secrets."""

import base64
import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bot.conversations.models import Event, TicketEvent, Webhook, WebhookDelivery
from bot.conversations.steps import now
from bot.conversations.store import Store

from . import names

URL_LIMIT = 2000
PREFIX = "whsec_"  # of a secret, after the Standard Webhooks specification


class WrongAddress(ValueError):
    """The address cannot be told; the text says why and what would do."""


class UnknownEvents(ValueError):
    """The pattern fits no event's name."""


class UnknownWebhook(Exception):
    """There is no webhook of this number."""


def add(store: Store, url: str, events: Sequence[str] = ("*",), internal: bool = False) -> Webhook:
    """From now on the address is told of what fits ``events``.

    Args:
        internal: it may lie within one's own network, and do without TLS.

    Raises:
        WrongAddress, UnknownEvents.
    """
    check(url, internal)
    for pattern in events:
        if not names.chosen([pattern]):
            raise UnknownEvents(f"No event is named {pattern}; there are {', '.join(names.known())}")
    with store.writing() as session:
        webhook = Webhook(
            url=url, events=list(events), internal=internal, salt=secrets.token_hex(32), created_at=now()
        )
        _from_now_on(session, webhook)
        session.add(webhook)
    return webhook


def listed(store: Store) -> list[Webhook]:
    """All webhooks, the oldest first."""
    with store.reading() as session:
        return list(session.scalars(select(Webhook).order_by(Webhook.id)))


def active(store: Store) -> list[Webhook]:
    """Those that are told."""
    return [webhook for webhook in listed(store) if webhook.disabled_at is None]


def owed(store: Store) -> dict[int, int]:
    """How much each webhook still has to be told."""
    query = select(WebhookDelivery.webhook_id, func.count()).where(WebhookDelivery.next_at.is_not(None))
    with store.reading() as session:
        return {row[0]: row[1] for row in session.execute(query.group_by(WebhookDelivery.webhook_id))}


def remove(store: Store, webhook_id: int) -> None:
    """Tell the address nothing more. Raises UnknownWebhook."""
    with store.writing() as session:
        webhook = _locked(session, webhook_id)
        session.execute(delete(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id))
        session.delete(webhook)


def enable(store: Store, webhook_id: int) -> None:
    """Tell a disabled address again, of what happens from now on. Raises UnknownWebhook."""
    with store.writing() as session:
        webhook = _locked(session, webhook_id)
        if webhook.disabled_at:
            webhook.disabled_at = webhook.failing_since = None
            _from_now_on(session, webhook)


def disable(session: Session, webhook: Webhook, at: datetime) -> None:
    """A step: the address is told nothing more, and what it was owed is forgotten."""
    webhook.disabled_at = at
    owed = (WebhookDelivery.webhook_id == webhook.id) & WebhookDelivery.next_at.is_not(None)
    session.execute(delete(WebhookDelivery).where(owed))


def key(installation: str, webhook: Webhook) -> bytes:
    """What the webhook's calls are signed with; the database alone does not tell it."""
    return hmac.digest(installation.encode(), webhook.salt.encode(), hashlib.sha256)


def secret(installation: str, webhook: Webhook) -> str:
    """The key as the receiver is given it."""
    return PREFIX + base64.b64encode(key(installation, webhook)).decode()


def check(url: str, internal: bool) -> None:
    """Raises WrongAddress."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise WrongAddress("This is no address: give one such as https://erp.example/hooks") from None
    if len(url) > URL_LIMIT or not url.isprintable() or " " in url or not host or parts.fragment:
        raise WrongAddress("This is no address: give one such as https://erp.example/hooks")
    if parts.username is not None or parts.password is not None:
        raise WrongAddress("The address names a user: leave name and password out, the calls are signed")
    if parts.scheme != "https" and not (internal and parts.scheme == "http"):
        raise WrongAddress("The address must begin with https:// (with --internal http:// does, too)")
    if not internal and _literal(host) and not is_public(host):
        raise WrongAddress("The address lies within a network of one's own: say --internal if it shall")


def is_public(address: str) -> bool:
    """Whether an IP address lies in the Internet, rather than in this machine or its networks."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return ip.is_global and not ip.is_multicast


def _literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _locked(session: Session, webhook_id: int) -> Webhook:
    webhook = session.get(Webhook, webhook_id, with_for_update=True)
    if webhook is None:
        raise UnknownWebhook(webhook_id)
    return webhook


def _from_now_on(session: Session, webhook: Webhook) -> None:
    webhook.event_id = session.scalar(select(func.max(Event.id))) or 0
    webhook.ticket_event_id = session.scalar(select(func.max(TicketEvent.id))) or 0
    webhook.rated_until = now()

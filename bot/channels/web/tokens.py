"""Who is calling: session tokens of our own, customer tokens of the shop. Both are JWT (RFC 7519), HS256.

Of several keys the first signs and each is accepted: so a key can be changed while tokens live (decision 13).
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt

from bot.problems import Problem

# A customer token opens all that is the customer's: it lives as long as a page, not longer.
CUSTOMER_TOKEN_LASTS = timedelta(days=1)
_CLOCKS_DIFFER = timedelta(minutes=5)
_ID_LIMIT = 64


@dataclass(frozen=True)
class Customer:
    id: str
    name: str | None
    level: str | None = None
    """As the shop calls it."""


@dataclass(frozen=True)
class Key:
    """What a session token opens: this conversation, as long as it is this customer's (None: nobody's)."""

    conversation: str
    customer: str | None


def session_token(keys: Sequence[str], opens: Key, lasts: timedelta) -> str:
    """A token that is good for ``lasts``."""
    claims = {"sub": opens.conversation, "aud": "session", "exp": datetime.now(UTC) + lasts}
    if opens.customer is not None:
        claims["cus"] = opens.customer
    return jwt.encode(claims, keys[0], "HS256")


def key_of(keys: Sequence[str], token: str) -> Key:
    """What a session token opens. Raises Problem 401."""
    claims = _claims(keys, token, "session", "The session token")
    customer = claims.get("cus")
    return Key(str(claims["sub"]), None if customer is None else str(customer))


def customer_of(keys: Sequence[str], token: str) -> Customer:
    """The customer that the shop vouches for (claims ``sub, aud: chat, exp``, and ``name, level``).

    Raises Problem 401.
    """
    claims = _claims(keys, token, "chat", "The customer token")
    id_ = str(claims["sub"])
    # Never cut to fit: two long ids that begin alike are two customers.
    if not (0 < len(id_) <= _ID_LIMIT and id_.isprintable()):
        raise Problem(401, "invalid-token", f"A customer's id has 1 to {_ID_LIMIT} printable characters.")
    latest = datetime.now(UTC) + CUSTOMER_TOKEN_LASTS + _CLOCKS_DIFFER
    if int(str(claims["exp"])) > latest.timestamp():
        hours = CUSTOMER_TOKEN_LASTS // timedelta(hours=1)
        raise Problem(401, "invalid-token", f"A customer token may last {hours} hours at most.")
    return Customer(id_, _shown(claims.get("name"), 64), _shown(claims.get("level"), 32))


def _shown(claim: object, limit: int) -> str | None:
    """The claim as people may read it, without what cannot be seen."""
    text = "".join(c for c in claim if unicodedata.category(c)[0] != "C") if isinstance(claim, str) else ""
    return text.strip()[:limit] or None


def _claims(keys: Sequence[str], token: str, audience: str, what: str) -> dict[str, object]:
    for key in keys:
        try:
            return jwt.decode(token, key, ["HS256"], audience=audience, options={"require": ["sub", "exp"]})
        except jwt.InvalidSignatureError:
            continue
        except jwt.ExpiredSignatureError:
            raise Problem(401, "expired-token", f"{what} has expired; get a new one.") from None
        except (jwt.InvalidTokenError, UnicodeError, ValueError, RecursionError):
            break
    raise Problem(401, "invalid-token", f"{what} is not valid.")

"""Who is calling: session tokens of our own, customer tokens of the shop. Both are JWT (RFC 7519), HS256."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt

from bot.problems import Problem


@dataclass(frozen=True)
class Customer:
    id: str
    name: str | None


def session_token(secret: str, conversation_id: str, days: int) -> str:
    """The key to one conversation, good for ``days``."""
    claims = {"sub": conversation_id, "aud": "session", "exp": datetime.now(UTC) + timedelta(days=days)}
    return jwt.encode(claims, secret, "HS256")


def conversation_of(secret: str, token: str) -> str:
    """The conversation that a session token opens. Raises Problem 401."""
    return str(_claims(secret, token, "session", "The session token")["sub"])


def customer_of(secret: str, token: str) -> Customer:
    """The customer that the shop vouches for (claims ``sub``, ``aud: chat``, ``exp``). Raises Problem 401."""
    claims = _claims(secret, token, "chat", "The customer token")
    name = claims.get("name")
    return Customer(str(claims["sub"])[:64], str(name)[:64] if name else None)


def _claims(secret: str, token: str, audience: str, what: str) -> dict[str, object]:
    try:
        return jwt.decode(token, secret, ["HS256"], audience=audience, options={"require": ["sub", "exp"]})
    except jwt.ExpiredSignatureError:
        raise Problem(401, "expired-token", f"{what} has expired; get a new one.") from None
    except (jwt.InvalidTokenError, UnicodeError, ValueError):
        raise Problem(401, "invalid-token", f"{what} is not valid.") from None

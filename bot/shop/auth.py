"""Who is calling, and for whom: service token, acting customer, verification of anonymous visitors."""

import hmac
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Annotated, Any

import jwt
from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPBearer
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as Connection

from bot.problems import Problem
from bot.settings import Settings
from bot.shop import lockout
from bot.shop.clock import now
from bot.shop.database import Session
from bot.shop.orders.queries import recipient_phone
from bot.shop.scope import Scope

AUDIENCE = "shop"
ACTING_SECONDS = 60
SCOPED_MINUTES = 30
WRONG_TRIES = 5
LOCK = timedelta(minutes=15)
# Two machines' clocks never agree to the second.
_LEEWAY_SECONDS = 5

service_token = HTTPBearer(
    auto_error=False, scheme_name="ServiceToken", description="The shop's service secret."
)
acting_customer = APIKeyHeader(
    name="Acting-Customer",
    auto_error=False,
    scheme_name="ActingCustomer",
    description="JWT (HS256, signed with the service secret): either `{sub: customer id, aud: shop, "
    "exp}` that lives 60 s at most, or the scoped token that POST /v1/verifications answered.",
)


class ServiceTokenCheck:
    """Lets only the holder of the service secret call ``/v1``, before anything of the request is read."""

    def __init__(self, app: ASGIApp, secret: str) -> None:
        self.app = app
        self.expected = f"Bearer {secret}".encode()

    async def __call__(self, connection: Connection, receive: Receive, send: Send) -> None:
        if connection["type"] == "http" and connection["path"].startswith("/v1"):
            sent = Headers(scope=connection).get("authorization", "")
            if not hmac.compare_digest(sent.encode(), self.expected):
                problem = Problem(
                    401,
                    "invalid-service-token",
                    "Send the service secret as 'Authorization: Bearer …'.",
                    {"WWW-Authenticate": "Bearer"},
                )
                await problem.response()(connection, receive, send)
                return
        await self.app(connection, receive, send)


async def acting_scope(request: Request, token: Annotated[str | None, Security(acting_customer)]) -> Scope:
    """What the call may see, by its Acting-Customer header.

    Raises Problem 401 ``customer-token-required``, ``token-expired`` or ``invalid-token``.
    """
    if not token:
        raise Problem(401, "customer-token-required", "Send the acting customer's token in Acting-Customer.")
    settings: Settings = request.app.state.settings
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            settings.shop_service_secret,
            algorithms=["HS256"],
            audience=AUDIENCE,
            leeway=_LEEWAY_SECONDS,
            options={"require": ["exp", "aud"]},
        )
    except jwt.ExpiredSignatureError as error:
        raise Problem(
            401, "token-expired", "The token in Acting-Customer has expired; make a new one."
        ) from error
    except jwt.InvalidTokenError as error:
        raise Problem(401, "invalid-token", "The token in Acting-Customer is not valid.") from error
    customer, order = claims.get("sub"), claims.get("order")
    if isinstance(order, str) and order and customer is None:
        return Scope(order=order)
    if not (isinstance(customer, str) and customer and order is None):
        raise Problem(401, "invalid-token", "The token names neither a customer nor an order.")
    if int(claims["exp"]) - now().timestamp() > ACTING_SECONDS + _LEEWAY_SECONDS:
        raise Problem(401, "invalid-token", f"A customer's token may live {ACTING_SECONDS} s at most.")
    return Scope(customer=customer)


Acting = Annotated[Scope, Depends(acting_scope)]


def verify(session: Session, settings: Settings, order_no: str, phone_tail: str) -> tuple[str, datetime]:
    """Check the last digits of the recipient's phone; give a token for this one order and when it expires.

    Raises Problem 403 ``verification-failed``, the same and after the same work for an unknown order and a
    wrong phone; Problem 429 ``verification-locked`` after five wrong tries.
    """
    wait = lockout.count_try(session, order_no, now(), WRONG_TRIES, LOCK)
    phone = recipient_phone(session, order_no)
    right = hmac.compare_digest((phone or "").encode()[-4:], phone_tail.encode())
    if right and wait is None:
        lockout.forget_tries(session, order_no)
    session.commit()
    if wait is not None:
        seconds = max(1, ceil(wait.total_seconds()))
        raise Problem(
            429,
            "verification-locked",
            "Too many wrong tries for this order; try again later.",
            {"Retry-After": str(seconds)},
        )
    if not right:
        raise Problem(403, "verification-failed", "Order number and phone do not belong together.")
    expires = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=SCOPED_MINUTES)
    claims = {"order": order_no, "aud": AUDIENCE, "exp": expires}
    return jwt.encode(claims, settings.shop_service_secret, algorithm="HS256"), expires

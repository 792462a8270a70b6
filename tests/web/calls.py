"""What the tests of the web channel do again and again."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt

from bot.settings import Settings


def customer_token(settings: Settings, **claims: Any) -> str:
    """What the shop would sign for customer c1; ``claims`` override."""
    ends = datetime.now(UTC) + timedelta(hours=1)
    claims = {"sub": "c1", "name": "林女士", "aud": "chat", "exp": ends, **claims}
    return jwt.encode(claims, settings.customer_secret, "HS256")


def begin(http: httpx.Client, **body: Any) -> tuple[str, dict[str, str]]:
    session = http.post("/api/chat/sessions", json=body).raise_for_status().json()
    return session["conversation"], {"Authorization": f"Bearer {session['token']}"}


def history(http: httpx.Client, mine: dict[str, str], **params: int) -> list[dict[str, Any]]:
    items = http.get("/api/chat/messages", headers=mine, params=params).raise_for_status().json()["items"]
    assert isinstance(items, list)
    return items


def until(http: httpx.Client, mine: dict[str, str], count: int) -> list[dict[str, Any]]:
    deadline = time.monotonic() + 10
    while len(items := history(http, mine)) < count:
        assert time.monotonic() < deadline, items
        time.sleep(0.05)
    return items


def problem(response: httpx.Response, status: int, type_: str) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert (body["type"], body["status"]) == (type_, status)
    assert body["title"]

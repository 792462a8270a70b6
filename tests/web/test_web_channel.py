"""The web channel over real HTTP: what is accepted, what is refused, and that the stream misses nothing."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from bot.conversations.database import connect
from bot.conversations.store import Store
from bot.handoff import agents
from bot.settings import Settings
from tests.faults import TroubledEngine

from .calls import begin, customer_token, history, problem, until


def events(http: httpx.Client, mine: dict[str, str], count: int, **params: int) -> list[tuple[str, str, Any]]:
    """The first ``count`` events as (event, id, data)."""
    found: list[tuple[str, str, Any]] = []
    with http.stream("GET", "/api/chat/stream", headers=mine, params=params) as response:
        assert response.status_code == 200
        event: dict[str, str] = {}
        for line in response.iter_lines():
            if line:
                key, _, value = line.partition(": ")
                event[key] = value
            elif "data" in event:
                found.append((event["event"], event.get("id", ""), json.loads(event["data"])))
                event = {}
                if len(found) == count:
                    break
    return found


def test_a_question_is_accepted_and_answered(http: httpx.Client) -> None:
    _, mine = begin(http)
    sent = http.post("/api/chat/messages", json={"client_id": "a", "text": "在吗"}, headers=mine)
    assert (sent.status_code, sent.json()) == (202, {"seq": 1})
    shopper, bot = until(http, mine, 2)
    assert (shopper["from"], shopper["text"], shopper["client_id"]) == ("shopper", "在吗", "a")
    assert (bot["from"], bot["text"], bot["seq"]) == ("bot", "回答 在吗", 2)
    assert datetime.fromisoformat(bot["at"]).tzinfo


def test_a_repeated_post_is_the_same_message(http: httpx.Client) -> None:
    _, mine = begin(http)
    for _ in range(3):
        sent = http.post("/api/chat/messages", json={"client_id": "a", "text": "在吗"}, headers=mine)
        assert sent.json() == {"seq": 1}
    assert len(until(http, mine, 2)) == 2


@pytest.mark.parametrize(
    "body",
    [
        {"client_id": "a", "text": ""},
        {"client_id": "a", "text": " \n\t\u3000"},
        {"client_id": "a", "text": "\u200b\u202e\x00"},
        {"client_id": "a", "text": "字" * 2001},
        {"client_id": "a"},
        {"client_id": "a", "text": "在吗", "payload": "/greet"},
        {"client_id": "", "text": "在吗"},
        {"client_id": "x" * 65, "text": "在吗"},
        {"client_id": "a b", "text": "在吗"},
        {"text": "在吗"},
        {"client_id": "a", "text": 5},
        {"client_id": "a", "text": ["在吗"]},
        {"client_id": "a", "payload": ""},
        [],
        "在吗",
        None,
    ],
)
def test_what_is_no_message_is_refused_and_not_stored(http: httpx.Client, body: Any) -> None:
    _, mine = begin(http)
    problem(http.post("/api/chat/messages", json=body, headers=mine), 422, "invalid-request")
    assert history(http, mine) == []


@pytest.mark.parametrize(
    "raw",
    [b"\xff\xfe\x00\x01", b"\x89PNG\r\n\x1a\n", b'{"client_id": "a", "text": "\xff"}', b"{", b"[" * 30_000],
)
def test_bytes_that_are_no_json_are_refused(http: httpx.Client, raw: bytes) -> None:
    _, mine = begin(http)
    headers = {**mine, "Content-Type": "application/json"}
    response = http.post("/api/chat/messages", content=raw, headers=headers)
    assert response.status_code in (400, 422)
    assert response.headers["content-type"] == "application/problem+json"
    assert history(http, mine) == []


def test_half_a_surrogate_pair_is_refused(http: httpx.Client) -> None:
    _, mine = begin(http)
    headers = {**mine, "Content-Type": "application/json"}
    raw = rb'{"client_id": "a", "text": "\ud83d"}'
    problem(http.post("/api/chat/messages", content=raw, headers=headers), 422, "invalid-request")


def test_two_megabytes_are_refused(http: httpx.Client) -> None:
    _, mine = begin(http)
    body = {"client_id": "a", "text": "字" * 700_000}
    problem(http.post("/api/chat/messages", json=body, headers=mine), 413, "too-large")


@pytest.mark.parametrize(
    "text",
    [
        "/restart",
        "<script>alert(1)</script>",
        "'; DROP TABLE message; --",
        "字" * 2000,
        "👨‍👩‍👧 好",
        "a\nb",
        "{name}",
    ],
)
def test_hostile_or_odd_text_is_only_text(http: httpx.Client, text: str) -> None:
    _, mine = begin(http)
    assert (
        http.post("/api/chat/messages", json={"client_id": "a", "text": text}, headers=mine).status_code
        == 202
    )
    assert until(http, mine, 2)[0]["text"] == text


def test_a_payload_nobody_offered_is_refused(http: httpx.Client) -> None:
    _, mine = begin(http)
    body = {"client_id": "a", "payload": "/restart"}
    problem(http.post("/api/chat/messages", json=body, headers=mine), 422, "unknown-payload")
    assert history(http, mine) == []


@pytest.mark.parametrize(
    "call",
    ["GET /api/chat/messages", "POST /api/chat/messages", "GET /api/chat/stream", "POST /api/chat/human"],
)
def test_every_call_needs_the_conversations_own_token(
    http: httpx.Client, settings: Settings, call: str
) -> None:
    method, path = call.split()
    body = {"client_id": "a", "text": "在吗"} if method == "POST" else None
    http.cookies.clear()

    def attempt(token: str | None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return http.request(method, path, json=body, headers=headers)

    claims = {"sub": "x", "aud": "session", "exp": datetime.now(UTC) + timedelta(hours=1)}
    problem(attempt(None), 401, "missing-token")
    problem(attempt("rubbish"), 401, "invalid-token")
    problem(attempt(customer_token(settings)), 401, "invalid-token")
    problem(attempt(jwt.encode(claims, "another secret that is long enough", "HS256")), 401, "invalid-token")
    problem(
        attempt(jwt.encode({**claims, "aud": "chat"}, settings.chat_secret, "HS256")), 401, "invalid-token"
    )
    expired = {**claims, "exp": datetime.now(UTC) - timedelta(hours=1)}
    problem(attempt(jwt.encode(expired, settings.chat_secret, "HS256")), 401, "expired-token")
    problem(attempt(jwt.encode(claims, settings.chat_secret, "HS256")), 404, "unknown-conversation")


def test_customer_tokens_are_checked(http: httpx.Client, settings: Settings) -> None:
    def attempt(token: str) -> httpx.Response:
        return http.post("/api/chat/sessions", json={"customer_token": token})

    assert attempt(customer_token(settings)).status_code == 201
    expired = customer_token(settings, exp=datetime.now(UTC) - timedelta(seconds=1))
    problem(attempt(expired), 401, "expired-token")
    problem(attempt(customer_token(settings, aud="session")), 401, "invalid-token")
    problem(attempt(customer_token(settings)[:-4] + "AAAA"), 401, "invalid-token")
    problem(attempt(jwt.encode({"sub": "c1", "aud": "chat"}, "", "none")), 401, "invalid-token")
    problem(attempt("x" * 5000), 422, "invalid-request")


def test_a_conversation_is_resumed_only_by_its_own_shopper(http: httpx.Client, settings: Settings) -> None:
    hers = customer_token(settings)
    conversation, mine = begin(http, customer_token=hers)
    again = {"customer_token": hers, "conversation": conversation}
    assert http.post("/api/chat/sessions", json=again).json()["conversation"] == conversation
    by_token = http.post("/api/chat/sessions", json={"conversation": conversation}, headers=mine)
    assert by_token.json()["conversation"] == conversation
    for body, headers in [
        ({"conversation": conversation}, {}),
        ({"conversation": conversation, "customer_token": customer_token(settings, sub="c2")}, {}),
        ({"conversation": conversation, "customer_token": customer_token(settings, sub="c2")}, mine),
        ({"conversation": "nowhere"}, mine),
    ]:
        problem(http.post("/api/chat/sessions", json=body, headers=headers), 404, "unknown-conversation")


def test_a_visitor_who_signs_in_keeps_the_conversation(http: httpx.Client, settings: Settings) -> None:
    conversation, mine = begin(http)
    body = {"conversation": conversation, "customer_token": customer_token(settings)}
    assert http.post("/api/chat/sessions", json=body, headers=mine).json()["conversation"] == conversation
    assert http.post("/api/chat/sessions", json=body).json()["conversation"] == conversation


@pytest.mark.parametrize("signed_in", [False, True])
def test_two_tabs_see_the_same(http: httpx.Client, settings: Settings, signed_in: bool) -> None:
    who = {"customer_token": customer_token(settings)} if signed_in else {}
    conversation, first = begin(http, **who)
    session = http.post(
        "/api/chat/sessions", json={"conversation": conversation, **who}, headers=first
    ).json()
    second = {"Authorization": f"Bearer {session['token']}"}

    def write(tab: tuple[str, dict[str, str]]) -> None:
        for number in range(5):
            body = {"client_id": f"{tab[0]}{number}", "text": "在吗"}
            httpx.post(f"{http.base_url}/api/chat/messages", json=body, headers=tab[1]).raise_for_status()

    with ThreadPoolExecutor(2) as tabs:
        list(tabs.map(write, [("a", first), ("b", second)]))
    until(http, first, 20)
    seen = [[e[2] for e in events(http, mine, 20) if e[0] == "message"] for mine in (first, second)]
    assert seen[0] == seen[1]
    assert [m["seq"] for m in seen[0]] == list(range(1, 21))


def test_the_stream_resumes_behind_the_cursor(http: httpx.Client) -> None:
    _, mine = begin(http)
    for i in range(3):
        http.post("/api/chat/messages", json={"client_id": str(i), "text": str(i)}, headers=mine)
    until(http, mine, 6)
    assert [e[1] for e in events(http, mine, 6) if e[0] == "message"] == ["1", "2", "3", "4", "5", "6"]
    assert [e[1] for e in events(http, mine, 2, after=4) if e[0] == "message"] == ["5", "6"]
    resumed = events(http, {**mine, "Last-Event-ID": "5"}, 3)
    assert [e[:2] for e in resumed] == [("message", "6"), ("state", ""), ("typing", "")]
    assert resumed[1][2] == {"owner": "bot", "position": None, "wait": None}


def test_the_stream_brings_what_is_said_while_it_is_open(http: httpx.Client) -> None:
    _, mine = begin(http)

    def later() -> None:
        time.sleep(0.3)
        httpx.post(
            f"{http.base_url}/api/chat/messages", json={"client_id": "a", "text": "在吗"}, headers=mine
        )

    threading.Thread(target=later).start()
    found = events(http, mine, 5)
    assert [e[0] for e in found[:2]] == ["state", "typing"]
    assert ("message", "1") in [e[:2] for e in found]


def test_the_stream_opens_with_the_cookie_that_scripts_cannot_read(http: httpx.Client) -> None:
    response = http.post("/api/chat/sessions", json={})
    cookie = response.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "path=/api/chat/stream" in cookie
    assert events(http, {}, 1)[0][0] == "state"


@pytest.mark.parametrize("params", [{"after": 10**30}, {"after": -1}, {"limit": 0}, {"limit": 10**30}])
def test_a_number_out_of_range_is_refused(http: httpx.Client, params: dict[str, int]) -> None:
    _, mine = begin(http)
    problem(http.get("/api/chat/messages", headers=mine, params=params), 422, "invalid-request")


def test_who_does_not_wait_for_answers_is_told_to(http: httpx.Client, engine: TroubledEngine) -> None:
    _, mine = begin(http)
    engine.delay = (2.0, 2.0)
    try:
        sent = [
            http.post("/api/chat/messages", json={"client_id": str(i), "text": "在吗"}, headers=mine)
            for i in range(61)
        ]
    finally:
        engine.delay = (0.0, 0.0)
    assert [r.status_code for r in sent[:60]] == [202] * 60
    problem(sent[60], 429, "too-many-requests")


def test_a_customers_session_is_prolonged_by_the_shop_only(http: httpx.Client, settings: Settings) -> None:
    conversation, mine = begin(http, customer_token=customer_token(settings))
    again = http.post("/api/chat/sessions", json={"conversation": conversation}, headers=mine).json()
    assert f"Bearer {again['token']}" == mine["Authorization"]


def test_asking_for_a_human_tells_the_position(http: httpx.Client, settings: Settings) -> None:
    agents.come(Store(connect(settings.database)), 1, "小王", "busy")
    _, mine = begin(http)
    assert http.post("/api/chat/human", headers=mine).status_code == 202
    (notice,) = history(http, mine)
    assert notice["from"] == "system" and "位" in notice["text"]
    state = next(e for e in events(http, mine, 2) if e[0] == "state")
    assert state[2]["owner"] == "queue" and state[2]["position"] >= 1


def test_only_listed_origins_may_call(http: httpx.Client) -> None:
    for origin, allowed in [
        ("https://shop.example", True),
        ("https://shop.example.evil", False),
        ("null", False),
    ]:
        response = http.post("/api/chat/sessions", json={}, headers={"Origin": origin})
        assert (response.headers.get("access-control-allow-origin") == origin) is allowed


def test_too_many_messages_are_told_when_to_come_back(http: httpx.Client) -> None:
    _, mine = begin(http)
    for i in range(100):
        body = {"client_id": "same", "text": "在吗"}
        assert http.post("/api/chat/messages", json=body, headers=mine).status_code == 202, i
    response = http.post("/api/chat/messages", json={"client_id": "b", "text": "在吗"}, headers=mine)
    problem(response, 429, "too-many-requests")
    assert 1 <= int(response.headers["retry-after"]) <= 60


def test_unknown_addresses_and_methods_are_problems(http: httpx.Client) -> None:
    problem(http.get("/api/chat/nothing"), 404, "not-found")
    problem(http.delete("/api/chat/messages"), 405, "method-not-allowed")


def test_the_openapi_in_the_docs_is_what_is_served(http: httpx.Client) -> None:
    written = json.loads(Path("docs/web-channel.openapi.json").read_text())
    assert http.get("/openapi.json").json() == written, "write it anew: make openapi"

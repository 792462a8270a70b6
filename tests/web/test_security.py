"""What a hostile visitor tries against a front as it runs for everybody."""

import asyncio
import json
import re
import socket
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pydantic import ValidationError

from bot.connections import HEAD_SECONDS
from bot.conversations.database import connect
from bot.conversations.privacy import Privacy, of_id
from bot.conversations.store import Store
from bot.front import create
from bot.migrations import upgrade
from bot.problems import BODY_SECONDS
from bot.secret_files import rotate
from bot.settings import Settings
from tests.faults import TroubledEngine
from tests.servers import free_port, serving

from .calls import begin, customer_token, history, problem, until
from .front_process import front_process
from .test_pictures import kept, picture, seen, upload

Headers = dict[str, str]
LONG_SECRET = "another secret, of the length that is asked for"
SAID = "我的电话是13800001111"
COMMENT = "评价里也有秘密"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with serving(TroubledEngine().app()) as engine:
        settings = Settings(
            data_dir=tmp_path_factory.mktemp("security"),
            front_port=free_port(),
            engine_url=engine,
            allowed_origins="https://shop.example,https://m.shop.example:8443",
            conversation_streams=3,
            address_streams=8,
        )
        upgrade(settings.database)
        yield settings


@pytest.fixture(scope="module")
def log(settings: Settings) -> Path:
    return settings.data_dir / "front.log"


@pytest.fixture(scope="module")
def front(settings: Settings, log: Path) -> Iterator[str]:
    with front_process(settings, log) as url:
        yield url


@pytest.fixture
def http(front: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=front, timeout=30) as client:
        yield client


@pytest.fixture
def store(settings: Settings) -> Store:
    return Store(connect(settings.database))


def say(http: httpx.Client, mine: Headers, text: str = "在吗", client_id: str = "a") -> httpx.Response:
    return http.post("/api/chat/messages", json={"client_id": client_id, "text": text}, headers=mine)


# -- tokens ---------------------------------------------------------------------------------------------


def forged(settings: Settings, conversation: str) -> dict[str, str]:
    """Tokens for the conversation that must open nothing, by what is wrong with them."""

    def part(value: object) -> str:
        return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    ends = datetime.now(UTC) + timedelta(hours=1)
    right = {"sub": conversation, "aud": "session", "exp": ends}
    secret = settings.chat_secret
    good = jwt.encode(right, secret, "HS256")
    head, body, signature = good.split(".")
    return {
        "unsigned": jwt.encode(right, "", "none"),
        "none without signature": f"{part({'alg': 'none', 'typ': 'JWT'})}.{body}.",
        "None": f"{part({'alg': 'None', 'typ': 'JWT'})}.{body}.{signature}",
        "HS512": jwt.encode(right, secret + secret, "HS512"),
        "HS512 with the secret": jwt.encode(right, secret, "HS512"),
        "another secret": jwt.encode(right, LONG_SECRET, "HS256"),
        "the shop's secret": jwt.encode(right, settings.customer_secret, "HS256"),
        "key in the header": jwt.encode(right, LONG_SECRET, "HS256", {"jwk": {"kty": "oct", "k": "AA"}}),
        "path as key id": jwt.encode(right, LONG_SECRET, "HS256", {"kid": "../secrets/chat"}),
        "another audience": jwt.encode(right | {"aud": "chat"}, secret, "HS256"),
        "no audience": jwt.encode({k: v for k, v in right.items() if k != "aud"}, secret, "HS256"),
        "no end": jwt.encode({k: v for k, v in right.items() if k != "exp"}, secret, "HS256"),
        "ended": jwt.encode(right | {"exp": ends - timedelta(hours=2)}, secret, "HS256"),
        "not yet": jwt.encode(right | {"nbf": ends}, secret, "HS256"),
        "another's name in the body": f"{head}.{part({'sub': 'x'} | {'aud': 'session'})}.{signature}",
        "a customer's": jwt.encode(right | {"cus": "c1"}, secret, "HS256"),
        "no JWT": "a.b.c",
        "long": "x" * 8000,
    }


CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/api/chat/messages", {}),
    ("GET", "/api/chat/stream", {}),
    ("POST", "/api/chat/messages", {"json": {"client_id": "x", "text": "x"}}),
    ("POST", "/api/chat/attachments", {"content": b"x"}),
    ("GET", "/api/chat/attachments/" + "0" * 32, {}),
    ("POST", "/api/chat/human", {}),
    ("POST", "/api/chat/close", {}),
    ("POST", "/api/chat/rating", {"json": {"score": 5}}),
]


@pytest.mark.parametrize(("method", "path", "more"), CALLS, ids=[f"{m} {p}" for m, p, _ in CALLS])
def test_no_forged_token_opens_a_conversation(
    http: httpx.Client, settings: Settings, method: str, path: str, more: dict[str, Any]
) -> None:
    conversation, mine = begin(http)
    http.cookies.clear()
    for name, token in forged(settings, conversation).items():
        answer = http.request(method, path, headers={"Authorization": f"Bearer {token}"}, **more)
        assert answer.status_code == 401, name
    for header in ("Basic eDp4", "Bearer", f"Token {mine['Authorization'].split()[1]}", ""):
        answer = http.request(method, path, headers={"Authorization": header}, **more)
        assert answer.status_code == 401, header
    assert history(http, mine) == []


def test_the_stream_takes_no_forged_cookie_and_the_cookie_opens_nothing_else(
    http: httpx.Client, settings: Settings
) -> None:
    conversation, mine = begin(http)
    http.cookies.clear()
    for token in forged(settings, conversation).values():
        answer = http.get("/api/chat/stream", headers={"Cookie": f"guitai_chat={token}"})
        assert answer.status_code == 401
    cookie = {"Cookie": f"guitai_chat={mine['Authorization'].split()[1]}"}
    for method, path, more in CALLS:
        if not path.endswith("/stream"):
            assert http.request(method, path, headers=cookie, **more).status_code == 401


def test_another_conversations_token_opens_only_that(http: httpx.Client) -> None:
    theirs, owner = begin(http)
    say(http, owner, "只给我看")
    attachment = kept(http, owner, picture())
    _, mine = begin(http)
    assert history(http, mine) == []
    problem(seen(http, mine, attachment), 404, "unknown-attachment")
    resume = http.post("/api/chat/sessions", json={"conversation": theirs}, headers=mine)
    problem(resume, 404, "unknown-conversation")


def test_the_token_of_an_erased_conversation_opens_nothing(
    http: httpx.Client, settings: Settings, store: Store
) -> None:
    conversation, mine = begin(http)
    say(http, mine)
    until(http, mine, 2)
    Privacy(store, settings.data_dir).erase(of_id(conversation), "test")
    for method, path, more in CALLS:
        problem(http.request(method, path, headers=mine, **more), 404, "unknown-conversation")


def test_whoever_began_a_conversation_does_not_follow_the_customer_into_it(
    http: httpx.Client, settings: Settings
) -> None:
    # On a shared computer: somebody keeps the visitor's token, then a customer signs in.
    conversation, kept_token = begin(http)
    with http.stream("GET", "/api/chat/stream", headers=kept_token) as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith("event: state")
        hers = customer_token(settings)
        body = {"conversation": conversation, "customer_token": hers}
        session = http.post("/api/chat/sessions", json=body, headers=kept_token).json()
        mine = {"Authorization": f"Bearer {session['token']}"}
        say(http, mine, "我的订单到哪了")
        assert "订单" not in "".join(lines), "the visitor's stream has ended before"
    http.cookies.clear()
    for method, path, more in CALLS:
        problem(http.request(method, path, headers=kept_token, **more), 401, "revoked-token")
    again = http.post("/api/chat/sessions", json={"conversation": conversation}, headers=kept_token)
    problem(again, 401, "revoked-token")
    assert history(http, mine)[0]["text"] == "我的订单到哪了"


def test_a_conversation_of_one_customer_does_not_become_anothers(
    http: httpx.Client, settings: Settings, store: Store
) -> None:
    conversation, visitor = begin(http)
    first, second = customer_token(settings), customer_token(settings, sub="c2")
    body = {"conversation": conversation, "customer_token": first}
    session = http.post("/api/chat/sessions", json=body, headers=visitor).json()
    mine = {"Authorization": f"Bearer {session['token']}"}
    taken = {"conversation": conversation, "customer_token": second}
    for headers in ({}, mine):
        answer = http.post("/api/chat/sessions", json=taken, headers=headers)
        problem(answer, 404, "unknown-conversation")
    assert store.conversation(conversation).customer_id == "c1"
    # With the shop's word alone, though what the browser kept has run out or is broken.
    again = http.post("/api/chat/sessions", json=body, headers={"Authorization": "Bearer rubbish"})
    assert (again.status_code, again.json()["conversation"]) == (201, conversation)


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": ""},
        {"sub": "x" * 65},
        {"sub": "c1\0"},
        {"sub": "c1\n"},
        {"sub": "\u202ec1"},
        {"sub": None},
        {"sub": 5},
        {"sub": ["c1"]},
        {"exp": datetime.now(UTC) + timedelta(days=3)},
        {"exp": 2**80},
        {"exp": "soon"},
        {"exp": None},
        {"aud": "session"},
        {"aud": "shop"},
    ],
    ids=lambda claims: "-".join(claims),
)
def test_a_customer_token_must_name_one_customer_for_a_short_time(
    http: httpx.Client, settings: Settings, claims: dict[str, Any]
) -> None:
    full = {"sub": "c1", "aud": "chat", "exp": datetime.now(UTC) + timedelta(hours=1)} | claims
    body = {k: int(v.timestamp()) if isinstance(v, datetime) else v for k, v in full.items()}
    token = jwt.api_jws.encode(json.dumps(body).encode(), settings.customer_secret, "HS256")
    problem(http.post("/api/chat/sessions", json={"customer_token": token}), 401, "invalid-token")


def test_odd_names_are_only_names(http: httpx.Client, settings: Settings, store: Store) -> None:
    for name, shown in [
        ("王\u202e\0女士\n", "王女士"),
        ("名" * 200, "名" * 64),
        ("\ud83d", None),
        ({"a": 1}, None),
        ("<b>王</b>", "<b>王</b>"),
    ]:
        token = customer_token(settings, name=name)
        conversation, _ = begin(http, customer_token=token)
        assert store.conversation(conversation).customer_name == shown


def test_a_used_customer_token_begins_only_what_it_is_for(http: httpx.Client, settings: Settings) -> None:
    # It may be used again while it lives, as pages are reloaded and opened twice: for the same customer.
    token = customer_token(settings)
    first, mine = begin(http, customer_token=token)
    second, _ = begin(http, customer_token=token)
    assert first != second
    ended = customer_token(settings, exp=datetime.now(UTC) - timedelta(seconds=1))
    body = {"customer_token": ended, "conversation": first}
    problem(http.post("/api/chat/sessions", json=body, headers=mine), 401, "expired-token")
    problem(
        http.post("/api/chat/messages", json={}, headers={"Authorization": f"Bearer {token}"}),
        401,
        "invalid-token",
    )


def test_keys_are_changed_while_tokens_live(settings: Settings, http: httpx.Client) -> None:
    _, mine = begin(http)
    old = customer_token(settings)
    rotate(settings.data_dir, "chat", seconds=60)
    rotate(settings.data_dir, "customer", seconds=60)
    assert history(http, mine) == []
    for token in (old, customer_token(settings)):
        _, hers = begin(http, customer_token=token)
        assert history(http, hers) == []
    assert jwt.decode(hers["Authorization"].split()[1], settings.chat_secret, ["HS256"], audience="session")
    rotate(settings.data_dir, "chat")
    rotate(settings.data_dir, "customer")
    problem(http.get("/api/chat/messages", headers=mine), 401, "invalid-token")
    problem(http.post("/api/chat/sessions", json={"customer_token": old}), 401, "invalid-token")
    assert (settings.data_dir / "secrets" / "chat").stat().st_mode & 0o777 == 0o600


# -- replays --------------------------------------------------------------------------------------------


def test_a_replayed_post_says_nothing_new(http: httpx.Client) -> None:
    _, mine = begin(http)
    assert say(http, mine, "退款给我").json() == {"seq": 1}
    assert say(http, mine, "退款给别人").json() == {"seq": 1}
    assert [m["text"] for m in until(http, mine, 2)] == ["退款给我", "回答 退款给我"]
    _, other = begin(http)
    assert say(http, other, "另一句").json() == {"seq": 1}
    assert until(http, other, 2)[0]["text"] == "另一句"


def test_a_shoppers_client_id_does_not_swallow_an_agents_message(http: httpx.Client, store: Store) -> None:
    conversation, mine = begin(http)
    http.post("/api/chat/human", headers=mine)
    store.take(conversation, 1, "小丽")
    say(http, mine, "占住", client_id="same")
    seq = store.say(conversation, 1, "小丽", "您好", "same")
    assert store.say(conversation, 1, "小丽", "您好", "same") == seq
    assert [m["text"] for m in history(http, mine)][-2:] == ["占住", "您好"]


# -- pictures -------------------------------------------------------------------------------------------


def test_no_path_leads_out_of_the_pictures(http: httpx.Client, settings: Settings, front: str) -> None:
    _, mine = begin(http)
    attachment = kept(http, mine, picture())
    (settings.data_dir / "attachments" / ("f" * 32)).write_bytes(b"no row knows this")
    tricks = [
        "..%2f..%2fsecrets%2fchat",
        "..%252f..%252fsecrets%252fchat",
        "%2e%2e/%2e%2e/secrets/chat",
        "....//secrets/chat",
        "..\\secrets\\chat",
        "%2fetc%2fpasswd",
        "/etc/passwd",
        "file:%2f%2f%2fetc%2fpasswd",
        f"{attachment}%00",
        f"{attachment}%0a",
        f"%20{attachment}",
        f"{attachment}/",
        f"{attachment}/../../../secrets/chat",
        attachment.upper() + "x",
        "f" * 32,
        "%00",
        "%ff%fe",
        "０" * 32,
        "a" * 20_000,
        "",
        ".",
    ]
    for trick in tricks:
        # Written to the line as it is: a client would tidy it up.
        status, _, body = raw(front, f"GET /api/chat/attachments/{trick} HTTP/1.1", mine)
        assert status in (400, 404, 405), (trick, status)
        assert settings.chat_secret not in body and "root:" not in body and "no row" not in body
    for trick in ("../secrets/chat", "f" * 33, "F" * 32, attachment + "\n"):
        body = {"client_id": "a", "attachment": trick}
        problem(http.post("/api/chat/messages", json=body, headers=mine), 422, "invalid-request")
    assert seen(http, mine, attachment).status_code == 200


def test_polyglots_are_drawn_anew_or_refused(http: httpx.Client) -> None:
    _, mine = begin(http)
    script = b"<script>alert(1)</script>"
    gif = BytesIO()
    Image.new("P", (9, 9)).save(gif, "GIF", comment=b"*/=1;alert(1)//")
    png = BytesIO()
    info = PngInfo()
    info.add_text("x", script.decode(), zip=False)
    Image.new("RGB", (9, 9)).save(png, "PNG", pnginfo=info)
    for data in (gif.getvalue(), png.getvalue(), picture(comment=script), picture() + b"PK\3\4" + script):
        answer = seen(http, mine, kept(http, mine, data))
        assert b"alert" not in answer.content
        assert answer.headers["content-type"] in ("image/png", "image/jpeg")
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    for data in (b"%PDF-1.7" + picture(), script, b"<svg onload=alert(1)>", b"\0" * 5000):
        assert upload(http, mine, data).status_code == 415


def test_an_endless_picture_is_cut(http: httpx.Client, front: str) -> None:
    _, mine = begin(http)

    def endless() -> Iterator[bytes]:
        for _ in range(200):
            yield b"\xff\xd8\xff\xe0" * 25_000

    try:
        answer = http.post("/api/chat/attachments", content=endless(), headers=mine)
    except httpx.WriteError:
        return  # cut while still writing
    problem(answer, 413, "too-large")


# -- size and time --------------------------------------------------------------------------------------


def raw(front: str, line: str, headers: Headers | None = None, body: bytes = b"") -> tuple[int, str, str]:
    """Send a request as it stands; status, head and body of the answer. Status 0: cut without one."""
    with socket.create_connection(address(front), timeout=20) as wire:
        head = [line, "Host: front.example", "Connection: close"]
        head += [f"{name}: {value}" for name, value in (headers or {}).items()]
        wire.sendall("\r\n".join([*head, "", ""]).encode("utf-8", "surrogateescape") + body)
        return answered(wire)


def answered(wire: socket.socket) -> tuple[int, str, str]:
    received = b""
    try:
        while piece := wire.recv(65536):
            received += piece
    except (ConnectionResetError, TimeoutError):
        pass
    head, _, body = received.decode("utf-8", "replace").partition("\r\n\r\n")
    return int(head.split()[1]) if head else 0, head.lower(), body


def address(front: str) -> tuple[str, int]:
    parts = urlsplit(front)
    return str(parts.hostname), int(parts.port or 0)


@pytest.mark.parametrize("path", ["sessions", "messages", "human", "close", "rating"])
def test_a_body_of_megabytes_is_refused(http: httpx.Client, path: str) -> None:
    _, mine = begin(http)
    answer = http.post(f"/api/chat/{path}", content=b'{"text": "' + b"x" * 3_000_000, headers=mine)
    problem(answer, 413, "too-large")


def test_deep_and_odd_json_is_refused(http: httpx.Client) -> None:
    _, mine = begin(http)
    headers = {**mine, "Content-Type": "application/json"}
    for text in (
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b"1" * 60_000,
        b'{"client_id":"a","text":' + b"9" * 50_000 + b"}",
        b'{"client_id":"a","text":1e999}',
        b'{"client_id":"a","text":NaN}',
        b'{"client_id":"a","client_id":"b","text":{"$ne":1}}',
        b'{"__proto__":{"client_id":"a"}}',
    ):
        answer = http.post("/api/chat/messages", content=text, headers=headers)
        assert answer.status_code in (400, 422), text[:40]
        assert answer.headers["content-type"] == "application/problem+json"
    deflated = http.post(
        "/api/chat/messages", content=b"\x1f\x8b", headers=headers | {"Content-Encoding": "gzip"}
    )
    assert deflated.status_code in (400, 415, 422)


def test_heads_without_end_are_cut(front: str) -> None:
    with socket.create_connection(address(front), timeout=20) as wire:
        wire.sendall(b"GET /healthz HTTP/1.1\r\nX: ")
        try:
            for _ in range(400):
                wire.sendall(b"a" * 4096)
        except (BrokenPipeError, ConnectionResetError):
            return
        status, _, _ = answered(wire)
        assert status in (0, 400)


async def test_slow_heads_and_bodies_and_the_idle_are_cut(front: str) -> None:
    host, port = address(front)
    post = b"POST /api/chat/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n"

    async def drip(first: bytes, piece: bytes) -> tuple[float, bytes]:
        """Send a piece each second; how long that is suffered, and what is said to it."""
        reader, writer = await asyncio.open_connection(host, port)
        began = time.monotonic()
        writer.write(first)
        got = b""
        try:
            while time.monotonic() - began < 60:
                if piece:
                    writer.write(piece)
                try:
                    read = await asyncio.wait_for(reader.read(65536), 1)
                except TimeoutError:
                    continue
                if not read:
                    break
                got += read
        except ConnectionError:
            pass
        writer.close()
        return time.monotonic() - began, got

    healthy = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    line = b"GET /healthz HTTP/1.1\r\n"
    connected, head, second_head, blank, body = await asyncio.gather(
        drip(b"", b""),
        drip(line, b"X: y\r\n"),
        drip(healthy + line, b"X: y\r\n"),
        drip(healthy, b"\r\n"),
        drip(post, b" "),
    )
    for suffered, _ in (connected, head, second_head, blank):
        assert suffered < HEAD_SECONDS + 10
    assert body[0] < BODY_SECONDS + 10
    assert b"408" in body[1].split(b"\r\n")[0] and b"application/problem+json" in body[1].lower()


def test_others_are_served_while_hundreds_send_slowly(front: str, http: httpx.Client) -> None:
    with ExitStack() as open_:
        for _ in range(300):
            wire = open_.enter_context(socket.create_connection(address(front), timeout=5))
            wire.sendall(b"POST /api/chat/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n{")
        _, mine = begin(http)
        assert say(http, mine).status_code == 202
        assert until(http, mine, 2)


def test_streams_are_counted_by_conversation_and_address(http: httpx.Client, settings: Settings) -> None:
    def hold(stack: ExitStack, mine: Headers) -> httpx.Response:
        return stack.enter_context(http.stream("GET", "/api/chat/stream", headers=mine))

    with ExitStack() as stack:
        sessions = [begin(http)[1] for _ in range(4)]
        held = [hold(stack, mine) for mine in sessions[:2] for _ in range(settings.conversation_streams)]
        assert [r.status_code for r in held] == [200] * 6
        refused = hold(stack, sessions[0])
        refused.read()
        problem(refused, 429, "too-many-streams")
        assert int(refused.headers["retry-after"]) > 0
        assert hold(stack, sessions[2]).status_code == 200
        assert hold(stack, sessions[2]).status_code == 200
        assert hold(stack, sessions[3]).status_code == 429
    deadline = time.monotonic() + 20
    while True:
        with http.stream("GET", "/api/chat/stream", headers=sessions[3]) as free:
            if free.status_code == 200:
                break
        assert time.monotonic() < deadline, "places of streams that were left become free"
        time.sleep(0.2)


# -- headers, origins, hosts, methods -------------------------------------------------------------------


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "https://evil.example",
        "http://shop.example",
        "https://shop.example.evil.example",
        "https://evilshop.example",
        "https://sub.shop.example",
        "https://shop.example:444",
        "https://m.shop.example",
        "https://shop.example/",
        "https://shop.example@evil.example",
        "HTTPS://SHOP.EXAMPLE",
        "https://shop.example, https://evil.example",
        "",
    ],
)
def test_foreign_origins_may_not_read(http: httpx.Client, origin: str) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    preflight = http.options("/api/chat/messages", headers={"Origin": origin, **asked})
    assert "access-control-allow-origin" not in preflight.headers
    answer = http.post("/api/chat/sessions", json={}, headers={"Origin": origin})
    assert "access-control-allow-origin" not in answer.headers


def test_listed_origins_may_read_but_not_with_cookies(http: httpx.Client) -> None:
    for origin in ("https://shop.example", "https://m.shop.example:8443"):
        for answer in (
            http.post("/api/chat/sessions", json={}, headers={"Origin": origin}),
            http.get("/api/chat/messages", headers={"Origin": origin}),
        ):
            assert answer.headers["access-control-allow-origin"] == origin
            assert "access-control-allow-credentials" not in answer.headers
            assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize(
    "listed",
    [
        "*",
        "https://*.shop.example",
        "shop.example",
        "null",
        "https://shop.example/path",
        "https://",
        "ftp://x.y",
    ],
)
def test_only_exact_origins_can_be_set(listed: str) -> None:
    with pytest.raises(ValidationError, match="no exact origin"):
        Settings(allowed_origins=f"https://right.example,{listed}")


def test_a_form_of_another_site_does_nothing(http: httpx.Client, store: Store) -> None:
    # What a browser sends without asking: no Authorization, SameSite keeps the cookie back, and no JSON type.
    conversation, mine = begin(http)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        for path in ("messages", "human", "close", "rating"):
            headers = {"Content-Type": kind, "Origin": "https://evil.example"}
            body = '{"client_id": "a", "text": "x", "score": 1}'
            answer = http.post(f"/api/chat/{path}", content=body, headers=headers)
            assert answer.status_code in (401, 422)
        answer = http.post("/api/chat/sessions", content="{}", headers={"Content-Type": kind})
        assert answer.status_code == 422 and "set-cookie" not in answer.headers
    assert history(http, mine) == [] and store.conversation(conversation).owner == "bot"


def test_the_cookie_is_for_scripts_unreadable_for_other_sites_not_sent(http: httpx.Client) -> None:
    cookie = http.post("/api/chat/sessions", json={}).headers["set-cookie"].lower()
    for part in ("httponly", "samesite=strict", "path=/api/chat/stream"):
        assert part in cookie
    assert "domain=" not in cookie
    assert "secure" not in cookie, "the front has no https here"


def test_a_public_address_of_https_makes_the_cookie_secure(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, front_public_url="https://front.example")
    upgrade(settings.database)
    with serving(create(settings)) as url:
        assert "secure" in httpx.post(f"{url}/api/chat/sessions", json={}).headers["set-cookie"].lower()


def test_nothing_of_a_conversation_is_cached(http: httpx.Client) -> None:
    _, mine = begin(http)
    answers = [http.request(m, p, headers=mine, **more) for m, p, more in CALLS if not p.endswith("stream")]
    with http.stream("GET", "/api/chat/stream", headers=mine) as stream:
        answers.append(stream)
    answers.append(http.get("/api/chat/messages"))
    for answer in answers:
        assert "no-store" in answer.headers["cache-control"], answer.request.url
        assert answer.headers["x-content-type-options"] == "nosniff", answer.request.url
        assert "server" not in answer.headers


def test_hosts_and_forwarded_headers_of_the_caller_are_not_believed(http: httpx.Client, front: str) -> None:
    lies = {
        "Host": "evil.example",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/evil",
        "X-Original-URL": "/secrets",
        "X-Rewrite-URL": "/secrets",
        "Forwarded": "host=evil.example",
    }
    for path in ("/api/chat/messages/", "/api/chat/sessions", "//evil.example/%2f..", "/healthz", "/"):
        answer = http.get(path, headers=lies)
        assert answer.status_code in (200, 404, 405) and "location" not in answer.headers
        assert "evil" not in answer.text
    _, head, _ = raw(front, "GET http://evil.example/healthz HTTP/1.1")
    assert "evil" not in head


def test_the_method_is_what_stands_in_the_line(http: httpx.Client) -> None:
    _, mine = begin(http)
    for method in ("PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"):
        answer = http.request(method, "/api/chat/messages", headers=mine)
        problem(answer, 405, "method-not-allowed")
        assert mine["Authorization"] not in answer.text
    override = {"X-HTTP-Method-Override": "POST", "X-Method-Override": "POST", **mine}
    assert http.get("/api/chat/human", headers=override).status_code == 405
    assert http.get("/api/chat/messages?_method=POST", headers=override).json() == {"items": []}


def test_requests_that_two_readers_would_read_differently_are_refused(front: str) -> None:
    both = {"Content-Length": "4", "Transfer-Encoding": "chunked"}
    inner = b"0\r\n\r\nPOST /api/chat/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
    line = "POST /api/chat/sessions HTTP/1.1"
    assert raw(front, line, both, inner)[0] in (0, 400)
    assert raw(front, line, {"Transfer-Encoding": "xchunked"}, b"0\r\n\r\n")[0] in (0, 400, 422)
    assert raw(front, line, {"Transfer-Encoding": "chunked, identity"}, b"0\r\n\r\n")[0] in (0, 400, 501)
    assert raw(front, line, {"Content-Length": "2\r\nContent-Length: 70"}, b"{}")[0] in (0, 400)
    assert raw(front, line, {"Content-Length": "+2"}, b"{}")[0] in (0, 400)
    assert raw(front, line, {"Content-Length": "-1"}, b"{}")[0] in (0, 400)
    assert raw(front, line, {"Content-Length ": "2"}, b"{}")[0] in (0, 400)
    assert raw(front, line, {"X": "a\r\n b"}, b"")[0] in (0, 400, 422)
    assert raw(front, line, {"Transfer-Encoding": "chunked"}, b"FFFFFFFFFFFFFFFFF\r\n")[0] in (0, 400)
    assert raw(front, "GET /healthz HTTP/9.9")[0] in (0, 400)
    assert raw(front, "GET /health\0z HTTP/1.1")[0] in (0, 400)


def test_no_header_is_made_of_what_was_sent(front: str) -> None:
    for path in (
        "/api/chat/messages?after=1%0d%0aSet-Cookie:%20a=b",
        "/api/chat/attachments/a%0d%0aSet-Cookie:%20a=b",
        "/%0d%0aSet-Cookie:%20a=b",
    ):
        _, head, _ = raw(
            front, f"GET {path} HTTP/1.1", {"Origin": "https://shop.example%0d%0aSet-Cookie: a=b"}
        )
        assert "set-cookie" not in head


def test_websockets_are_not_spoken(front: str) -> None:
    upgrade_ = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "eA==",
    }
    assert raw(front, "GET /api/chat/stream HTTP/1.1", upgrade_)[0] != 101


def test_problems_tell_nothing_of_the_inside(http: httpx.Client, settings: Settings) -> None:
    _, mine = begin(http)
    answers = [
        http.get("/api/chat/messages?after=x"),
        http.get("/api/chat/messages?after=x", headers=mine),
        http.get("/nothing"),
        http.post("/api/chat/messages", content=b"{", headers=mine),
        say(http, mine, text="字" * 3000),
        upload(http, mine, b"\xff\xd8\xff\xe0 broken"),
    ]
    for answer in answers:
        assert 400 <= answer.status_code < 500
        assert answer.headers["content-type"] == "application/problem+json"
        for inside in ("Traceback", ".py", "site-packages", str(settings.data_dir), "sqlalchemy", "字字字"):
            assert inside not in answer.text


# -- floods, and what the log keeps ---------------------------------------------------------------------


def test_a_flood_of_sessions_makes_few_conversations(tmp_path: Path, settings: Settings) -> None:
    flooded = settings.model_copy(
        update={"data_dir": tmp_path, "front_port": free_port(), "sessions_per_minute": 50}
    )
    upgrade(flooded.database)

    def visit(n: int) -> httpx.Response:
        lies = {"X-Forwarded-For": f"10.0.{n // 250}.{n % 250}", "Forwarded": f"for={n}"}
        return http.post("/api/chat/sessions", json={}, headers=lies)

    with (
        front_process(flooded, tmp_path / "front.log") as url,
        httpx.Client(base_url=url, timeout=30) as http,
        ThreadPoolExecutor(16) as visitors,
    ):
        answers = list(visitors.map(visit, range(500)))
        assert sorted({a.status_code for a in answers}) == [201, 429]
        assert sum(a.status_code == 201 for a in answers) == 50
        refused = next(a for a in answers if a.status_code == 429)
        problem(refused, 429, "too-many-requests")
        assert 1 <= int(refused.headers["retry-after"]) <= 60


def test_the_log_holds_no_words_no_tokens_and_no_forged_lines(
    http: httpx.Client, settings: Settings, log: Path
) -> None:
    token = customer_token(settings, name="张秘密")
    _, mine = begin(http, customer_token=token)
    assert say(http, mine, SAID).status_code == 202
    until(http, mine, 2)
    http.post("/api/chat/close", headers=mine)
    http.post("/api/chat/rating", json={"score": 1, "comment": COMMENT}, headers=mine)
    http.get(
        "/api/chat/messages?after=%0afront%20error%20forged=yes&token=" + mine["Authorization"].split()[1]
    )
    http.get("/%0aforged=yes", headers={"User-Agent": "x\tforged=yes"})
    say(http, mine, "line\nforged=yes", client_id="b")
    http.post("/api/chat/messages", json={"client_id": "x\nforged=yes", "text": SAID}, headers=mine)
    until(http, mine, 4)
    written = log.read_text()
    assert "turn.done" in written, "it is written at all"
    for secret in (
        SAID,
        COMMENT,
        "张秘密",
        "forged=yes",
        token,
        mine["Authorization"].split()[1],
        settings.chat_secret,
        settings.customer_secret,
        settings.internal_secret,
    ):
        assert secret not in written
    assert not re.search(r"eyJ[\w-]{10,}\.", written), "no token at all"
    assert "Traceback" not in written, written[written.find("Traceback") - 500 :][:3000]

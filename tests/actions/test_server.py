"""The action server's door: the engine alone comes in, and nothing of a conversation goes out of it."""

import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from actions.server import DOMAINS, MAX_BODY
from tests.actions.conftest import ActionServer, action_server


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer wrong", "Basic {secret}", "{secret}"])
@pytest.mark.parametrize(("method", "path"), [("POST", "/webhook"), ("GET", "/actions"), ("GET", "/")])
def test_without_the_secret(actions: ActionServer, method: str, path: str, authorization: str | None) -> None:
    headers = {}
    if authorization is not None:
        headers["Authorization"] = authorization.format(secret=actions.secret)
    answer = httpx.request(method, actions.address + path, json={}, headers=headers)
    assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json")
    assert answer.json()["type"] == "unauthorized"


def test_only_the_webhook_is_served(actions: ActionServer) -> None:
    for path in ("/actions", "/status", "/reload", "/"):
        assert httpx.get(actions.address + path, headers=actions.headers).status_code == 404
    assert httpx.get(f"{actions.address}/webhook", headers=actions.headers).status_code == 405
    assert httpx.get(f"{actions.address}/health").json() == {"status": "ok"}


def test_a_strangers_body_is_not_read(actions: ActionServer) -> None:
    assert status(actions, "", length=MAX_BODY) == 401


def test_a_huge_body_is_refused(actions: ActionServer) -> None:
    bearer = f"Authorization: {actions.headers['Authorization']}\r\n"
    assert status(actions, bearer, length=MAX_BODY + 1) == 413
    assert httpx.get(f"{actions.address}/health").is_success


def status(actions: ActionServer, headers: str, length: int) -> int:
    """The status that a call with a body of this length gets before any of it was sent."""
    url = httpx.URL(actions.address)
    with socket.create_connection((url.host, url.port), timeout=3) as connection:
        connection.sendall(
            f"POST /webhook HTTP/1.1\r\nHost: actions\r\n{headers}Content-Length: {length}\r\n\r\n".encode()
        )
        return int(connection.makefile("rb").readline().split()[1])


@pytest.mark.parametrize("action", ["action_ask_back", "validate_order_status_form"])
def test_the_domain_is_sent_once_and_named_by_its_digest(actions: ActionServer, action: str) -> None:
    def call(digest: str, domain: dict[str, Any] | None = None) -> int:
        body = actions.request(action, "您好", "out_of_scope", None, None, None, None, None)
        body |= {"domain": domain, "domain_digest": digest}
        return httpx.post(f"{actions.address}/webhook", json=body, headers=actions.headers).status_code

    digests = [f"{action} {number}" for number in range(DOMAINS + 1)]
    for digest in digests:
        assert [call(digest), call(digest, {"intents": []}), call(digest)] == [449, 200, 200]
    assert [call(digest) for digest in digests] == [449] + [200] * DOMAINS


def test_a_call_that_fails_tells_nothing_of_the_conversation(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    call = {"next_action": "action_order_status", "domain": {"intents": []}, "tracker": ["13800006249"]}
    with action_server("http://127.0.0.1:9", tmp_path) as server:
        answer = httpx.post(f"{server.address}/webhook", json=call, headers=server.headers)
    log = "".join(capfd.readouterr())
    assert answer.status_code == 500 and answer.json()["type"] == "internal-server-error"
    assert "actions.failed" in log
    for secret in ("13800006249", server.secret):
        assert secret not in answer.text + log

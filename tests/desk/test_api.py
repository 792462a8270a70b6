"""The desk API over HTTP: as its document says, whoever calls; and a foreign desk's day by it."""

import base64
import json
import os
import re
import subprocess
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import given
from hypothesis import settings as trying
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from actions.backend.contract import Customer
from bot.conversations import audits, tickets
from bot.handoff.webhooks.sending import signed
from bot.openapi import document
from tests.generated import GENERATED
from tests.heart.conftest import asked

from .foreign import Desk

DOCUMENT = Path("docs/desk-api.openapi.json")
GUIDE = Path("docs/desk-api.md")
EXAMPLES = 3
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OPERATIONS = {
    operation.label: operation
    for operation in (found.ok() for found in schemathesis.openapi.from_path(DOCUMENT).get_all_operations())
}
# The stream has no end: what it tells is tested beside it.
STREAM = "GET /stream"


# -- the document ---------------------------------------------------------------------------------------


def test_the_document_is_current() -> None:
    assert json.loads(DOCUMENT.read_text()) == document("desk-api")


@pytest.fixture
def own(desk: Desk) -> dict[str, Any]:
    """What an agent has: a conversation of hers with a customer and her order, and a ticket."""
    agent, her = desk.ids["xiaowang"], Customer("c1004")
    conversation = desk.taken("xiaowang", her.id)
    ticket = tickets.create(desk.store, conversation, agent, "小王", "补发一件")
    order = desk.shop.orders(her).items[0]
    return {
        "conversation": conversation,
        "ticket": ticket.id,
        "agent": agent,
        "order": order.no,
        "product": order.items[0].product,
    }


def attempts(label: str, http: httpx.Client | None, url: str, own: dict[str, Any]) -> Counter[int]:
    """The statuses of what was tried, each checked against the document."""
    operation, statuses = OPERATIONS[label], Counter[int]()
    headers = {"Authorization": http.headers["authorization"] if http else ""}

    @given(operation.as_strategy() | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    @trying(GENERATED, max_examples=EXAMPLES if http else 1, derandomize=True)
    def attempt(case: schemathesis.Case) -> None:
        if statuses.total() % 4:
            place_own(case, own)
        answer = case.call_and_validate(base_url=url, headers=headers, checks=CHECKS, timeout=10)
        statuses[answer.status_code] += 1

    attempt()
    return statuses


def place_own(case: schemathesis.Case, own: dict[str, Any]) -> None:
    """Put in what exists wherever it fits, so that more than the door is tried."""
    path, parameters = case.path, case.path_parameters or {}
    if "id" in parameters:
        kind = "ticket" if path.startswith("/tickets") else "agent" if path.startswith("/agents") else ""
        parameters["id"] = own[kind or "conversation"]
    if "no" in parameters:
        parameters["no"] = own["product" if path.startswith("/products") else "order"]
    if isinstance(case.body, dict) and isinstance(act := case.body.get("act"), dict) and "order_no" in act:
        act["order_no"] = own["order"]


@pytest.mark.parametrize("label", [label for label in OPERATIONS if label != STREAM])
def test_an_agent_gets_what_the_document_says(label: str, desk: Desk, own: dict[str, Any]) -> None:
    with desk.caller("xiaowang") as http:
        statuses = attempts(label, http, desk.url, own)
    assert statuses[200] or not label.startswith("GET") or "attachments" in label, statuses


@pytest.mark.parametrize("label", [label for label in OPERATIONS if "agents" in label or "put-back" in label])
def test_a_supervisor_gets_what_the_document_says(label: str, desk: Desk, own: dict[str, Any]) -> None:
    with desk.caller("supervisor") as http:
        http.put("/me/presence", json={"presence": "online"}).raise_for_status()
        attempts(label, http, desk.url, own)


def test_a_stranger_gets_what_the_document_says(desk: Desk, own: dict[str, Any]) -> None:
    for label in OPERATIONS:
        assert set(attempts(label, None, desk.url, own)) == {401}


# -- a day ----------------------------------------------------------------------------------------------


@dataclass
class Listener:
    """Reads a stream in a thread, as a foreign desk does."""

    http: httpx.Client
    last_id: str = ""
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    ended: bool = False

    def listen(self) -> "Listener":
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        self.until("ready")
        return self

    def _read(self) -> None:
        headers = {"Last-Event-ID": self.last_id} if self.last_id else {}
        with (
            suppress(httpx.HTTPError),  # the server is stopped beneath it
            self.http.stream("GET", "/stream", headers=headers, timeout=30) as answer,
        ):
            assert answer.status_code == 200
            kind = ""
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                elif name == "data":
                    self.events.append((kind, json.loads(value)))
                elif name == "id":
                    self.last_id = value
        self.ended = True

    def until(self, of: str, /, **values: Any) -> dict[str, Any]:
        """The first event of this name with these values, once it is there."""
        deadline = time.monotonic() + 15
        while True:
            for told, data in self.events:
                if told == of and values.items() <= data.items():
                    return data
            assert time.monotonic() < deadline, (of, values, self.events)
            time.sleep(0.02)


def test_the_day_of_a_foreign_desk(desk: Desk) -> None:
    store, ids = desk.store, desk.ids
    wang, li = desk.caller("xiaowang"), desk.caller("xiaoli")
    for http in (wang, li):
        me = http.put("/me/presence", json={"presence": "online"}).raise_for_status().json()
        assert me["agent"]["presence"] == "online"
        assert http.post("/me/heartbeat").json()["agent"]["there"]
    hers, others = Listener(wang).listen(), Listener(li).listen()

    # A shopper waits: the desk hears of it and reads the packet.
    conversation = asked(store)
    store.ask_human(conversation)
    hers.until("conversation", conversation=conversation, move="hand_over", to_owner="queue")
    told = wang.get(f"/conversations/{conversation}").raise_for_status().json()
    assert told["packet"]["reason"] == "asked_for_human"
    assert told["state"]["position"] >= 1 and told["handoff"]["queue"] == "general"

    # Of two who take it one gets it; to take one's own again changes nothing.
    assert wang.post(f"/conversations/{conversation}/take").status_code == 200
    assert wang.post(f"/conversations/{conversation}/take").status_code == 200
    refused = li.post(f"/conversations/{conversation}/take")
    assert (refused.status_code, refused.json()["type"]) == (409, "illegal-move")
    hers.until("conversation", conversation=conversation, move="take", to_owner=f"agent:{ids['xiaowang']}")

    # She speaks, once however often it is sent, and hears the shopper; a colleague hears nothing of it.
    said = {"client_id": "m1", "text": "您好，我是小王"}
    place = f"/conversations/{conversation}"
    seq = wang.post(f"{place}/messages", json=said).json()["seq"]
    assert wang.post(f"{place}/messages", json=said).json()["seq"] == seq
    refused = li.post(f"{place}/messages", json={"client_id": "x", "text": "我也在"})
    assert (refused.status_code, refused.json()["type"]) == (409, "not-yours")
    hers.until("message", conversation=conversation, client_id="m1")
    store.receive(conversation, "s1", "我的快递呢？")
    hers.until("message", text="我的快递呢？")
    assert not [data for kind, data in others.events if kind == "message"]
    history = wang.get(f"{place}/messages").json()["items"]
    assert [m["seq"] for m in history] == list(range(1, len(history) + 1))

    # A note, a guest who answers, and a transfer with a note.
    assert wang.post(f"{place}/notes", json={"client_id": "n1", "text": "客户着急"}).status_code == 201
    hers.until("note", text="客户着急")
    assert (
        wang.post(f"{place}/notes", json={"client_id": "n2", "text": "嘘", "kind": "whisper"}).status_code
        == 403
    )
    wang.post(f"{place}/guests", json={"agent": ids["xiaoli"]}).raise_for_status()
    li.post(f"{place}/messages", json={"client_id": "g1", "text": "我来看看"}).raise_for_status()
    others.until("message", client_id="g1")
    wang.post(f"{place}/transfer", json={"to": ids["xiaoli"], "note": "快递问题"}).raise_for_status()
    moved = others.until("conversation", conversation=conversation, move="transfer")
    assert moved["detail"]["note"] == "快递问题"

    # A ticket for what takes longer, then the end.
    assert wang.post(f"{place}/tickets", json={"client_id": "t1", "title": "查快递"}).status_code == 409
    wanted = {"client_id": "t1", "title": "查快递", "owner": ids["xiaoli"]}
    ticket = li.post(f"{place}/tickets", json=wanted).json()
    change = {"client_id": "t2", "state": "in_progress", "note": "已催"}
    li.patch(f"/tickets/{ticket['id']}", json=change).raise_for_status()
    hers.until("ticket", ticket=ticket["id"], kind="state")
    mine = li.get("/tickets", params={"owner": "me"}).json()["items"]
    assert [each["number"] for each in mine] == [ticket["number"]]
    wrong = li.post(f"{place}/close", json={"outcome": "nonsense"})
    assert (wrong.status_code, wrong.json()["type"]) == (422, "unknown-outcome")
    outcome = next(iter(li.get("/codes").json()["outcomes"]))
    li.post(f"{place}/close", json={"outcome": outcome}).raise_for_status()
    assert li.get(f"{place}/handoffs").json()[-1]["outcome"] == outcome

    # Who goes says where her conversations go.
    second = asked(store)
    li.post(f"/conversations/{second}/take").raise_for_status()
    refused = li.put("/me/presence", json={"presence": "offline"})
    assert (refused.json()["type"], refused.json()["open"]) == ("open-chats", 1)
    li.put("/me/presence", json={"presence": "offline", "to": ids["xiaowang"]}).raise_for_status()
    assert store.conversation(second).owner == f"agent:{ids['xiaowang']}"
    hers.until("presence", id=ids["xiaoli"], presence="offline")

    kept = {(row.by, row.action) for row in audits.latest(store, 500)}
    done = {"presence", "stream", "view_conversation", "take", "note", "invite", "transfer"}
    assert {(f"agent:{ids['xiaowang']}", action) for action in done} <= kept
    wang.put("/me/presence", json={"presence": "offline", "to": "queue"}).raise_for_status()


def test_a_stream_goes_on_where_it_broke_off_and_ends_with_its_token(desk: Desk) -> None:
    made, key = desk.tokens.make("xiaowang")
    http = httpx.Client(base_url=desk.url, headers={"Authorization": f"Bearer {key}"}, timeout=20)
    conversation = asked(desk.store)
    desk.store.take(conversation, desk.ids["xiaowang"], "小王")
    first = Listener(http).listen()
    desk.store.receive(conversation, "s1", "第一句")
    first.until("message", text="第一句")
    desk.store.receive(conversation, "s2", "第二句")
    desk.store.close(conversation, desk.ids["xiaowang"])
    again = Listener(http, last_id=first.last_id).listen()
    again.until("conversation", conversation=conversation, move="close")
    assert not [data for kind, data in again.events if data.get("text") == "第一句"]
    ahead = http.get("/stream", headers={"Last-Event-ID": "9999999-0-0-0"})
    assert (ahead.status_code, ahead.json()["type"]) == (409, "ahead-of-log")
    desk.tokens.revoke(made.id)
    deadline = time.monotonic() + 15
    while not again.ended:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert http.get("/me").status_code == 401


def test_roles_bound_what_a_token_may_do(desk: Desk) -> None:
    agent, supervisor = desk.caller("xiaowang"), desk.caller("supervisor")
    mine = desk.ids["supervisor"]
    supervisor.put("/me/presence", json={"presence": "busy"}).raise_for_status()
    conversation = asked(desk.store)
    desk.store.ask_human(conversation)
    place = f"/conversations/{conversation}"
    for call in (f"{place}/assign", f"{place}/put-back", f"/agents/{mine}/offline"):
        refused = agent.post(call, json={"to": mine})
        assert (refused.status_code, refused.json()["type"]) == (403, "not-allowed")
    assert agent.patch(f"/agents/{mine}", json={"capacity": 1}).status_code == 403
    taken = supervisor.post(f"{place}/assign", json={"to": mine, "note": "我来"}).raise_for_status().json()
    assert taken["owner"] == f"agent:{mine}"
    assert supervisor.patch(f"/agents/{mine}", json={"capacity": 3, "skills": None}).json()["capacity"] == 3
    back = supervisor.post(f"{place}/put-back", json={"queue": "general"}).raise_for_status().json()
    assert back["owner"] == "queue"
    assert supervisor.post(f"/agents/{mine}/offline").json()["presence"] == "offline"


def test_each_look_at_a_conversation_is_kept(desk: Desk) -> None:
    with desk.caller("xiaoli") as http:
        for part in ("", "/messages?after=1", "/notes", "/events", "/handoffs", "/tickets", "/suggestions"):
            conversation = asked(desk.store)
            for _ in range(2):
                http.get(f"/conversations/{conversation}{part}").raise_for_status()
            looks = [row.by for row in audits.latest(desk.store) if conversation in str(row.detail)]
            assert looks == [f"agent:{desk.ids['xiaoli']}"], part


def test_the_guides_examples_work(desk: Desk) -> None:
    her = Customer("c1002")
    order = next(o for o in desk.shop.orders(her).items if o.can["remark"].allowed)
    conversation = desk.store.begin("web", her.id, "陈建国").id
    desk.store.receive(conversation, "q", "在吗")
    _, key = desk.tokens.make("xiaoli")
    values = {"DESK": desk.url, "TOKEN": key, "CONVERSATION": conversation, "ORDER": order.no}
    for example in re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.S):
        ran = subprocess.run(
            ["bash", "-euc", example],
            env={**os.environ, **values},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert ran.returncode == 0, (example, ran.stdout, ran.stderr)
    said = [m.text for m in desk.store.messages(conversation) if m.sender == "agent"]
    assert said == ["您好，我是小王，马上为您查询。"]
    assert desk.store.conversation(conversation).owner == "closed"
    assert desk.shop.order(her, order.no).remark == "送前打电话"


def test_the_guides_check_of_a_signature_holds() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.S)
    guide: dict[str, Any] = {}
    exec(example, guide)
    key, body = b"k" * 32, b'{"type": "ticket.opened"}'
    headers = signed(key, "ticket-1", 1_700_000_000, body)
    secret = "whsec_" + base64.b64encode(key).decode()
    assert guide["is_ours"](secret, headers, body)
    assert not guide["is_ours"](secret, headers, body + b" ")


def test_what_is_not_there_is_a_problem(desk: Desk) -> None:
    with desk.caller("xiaowang") as http:
        for path in ("/nothing", "/conversations/none", "/tickets/99999", "/attachments/none"):
            answer = http.get(path)
            assert answer.status_code == 404
            assert answer.headers["content-type"] == "application/problem+json"
        long = {"client_id": "m", "text": "长" * 3000}
        assert http.post("/conversations/none/messages", json=long).status_code == 422
        assert http.post("/conversations/none/messages", content=b"x" * 200_000).status_code == 413

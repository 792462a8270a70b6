"""The engine contract: real model, real tracker store, real calls to an action server."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web
from rasa.core.agent import Agent
from rasa.utils.endpoints import EndpointConfig
from sanic import Sanic

from bot.engine.channel import ConversationChannel, Refused, as_typed, read_message
from bot.engine.tracker_store import TurnStore
from bot.engine.turns import ActionFailed, EmptyAnswer, Nowhere, TurnProcessor, answer_from

SECRET = "secret of the processes"


class ActionServer:
    """Answers action calls with ``status`` and ``body``, after ``delay`` seconds; counts them."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.called = asyncio.Event()
        self.status, self.delay = 200, 0.0
        self.body: dict[str, Any] = {"events": [], "responses": [{"text": "已发货"}]}

    async def handle(self, request: web.Request) -> web.Response:
        self.calls.append(await request.json())
        self.called.set()
        await asyncio.sleep(self.delay)
        return web.json_response(self.body, status=self.status)


@pytest.fixture
def actions() -> ActionServer:
    return ActionServer()


class Engine:
    """The channel on a loaded model, with an action server, on one event loop."""

    def __init__(self, model: Path, database: Path, actions: ActionServer) -> None:
        self.loop = asyncio.new_event_loop()
        Sanic.test_mode = True  # there may be several in one process
        app = web.Application()
        app.router.add_post("/webhook", actions.handle)
        self._server = web.AppRunner(app, shutdown_timeout=0.1)
        self.loop.run_until_complete(self._server.setup())
        self.loop.run_until_complete(web.TCPSite(self._server, "127.0.0.1", 0).start())
        port = self._server.addresses[0][1]
        agent = Agent.load(
            model,
            tracker_store=TurnStore(f"sqlite:///{database}"),
            action_endpoint=EndpointConfig(f"http://127.0.0.1:{port}/webhook"),
        )
        self.processor = TurnProcessor(agent.processor)
        self.channel = ConversationChannel(turn_seconds=1.0, secret=SECRET)

    def ask(self, *bodies: dict[str, Any]) -> list[Any]:
        """Send the messages at once; an answer or what was raised for each."""

        async def together() -> list[Any]:
            return await asyncio.gather(
                *(
                    self.channel._turn(
                        self.processor,
                        read_message(json.dumps(body).encode(), self.processor.domain, self.processor.model),
                    )
                    for body in bodies
                ),
                return_exceptions=True,
            )

        return self.loop.run_until_complete(together())

    def post(self, body: bytes, secret: str | None = SECRET, length: int | None = None) -> tuple[int, Any]:
        """Send the body over HTTP, announced with ``length``; status and JSON of the answer."""
        return self.call("POST", "webhook", body, secret, length)

    def call(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        secret: str | None = SECRET,
        length: int | None = None,
    ) -> tuple[int, Any]:
        """Call the channel over HTTP; status and JSON of the answer, None where it has none."""

        async def call() -> tuple[int, Any]:
            self.channel._processor = self.processor
            app = Sanic(f"engine-{uuid4().hex}", configure_logging=False)
            app.blueprint(self.channel.blueprint(on_new_message=None))
            server = await app.create_server("127.0.0.1", 0, return_asyncio_server=True, access_log=False)
            await server.startup()
            await server.start_serving()
            port = server.server.sockets[0].getsockname()[1]
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            authorization = f"Authorization: Bearer {secret}\r\n" if secret is not None else ""
            writer.write(
                f"{method} /conversation/{path} HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n"
                f"{authorization}Content-Length: {len(body) if length is None else length}\r\n\r\n".encode()
                + body
            )
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 3)
            size = int((head.lower().partition(b"content-length: ")[2].split() or [0])[0])
            answer = json.loads(await reader.readexactly(size)) if size else None
            writer.close()
            server.close()
            return int(head.split()[1]), answer

        return self.loop.run_until_complete(call())

    def close(self) -> None:
        self.loop.run_until_complete(self._server.cleanup())
        self.loop.close()


@pytest.fixture
def engine(model: Path, tmp_path: Path, actions: ActionServer) -> Iterator[Engine]:
    engine = Engine(model, tmp_path / "engine.db", actions)
    yield engine
    engine.close()


def said(message_id: str, **what: Any) -> dict[str, Any]:
    return {"conversation": "c1", "message_id": message_id, "channel": "web", **what}


def events(engine: Engine) -> list[Any]:
    return list(engine.loop.run_until_complete(engine.processor.get_tracker("c1")).events)


def test_answer(engine: Engine) -> None:
    [answer] = engine.ask(said("m1", text="你好"))
    assert answer["replies"] == [
        {"text": "您好", "buttons": [{"title": "查订单", "payload": "/order_status"}]}
    ]
    assert answer["understanding"]["intent"] == "greet"
    assert len(answer["understanding"]["ranking"]) == 3
    assert answer["model"] == "tiny"


def test_rebuilt_answer_is_the_first_one(engine: Engine, actions: ActionServer) -> None:
    first = engine.ask(said("m1", text="我的订单2026112000012345发货了吗"))
    engine.ask(said("m2", text="退货运费谁出"))
    assert engine.ask(said("m1", text="我的订单2026112000012345发货了吗")) == first
    assert len(actions.calls) == 1
    assert first[0]["replies"] == [
        {"text": "您的订单", "card": {"kind": "order", "order_no": "1"}},
        {"text": "已发货"},
    ]


def test_one_message_sent_twice_at_once_acts_once(engine: Engine, actions: ActionServer) -> None:
    actions.delay = 0.2
    one, other = engine.ask(*[said("m1", payload='/order_status{"order_no": "2026112000012345"}')] * 2)
    assert one == other
    assert len(actions.calls) == 1


def test_handoff(engine: Engine, actions: ActionServer) -> None:
    packet = {"reason": "asked_for_human", "slots": {}, "orders": []}
    actions.body = {"events": [], "responses": [{"custom": {"handoff": packet}}]}
    [answer] = engine.ask(said("m1", text="查一下订单状态"))
    assert answer["handoff"] == packet
    assert answer["replies"] == [{"text": "您的订单", "card": {"kind": "order", "order_no": "1"}}]


def test_actions_see_who_speaks_and_what_the_service_tells(engine: Engine, actions: ActionServer) -> None:
    context = {"tickets": [{"kind": "ticket", "ticket_no": "T100023"}]}
    customer = {"id": "c1001", "verified": True}
    engine.ask(said("m1", text="查一下订单状态", customer=customer, context=context))
    metadata = actions.calls[0]["tracker"]["latest_message"]["metadata"]
    assert metadata["context"] == context
    assert metadata["customer"] == {"id": "c1001", "verified": True}
    assert (metadata["message_id"], metadata["channel"]) == ("m1", "web")


@pytest.mark.parametrize(("status", "body"), [(500, {}), (200, {"events": "rubbish"})])
def test_failed_action_stores_nothing(
    engine: Engine, actions: ActionServer, status: int, body: dict[str, Any]
) -> None:
    actions.status, sound = status, actions.body
    actions.body = body
    [failure] = engine.ask(said("m1", text="查一下订单状态"))
    assert isinstance(failure, ActionFailed)
    assert events(engine) == []
    actions.status, actions.body = 200, sound
    [answer] = engine.ask(said("m1", text="查一下订单状态"))
    assert answer["replies"][-1] == {"text": "已发货"}


def test_slow_action_ends_in_time(engine: Engine, actions: ActionServer) -> None:
    actions.delay = 3
    [failure] = engine.ask(said("m1", text="查一下订单状态"))
    assert isinstance(failure, ActionFailed)
    assert events(engine) == []


def test_no_answer_is_an_error(engine: Engine) -> None:
    [failure] = engine.ask(said("m1", text="今天天气怎么样"))
    assert isinstance(failure, EmptyAnswer)
    assert events(engine) == []


@pytest.mark.parametrize("text", ["/restart", " /greet", "\x1f/order_status{}", '/greet{"order_no": "1"}'])
def test_typed_commands_are_text(engine: Engine, text: str) -> None:
    engine.ask(said("m0", text="你好"))
    [answer] = engine.ask(said("m1", text=text))
    assert isinstance(answer, EmptyAnswer) or answer["understanding"]["confidence"] < 1
    assert answer_from(events(engine), "m0")


def test_faq_button(engine: Engine) -> None:
    [answer] = engine.ask(said("m1", payload="/faq/invoice_how"))
    assert answer["replies"] == [{"text": "订单完成后可以申请电子发票。"}]
    assert answer["understanding"]["faq"] == {"topic": "invoice_how", "score": 1.0}


@pytest.mark.parametrize(
    "payload",
    ["/restart", "/back", "/session_start", "greet", "/nothing", "/faq", "/faq/none", "/greet/x",
     "/greet@0.9", '/greet{"color": "red"}', "/greet{broken}", "/greet{} more"],
)  # fmt: skip
def test_foreign_payload(engine: Engine, payload: str) -> None:
    body = json.dumps(said("m", payload=payload)).encode()
    with pytest.raises(Refused) as refused:
        read_message(body, engine.processor.domain, "model")
    assert refused.value.status == 400
    assert refused.value.slug == "invalid-payload"


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"\xff", b'{"conversation": "c"}', json.dumps(said("", text="x")).encode(),
     json.dumps(said("m", text=" ")).encode(), json.dumps(said("m", text="字" * 2001)).encode(),
     json.dumps(said("m", text="x", payload="/greet")).encode(), json.dumps(said("m")).encode(),
     json.dumps(said("m", text="x", customer="me")).encode(), json.dumps(said("m", text=7)).encode(),
     b"[" * 30000],
    ids=lambda body: repr(body[:40]),
)  # fmt: skip
def test_bad_body(engine: Engine, body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        read_message(body, engine.processor.domain, "tiny")
    assert refused.value.status == 400


def test_the_holder_of_the_secret_is_answered(engine: Engine) -> None:
    status, answer = engine.post(json.dumps(said("m1", text="你好")).encode())
    assert (status, answer["replies"][0]["text"]) == (200, "您好")


@pytest.mark.parametrize("secret", [None, "", "sécret", SECRET + "x"])
def test_without_the_secret_not_even_the_body_is_read(engine: Engine, secret: str | None) -> None:
    status, problem = engine.post(b"", secret, length=10**9)
    assert (status, problem["type"]) == (401, "invalid-secret")


def test_big_body(engine: Engine) -> None:
    status, problem = engine.post(b" " * 65537)
    assert (status, problem["type"]) == (413, "too-large")


def test_as_typed() -> None:
    assert as_typed("  /restart") == "／restart"
    assert as_typed("a/b") == "a/b"
    assert as_typed("\ud800") == "?"


def test_unknown_message_has_no_answer() -> None:
    assert answer_from([], "m1") is None


def test_channel_names_its_wordings() -> None:
    assert Nowhere("wechat").name() == "wechat"


def test_warming_leaves_no_trace(engine: Engine) -> None:
    engine.loop.run_until_complete(engine.processor.warm())
    assert engine.loop.run_until_complete(engine.processor.tracker_store.keys()) == []


def test_what_is_forgotten_is_not_on_the_disk_either(engine: Engine, tmp_path: Path) -> None:
    engine.ask(said("m1", text="我的订单2026112000012345发货了吗"))
    engine.ask({**said("m1", text="你好"), "conversation": "c2"})
    assert engine.call("DELETE", "memory/c1") == (204, None)
    assert events(engine) == []
    assert engine.loop.run_until_complete(engine.processor.tracker_store.keys()) == ["c2"]
    assert not any(b"2026112000012345" in path.read_bytes() for path in tmp_path.glob("engine.db*"))
    assert engine.call("DELETE", "memory/c1") == (204, None)


def test_a_turn_under_way_does_not_bring_the_forgotten_back(engine: Engine, actions: ActionServer) -> None:
    actions.delay = 0.3

    async def during_the_turn() -> None:
        await actions.called.wait()
        await engine.channel._forget(engine.processor, "c1")

    forgetting = engine.loop.create_task(during_the_turn())
    [answer] = engine.ask(said("m1", text="查一下订单状态"))
    engine.loop.run_until_complete(forgetting)
    assert answer["replies"]
    assert events(engine) == []


def test_only_the_holder_of_the_secret_makes_it_forget(engine: Engine) -> None:
    engine.ask(said("m1", text="你好"))
    assert engine.call("DELETE", "memory/c1", secret="guessed")[0] == 401
    assert answer_from(events(engine), "m1")


def test_what_was_read_before_is_read_alike(engine: Engine) -> None:
    hers = "订单2026112000012345呢"
    first, _ = engine.ask(said("m1", text="退货运费谁出"), said("m2", text=hers))
    [again] = engine.ask({**said("m3", text="退货运费谁出", customer={"id": "c9"}), "conversation": "c2"})
    assert again == first
    assert list(engine.processor._read) == ["退货运费谁出"]  # and nothing of a shopper's own
    assert "c9" not in str(engine.processor._read)


def test_it_tells_what_the_bot_did_and_no_word_of_anybody(engine: Engine) -> None:
    engine.ask(said("m1", text="你好"))
    engine.ask(said("m2", text="我的订单2026112000012345发货了吗"))
    status, told = engine.call("GET", "memory/c1")
    assert status == 200
    first, second = told["turns"]
    assert first == {
        "message_id": "m1",
        "events": [{"event": "action", "name": name} for name in ("utter_greet", "action_listen")],
    }
    assert second["message_id"] == "m2"
    assert {"event": "slot", "name": "order_no", "set": True} in second["events"]
    assert "2026112000012345" not in json.dumps(told) and "已发货" not in json.dumps(told, ensure_ascii=False)
    assert engine.call("GET", "memory/nobody") == (200, {"turns": []})
    assert engine.call("GET", "memory/c1", secret="guessed")[0] == 401

"""Plays a dialogue through the public web API against the real stack, and compares what comes of it.

A file tests/dialogues/STEM.yml holds the dialogues of one capability (docs/testing-dialogues.md tells more):

    - name: A shipped order is not cancelled, and the reason is told
      customer:                    # optional, as is all but name and turns: her data as `bot shop load` reads
        points: 300                # them; what isn't said is made up, id, phone and order numbers always anew
        orders:
        - {ref: a, status: shipped, items: [{sku: p2006-1}]}
      others: [{orders: [...]}]    # more customers: nothing of theirs may be shown nor change
      shop: {products: [...]}      # further parts of the shop
      visitor: true                # she doesn't sign in
      tickets: [{ref: t, title: 快递丢件, state: in_progress, due_hours: 3}]   # hers, oldest first
      each: [一, 二]               # the dialogue once for each, in the place of {each}
      turns:
      - say: 订单{a}我不要了，尾号{a_tail}   # and/or photo: true; or tap: 确认 (part of a button's
                                           # title); or twice: 好的 (the same words twice at once)
        faults: [{method: POST, path: /v1/orders/*/cancel, ends: lost}]   # from here on (tests/shop_proxy.py)
        text: [取消, "¥89.00"]       # each is said;  any: one at least;  not: none
        buttons: [转人工]            # parts of titles;  no_buttons: true
        cards: [{kind: order, order_no: "{a}"}]   # exactly so many, each with at least this;  []: none
        handoff: policy              # is handed over with this reason, and so waits in the queue
        owner: queue                 # who has the conversation now, if that changes otherwise (any: whoever)
      records:                       # in the shop, asked as that customer after the last turn
        orders: {a: {status: cancelled}}
        returns: [{kind: return, items: [{sku: p2001-1, qty: 1}]}]   # exactly so many, newest first; []: none
        refunds: [{amount_fen: 8900}]
"""

import json
import time
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from typing import Any
from uuid import uuid4

import httpx
import jwt
from PIL import Image

from bot.conversations import tickets
from bot.conversations.database import connect
from bot.conversations.store import Store
from bot.dialogues.expected import differences, unlike
from bot.dialogues.format import Dialogue, Turn, put_in
from bot.dialogues.given import Cast
from bot.settings import Settings
from tests.shop_proxy import Fault
from tests.shopper import Message, Shopper, cards, text_of, titles
from tests.stack import Running

SECONDS = 15  # until an answer is there
# Members whose words may be said of anybody's order.
SAID_OF_ANY = {
    *("can", "can_withdraw", "courier", "customer", "image", "kind", "kind_text", "level", "method_text"),
    *("next_step", "reason", "reason_text", "return_address", "state", "state_text", "status", "status_text"),
    "timeline",
}


# All messages of a conversation, and why it was handed over, each time.
Answers = tuple[list[Message], list[str]]


class Mismatch(AssertionError):
    """The dialogue went otherwise than written; the text shows how, and the whole of it."""


def play(running: Running, dialogue: Dialogue, cast: Cast) -> Answers:
    """Play the dialogue, its data being in the shop; returns what the shopper saw.

    Raises:
        Mismatch: something was said, shown or recorded otherwise than written.
    """
    stage = _Stage(running, dialogue, cast)
    before = [stage.books(other) for other in cast.others]
    with closing(stage.shopper.http), ExitStack() as faults:
        for number, turn in enumerate(dialogue.turns, start=1):
            if turn.faults is not None and running.proxy:
                faults.close()
                acting = None if dialogue.visitor else cast.customer
                troubles = (Fault(customer=acting, **trouble.model_dump()) for trouble in turn.faults)
                faults.enter_context(running.proxy.troubled(*troubles))
            stage.take(number, put_in(turn, cast.names))
        wrong = stage.recorded()
        if [stage.books(other) for other in cast.others] != before:
            wrong.append("another customer's orders have changed")
        stage.report("afterwards", wrong)
        return stage.shopper.history(), stage.handoffs()


def recovered(running: Running) -> None:
    """Wait until the bot reaches the shop again, after trouble that a dialogue has made."""
    deadline = time.monotonic() + 60
    while not cards(running.shopper("c1001").say("我的快递到哪了", SECONDS)):
        assert time.monotonic() < deadline, "the bot does not reach the shop any more"
        time.sleep(1)


class _Stage:
    """One dialogue while it is played."""

    def __init__(self, running: Running, dialogue: Dialogue, cast: Cast) -> None:
        self.running, self.dialogue, self.cast = running, dialogue, cast
        token = None if dialogue.visitor else customer_token(running.settings, cast.customer)
        self.shopper = Shopper(running.settings.front, token)
        self.store = _store(running.settings.database)
        self.secrets = self._secrets()
        self._make_tickets()
        self.owner = "bot"
        self.handed_over = 0

    def take(self, number: int, turn: Turn) -> None:
        """Do what the turn says and compare."""
        where = f"turn {number}"
        try:
            said = self._do(turn)
        except (AssertionError, httpx.HTTPError) as error:
            self.report(where, [str(error)])
            raise
        wrong = differences(turn.model_dump(), text_of(said), titles(said), cards(said))
        self.report(where, [*wrong, *self._moved(turn), *self._told_of_others(said)])

    def report(self, where: str, wrong: list[str]) -> None:
        """Raise Mismatch if anything is wrong."""
        if wrong:
            listed = "\n".join(f"  - {one}" for one in wrong)
            raise Mismatch(f"{self.dialogue.name}, {where}:\n{listed}\n\n{transcript(self.shopper)}")

    def recorded(self) -> list[str]:
        """What the shop's books hold otherwise than written."""
        records = put_in(self.dialogue.records, self.cast.names)
        wrong = []
        for ref, wanted in records.orders.items():
            order = self._ask(f"/v1/orders/{self.cast.names[ref]}")
            wrong += [f"order {{{ref}}}: {one}" for one in unlike(wanted, order)]
        for kind in ("returns", "refunds"):
            wanted = getattr(records, kind)
            if wanted is not None:
                found = self._ask(f"/v1/{kind}")["items"]
                wrong += [f"{kind}: {one}" for one in unlike(wanted, found)]
        return wrong

    def books(self, customer: str) -> dict[str, Any]:
        """All that the shop holds of a customer's orders."""
        numbers = self.cast.orders.get(customer, [])
        return {
            "returns": self._ask("/v1/returns", customer)["items"],
            "refunds": self._ask("/v1/refunds", customer)["items"],
            "orders": [self._ask(f"/v1/orders/{no}", customer) for no in numbers],
            "parcels": [self._ask(f"/v1/orders/{no}/shipments", customer)["items"] for no in numbers],
        }

    def handoffs(self) -> list[str]:
        """Why the conversation was handed over, each time."""
        events = self.store.events(self.shopper.conversation)
        return [str(event.reason) for event in events if event.move == "hand_over"]

    def _make_tickets(self) -> None:
        for given in self.dialogue.tickets:
            due = datetime.now(UTC) + timedelta(hours=given.due_hours) if given.due_hours else None
            made = tickets.create(self.store, self.shopper.conversation, 1, "小王", given.title, due=due)
            if given.state != made.state:
                tickets.change(self.store, made.id, 1, "小王", state=given.state)
            self.cast.names[given.ref] = tickets.number(made)

    def _ask(self, path: str, customer: str | None = None) -> Any:
        return self.running.order_backend(path, customer or self.cast.customer)

    def _do(self, turn: Turn) -> list[Message]:
        if turn.tap:
            return self.shopper.tap(turn.tap, SECONDS)
        if turn.photo:
            return self.shopper.after(self._send_photo(turn.say), SECONDS)
        if turn.say:
            return self.shopper.say(turn.say, SECONDS)
        return self._both(self.shopper.send(turn.twice), self.shopper.send(turn.twice))

    def _both(self, *seqs: int) -> list[Message]:
        """The answers to all these messages."""
        deadline = time.monotonic() + SECONDS
        conversation = self.shopper.conversation
        while not {*seqs} <= {m.reply_to for m in self.store.messages(conversation, limit=500)}:
            assert time.monotonic() < deadline, f"no answers to both within {SECONDS} s"
            time.sleep(0.05)
        return [m for m in self.shopper.history(seqs[0]) if m["from"] != "shopper"]

    def _send_photo(self, text: str | None) -> int:
        http = self.shopper.http
        kept = http.post("/api/chat/attachments", content=_picture()).raise_for_status().json()
        body = {"client_id": uuid4().hex, "attachment": kept["id"], **({"text": text} if text else {})}
        return int(http.post("/api/chat/messages", json=body).raise_for_status().json()["seq"])

    def _moved(self, turn: Turn) -> list[str]:
        """A change of owner or a handoff otherwise than written."""
        conversation = self.shopper.conversation
        owner = self.store.conversation(conversation).owner
        reasons = self.handoffs()
        fresh, self.handed_over = reasons[self.handed_over :], len(reasons)
        wanted = turn.owner or ("queue" if turn.handoff else self.owner)
        self.owner = owner
        wrong = []
        if wanted not in (owner, "any"):
            wrong.append(f"owner: {wanted} expected, it is {owner} (handed over: {fresh})")
        if turn.handoff and turn.handoff not in fresh:
            wrong.append(f"handoff: {turn.handoff} expected, there was {fresh or 'none'}")
        return wrong

    def _secrets(self) -> set[str]:
        """What only the other customers' data hold."""
        given = {c["id"]: c for c in self.cast.load["customers"]}
        own = _words([given[self.cast.customer], self.books(self.cast.customer)])
        theirs = _words([[given[other], self.books(other)] for other in self.cast.others])
        known = {no for numbers in self.cast.orders.values() for no in numbers}
        return {word for word in theirs - own - known if not any(word in mine for mine in own)}

    def _told_of_others(self, said: list[Message]) -> list[str]:
        shown = json.dumps(said, ensure_ascii=False)
        return [f"another customer's data are told: {word}" for word in sorted(self.secrets) if word in shown]


def customer_token(settings: Settings, id: str) -> str:
    """What the shop would give the widget for this customer."""
    now = datetime.now(UTC)
    claims = {"sub": id, "name": "顾客", "aud": "chat", "iat": now, "exp": now + timedelta(hours=1)}
    return jwt.encode(claims, settings.customer_secret, "HS256")


@cache
def _store(database: str) -> Store:
    return Store(connect(database))


def transcript(shopper: Shopper) -> str:
    """The whole conversation, a line for each message, its buttons in brackets."""
    lines = []
    with suppress(httpx.HTTPError):
        for m in shopper.history():
            shown = [f"[{b['title']}]" for b in m.get("buttons", [])]
            shown += [f"<{c['kind']} {_called(c)}>" for c in cards([m])]
            shown += ["<picture>"] if "attachment" in m else []
            lines.append(" ".join([f"{m['from']:>8}:", m.get("text", "").replace("\n", " / "), *shown]))
    return "\n".join(lines)


def _called(card: dict[str, Any]) -> str:
    """The number by which people know what the card shows."""
    return str(next((card[name] for name in ("order_no", "ticket_no", "id") if name in card), ""))


def _words(part: Any) -> set[str]:
    """The strings in ``part`` that tell something of somebody."""
    if isinstance(part, dict):
        return {word for key in part.keys() - SAID_OF_ANY for word in _words(part[key])}
    if isinstance(part, list):
        return {word for one in part for word in _words(one)}
    # Short ones are ids, sizes and the like, which the bot may say for other reasons.
    return {part} if isinstance(part, str) and len(part) > 3 else set()


def _picture() -> bytes:
    """A small picture, another one each time."""
    file = BytesIO()
    Image.frombytes("L", (4, 4), uuid4().bytes).save(file, "PNG")
    return file.getvalue()

"""A shopper who uses nothing but the public web API."""

import math
import time
from typing import Any
from uuid import uuid4

import httpx

Message = dict[str, Any]
ALONE_SECONDS = 1.0  # after which a message of the service itself is all that comes


class Shopper:
    """One conversation; each call waits for what it brings."""

    def __init__(self, front: str, customer_token: str | None = None) -> None:
        self.http = httpx.Client(base_url=front, timeout=10)
        session = self._post("/api/chat/sessions", {"customer_token": customer_token})
        self.conversation: str = session["conversation"]
        self.token: str = session["token"]
        self.http.headers["Authorization"] = f"Bearer {self.token}"

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self.http.post(path, json=body).raise_for_status().json()
        return answer

    def send(self, text: str | None = None, payload: str | None = None) -> int:
        """Send and do not wait; the message's seq."""
        said = {"text": text} if payload is None else {"payload": payload}
        return int(self._post("/api/chat/messages", {"client_id": uuid4().hex, **said})["seq"])

    def say(self, text: str, seconds: float = 15) -> list[Message]:
        """Say something; the answer's messages."""
        return self.after(self.send(text), seconds)

    def tap(self, title: str, seconds: float = 15) -> list[Message]:
        """Tap the newest button whose title contains ``title``; the answer's messages."""
        for message in reversed(self.history()):
            for button in message.get("buttons", []):
                if title in button["title"]:
                    return self.after(self.send(payload=button["payload"]), seconds)
        raise AssertionError(f"no button offers {title!r}: {self.history()[-1:]}")

    def after(self, seq: int, seconds: float = 15) -> list[Message]:
        """The messages behind ``seq``, as soon as there are any; the bot's may follow the service's own."""
        deadline, heard = time.monotonic() + seconds, math.inf
        while True:
            found = [m for m in self.history(seq) if m["from"] != "shopper"]
            if found:
                heard = min(heard, time.monotonic())
                if any(m["from"] != "system" for m in found) or time.monotonic() > heard + ALONE_SECONDS:
                    return found
            else:
                assert time.monotonic() < deadline, f"no answer within {seconds} s to {self.history()[-1]}"
            time.sleep(0.05)

    def history(self, after: int = 0) -> list[Message]:
        answer = self.http.get("/api/chat/messages", params={"after": after, "limit": 200}).raise_for_status()
        items: list[Message] = answer.json()["items"]
        return items


def text_of(messages: list[Message]) -> str:
    """All that was said, in one string."""
    return "\n".join(m.get("text", "") for m in messages)


def titles(messages: list[Message]) -> list[str]:
    """The titles of all buttons."""
    return [b["title"] for m in messages for b in m.get("buttons", [])]


def cards(messages: list[Message]) -> list[dict[str, Any]]:
    """All cards shown."""
    return [c for m in messages for c in ([m["card"]] if "card" in m else m.get("cards", []))]

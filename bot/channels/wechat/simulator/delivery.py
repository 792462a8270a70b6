"""Callbacks as WeChat makes them: signed, encrypted, and again where no answer comes in time."""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from .. import bodies, crypto
from ..crypto import MessageCipher
from .world import DESK_KEEPS, Account, Follower

DROPPED_AFTER = 5.0  # seconds
TRIES = 3
NOTHING = ("", "success")
APOLOGY = Account.apology


@dataclass(frozen=True)
class Delivery:
    """How WeChat delivers one message: ``tries`` where no answer comes, ``copies`` of each at once."""

    tries: int = TRIES
    copies: int = 1
    seconds: float = DROPPED_AFTER


async def say(
    http: httpx.AsyncClient,
    account: Account,
    follower: Follower,
    fields: dict[str, Any],
    how: Delivery | None = None,
) -> None:
    """Deliver a message or event of a follower, and show what is replied; returns when all is over."""
    kept = follower.desk_until and account.clock.now() < follower.desk_until
    if kept and fields["MsgType"] != "event":
        return
    how = how or Delivery()
    body = account.told(follower, fields)
    shown: set[str] = set()  # the phone shows one reply to one message
    for _ in range(how.tries):
        answers = await asyncio.gather(*(_post(http, account, body, how.seconds) for _ in range(how.copies)))
        for answer in answers:
            if answer and answer not in NOTHING and not shown:
                shown.add(answer)
                account.show(follower, _reply(account, answer), passive=True)
        if any(answer is not None for answer in answers):
            return
    if account.apology:
        account.show(follower, _text(account.apology), passive=True)


async def tell_of_desk(http: httpx.AsyncClient, account: Account, follower: Follower, event: str) -> None:
    """People at the account's own desk take her up, or are done with her, as ``event`` says."""
    ended = event == "kf_close_session"
    follower.desk_until = None if ended else account.clock.now() + DESK_KEEPS
    names = ("FromKfAccount", "ToKfAccount") if event == "kf_switch_session" else ("KfAccount",)
    fields = {"MsgType": "event", "Event": event, **{name: f"kf@{account.id}" for name in names}}
    await say(http, account, follower, fields)


async def _post(http: httpx.AsyncClient, account: Account, body: str, seconds: float) -> str | None:
    """One try; None where nothing came in time."""
    query, content = sealed(account, body)
    account.calls["callback"] += 1
    try:
        async with asyncio.timeout(seconds):
            response = await http.post(account.callback, params=query, content=content.encode())
    except (httpx.HTTPError, TimeoutError):
        return None
    return response.text if response.status_code == 200 else None


def sealed(account: Account, body: str) -> tuple[dict[str, str], str]:
    """Give the query and the body of a callback, in the account's mode."""
    # The connector compares with its own clock, not with the one that tests put forward.
    timestamp, nonce = str(int(datetime.now(UTC).timestamp())), secrets.token_hex(8)
    query = account.query(timestamp, nonce)
    if account.mode == "plain":
        query.pop("encrypt_type")
        return query, body
    encrypted = MessageCipher(account.aes_key, account.app_id).encrypt(body.encode())
    query["msg_signature"] = crypto.signature(account.token, timestamp, nonce, encrypted)
    sealed = bodies.write({"ToUserName": account.id, "Encrypt": encrypted}, "xml")
    return query, sealed if account.mode == "safe" else body.replace("</xml>", sealed[len("<xml>") :])


def _reply(account: Account, answer: str) -> dict[str, Any]:
    """The passive reply as the API would take it; the phone's excuse where it cannot be read."""
    try:
        fields = bodies.read(answer.encode())[0]
        if account.mode != "plain":
            signed = [account.token, fields["TimeStamp"], fields["Nonce"], fields["Encrypt"]]
            if not crypto.is_signed(fields["MsgSignature"], *signed):
                return _text(account.apology)
            opened = MessageCipher(account.aes_key, account.app_id).decrypt(fields["Encrypt"])
            fields = bodies.read(opened)[0]
        if fields["MsgType"] == "transfer_customer_service":
            return {"msgtype": "transfer_customer_service"}
        return _text(fields["Content"] if account.passive else account.apology)
    except (bodies.Unreadable, crypto.CannotDecrypt, KeyError):
        return _text(account.apology)


def _text(content: str) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": content}}

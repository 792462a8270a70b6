"""The way of a callback from the wire to a message, and of a passive reply back."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from . import bodies, crypto
from .bodies import Fields, Format
from .crypto import MessageCipher

# WeChat wants to hear this, or nothing, where there is no reply.
NO_REPLY = "success"
STALE_SECONDS = 600


class Mode(StrEnum):
    """How an account's callbacks are protected, as its settings page says."""

    SAFE = "safe"
    COMPATIBLE = "compatible"  # each body both encrypted and in the clear
    PLAIN = "plain"


class Refused(Exception):
    """The call does not prove that it comes from WeChat; the text says what is wrong."""


@dataclass(frozen=True)
class Keys:
    """What an account shares with WeChat."""

    token: str
    mode: Mode
    cipher: MessageCipher | None

    def __post_init__(self) -> None:
        if self.cipher is None and self.mode is not Mode.PLAIN:
            raise ValueError("Without an EncodingAESKey the only mode is plain")


@dataclass(frozen=True)
class Callback:
    """A call that was proved to come from WeChat."""

    fields: Fields
    format: Format
    encrypted: bool


def check_address(keys: Keys, query: Mapping[str, str], now: datetime) -> str:
    """Answer WeChat's check of the callback address. Raises Refused."""
    _signed(keys, query, now)
    return query.get("echostr", "")


def check_encrypted_address(keys: Keys, query: Mapping[str, str], now: datetime) -> str:
    """Answer WeCom's check of the callback address, where what is to be said comes encrypted.

    Source: https://developer.work.weixin.qq.com/document/path/90930. Raises Refused.
    """
    echo = query.get("echostr", "")
    _signed(keys, query, now, echo)
    if keys.cipher is None:
        raise Refused("The account has no key.")
    try:
        return keys.cipher.decrypt(echo).decode("utf-8", "replace")
    except crypto.CannotDecrypt as error:
        raise Refused(str(error)) from error


def open_callback(keys: Keys, query: Mapping[str, str], body: bytes, now: datetime) -> Callback:
    """Return what a call holds; of a compatible account's only what was encrypted.

    Raises:
        Refused: a signature is missing, wrong or old, or the body cannot be decrypted with the account's key.
        bodies.Unreadable: it comes from WeChat, but cannot be read.
    """
    # The plain signature does not cover the body: it counts only where the account has no key.
    if keys.cipher is None or keys.mode is Mode.PLAIN:
        _signed(keys, query, now)
        fields, format = bodies.read(body)
        return Callback(fields, format, False)
    try:
        fields, format = bodies.read(body)
    except bodies.Unreadable as error:
        raise Refused(f"Nothing encrypted can be found in the body: {error}") from error
    encrypted = fields.get("Encrypt")
    if not isinstance(encrypted, str) or not encrypted:
        raise Refused("The body is not encrypted, though the account has a key.")
    _signed(keys, query, now, encrypted)
    try:
        content = keys.cipher.decrypt(encrypted)
    except crypto.CannotDecrypt as error:
        raise Refused(str(error)) from error
    fields, format = bodies.read(content)
    return Callback(fields, format, True)


def _signed(keys: Keys, query: Mapping[str, str], now: datetime, encrypted: str | None = None) -> None:
    timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
    name, parts = ("signature", []) if encrypted is None else ("msg_signature", [encrypted])
    if not crypto.is_signed(query.get(name, ""), keys.token, timestamp, nonce, *parts):
        raise Refused("The signature is missing or wrong.")
    # An old call is a recording: WeChat gives up after 15 seconds.
    if not timestamp.isdecimal() or abs(now.timestamp() - int(timestamp[:12])) > STALE_SECONDS:
        raise Refused("The call is too old, or a clock is wrong.")


def text_reply(callback: Callback, text: str, now: datetime) -> Fields:
    """Return the passive reply that says ``text``."""
    return {**_head(callback, now), "MsgType": "text", "Content": text}


def transfer_reply(callback: Callback, now: datetime) -> Fields:
    """Return the passive reply that hands the message to WeChat's own customer-service desk."""
    return {**_head(callback, now), "MsgType": "transfer_customer_service"}


def _head(callback: Callback, now: datetime) -> Fields:
    return {
        "ToUserName": str(callback.fields.get("FromUserName", "")),
        "FromUserName": str(callback.fields.get("ToUserName", "")),
        "CreateTime": int(now.timestamp()),
    }


def close_reply(keys: Keys, callback: Callback, reply: Fields, now: datetime) -> str:
    """Return the body to answer the call with: encrypted where the call was."""
    content = bodies.write(reply, callback.format)
    if not callback.encrypted or keys.cipher is None:
        return content
    encrypted = keys.cipher.encrypt(content.encode())
    timestamp, nonce = int(now.timestamp()), secrets.token_hex(8)
    sealed: Fields = {
        "Encrypt": encrypted,
        "MsgSignature": crypto.signature(keys.token, str(timestamp), nonce, encrypted),
        "TimeStamp": timestamp,
        "Nonce": nonce,
    }
    return bodies.write(sealed, callback.format)

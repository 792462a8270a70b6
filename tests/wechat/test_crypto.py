"""Signatures and encryption: known answers, what wechatpy makes of the same, and what is refused."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidSignatureException

from bot.channels.wechat.crypto import CannotDecrypt, MessageCipher, is_signed, signature

VECTORS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("vectors.json").read_text())
KEY = base64.b64encode(bytes(range(32))).decode().rstrip("=")
APP = "wx0123456789abcdef"


def of_kind(kind: str) -> Any:
    listed = [pytest.param(v, id=v["id"]) for v in VECTORS if v["kind"] == kind]
    assert listed
    return pytest.mark.parametrize("vector", listed)


@of_kind("sig")
def test_known_signatures(vector: dict[str, str]) -> None:
    assert signature(vector["token"], vector["timestamp"], vector["nonce"]) == vector["signature"]


@of_kind("dec")
def test_known_messages_are_decrypted(vector: dict[str, str]) -> None:
    signed = [vector["token"], vector["timestamp"], vector["nonce"], vector["encrypt"]]
    assert is_signed(vector["msg_signature"], *signed)
    assert (
        MessageCipher(vector["key"], vector["appid"]).decrypt(vector["encrypt"]).decode()
        == vector["plaintext"]
    )


@of_kind("enc")
def test_known_messages_are_encrypted(vector: dict[str, str]) -> None:
    cipher = MessageCipher(vector["key"], vector["appid"])
    assert cipher.encrypt(vector["plaintext"].encode(), vector["random"].encode()) == vector["encrypt"]
    assert cipher.decrypt(vector["encrypt"]).decode() == vector["plaintext"]
    if "msg_signature" in vector:
        signed = [vector["token"], vector["timestamp"], vector["nonce"], vector["encrypt"]]
        assert is_signed(vector["msg_signature"], *signed)


ENCODABLE = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


@given(ENCODABLE, st.text("0123456789", min_size=1, max_size=10), st.text("abcdef", min_size=1, max_size=8))
def test_wechatpy_reads_what_we_write_and_we_what_it_writes(content: str, timestamp: str, nonce: str) -> None:
    oracle = WeChatCrypto("geheim", KEY, APP)
    ours = MessageCipher(KEY, APP)
    message = f"<xml><Content><![CDATA[{content.replace(']]>', '')}]]></Content></xml>"
    encrypted = ours.encrypt(message.encode())
    signed = signature("geheim", timestamp, nonce, encrypted)
    # It takes the body that holds the encrypted part.
    body = f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    assert oracle.decrypt_message(body, signed, timestamp, nonce) == message
    with pytest.raises(InvalidSignatureException):
        oracle.decrypt_message(body, signature("falsch", timestamp, nonce, encrypted), timestamp, nonce)
    sealed = oracle.encrypt_message(message, nonce, timestamp)
    part = sealed.partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
    assert ours.decrypt(part).decode() == message


def raw(content: bytes) -> str:
    """Encrypt bytes as they are, with the padding they bring along."""
    key = base64.b64decode(KEY + "=")
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(content) + encryptor.finalize()).decode()


def packed(message: bytes, app: str = APP, length: int | None = None) -> bytes:
    said = len(message) if length is None else length
    return b"r" * 16 + said.to_bytes(4, "big") + message + app.encode()


def filled(content: bytes) -> bytes:
    fill = 32 - len(content) % 32
    return content + bytes([fill]) * fill


def test_a_message_packed_by_hand_is_read() -> None:
    assert MessageCipher(KEY, APP).decrypt(raw(filled(packed(b"hello")))) == b"hello"


@pytest.mark.parametrize(
    ("encrypted", "said"),
    [
        ("", "multiple"),
        ("%%%", "base64"),
        ("中文", "base64"),
        (base64.b64encode(b"x" * 33).decode(), "multiple"),
        (raw(packed(b"hello").ljust(64, b"\x00")), "padding"),
        (raw(packed(b"hello").ljust(64, b"\x21")), "padding"),
        (raw(packed(b"hello").ljust(63, b"\x02") + b"\x03"), "padding"),
        (raw(filled(packed(b"hello", length=2**32 - 1))), "longer"),
        (raw(filled(packed(b"hello", length=4000))), "longer"),
        (raw(filled(packed(b"hello", app="wx-other"))), "another account"),
        (raw(filled(packed(b"hello", app=""))), "another account"),
        (raw(bytes([32]) * 32), "longer"),
        (raw(filled(b"")), "longer"),
    ],
)
def test_what_is_wrong_is_refused_with_a_reason(encrypted: str, said: str) -> None:
    with pytest.raises(CannotDecrypt, match=said):
        MessageCipher(KEY, APP).decrypt(encrypted)


@given(st.binary(max_size=200))
def test_no_bytes_do_harm(data: bytes) -> None:
    for encrypted in (base64.b64encode(data).decode(), raw(data + b"\x01" * (-len(data) % 16))):
        with pytest.raises(CannotDecrypt):
            MessageCipher(KEY, APP).decrypt(encrypted)


@pytest.mark.parametrize("key", ["", "short", "x" * 42, "x" * 44, "!" * 43, "中" * 43])
def test_a_wrong_key_is_told(key: str) -> None:
    with pytest.raises(ValueError, match="43"):
        MessageCipher(key, APP)


def test_signatures_of_others_are_refused() -> None:
    assert is_signed(signature("t", "1", "n"), "t", "1", "n")
    for wrong in ("", "中", signature("t", "1", "m"), signature("t", "1", "n").upper()):
        assert not is_signed(wrong, "t", "1", "n")

"""Signatures and encryption of callbacks.

Source: https://developers.weixin.qq.com/doc/subscription/guide/dev/push/encryption (official accounts and
mini-programs), https://developer.work.weixin.qq.com/document/path/90968 (WeCom, the same with a corp id).
"""

import base64
import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

KEY_LENGTH = 43  # characters of an EncodingAESKey
_BLOCK = 32  # bytes that the message is filled up to; AES itself would ask for 16
_RANDOM = 16  # bytes before each message
_LENGTH = 4  # bytes that tell the message's length, the most significant first


class CannotDecrypt(Exception):
    """The text says what is wrong with it, and nothing of what it holds."""


def signature(token: str, *parts: str) -> str:
    """Return the hexadecimal signature of ``parts`` (timestamp, nonce and, of an encrypted body, that)."""
    return hashlib.sha1("".join(sorted([token, *parts])).encode()).hexdigest()  # noqa: S324  # the protocol's


def is_signed(given: str, token: str, *parts: str) -> bool:
    """Whether ``given`` is the signature of ``parts``; it takes the same time wherever they differ."""
    return hmac.compare_digest(signature(token, *parts).encode(), given.encode("utf-8", "replace"))


class MessageCipher:
    """Encrypts and decrypts the messages of one account."""

    def __init__(self, encoding_aes_key: str, receiver: str) -> None:
        """Take the 43 characters of the account's key, and its app id (in WeCom: corp id).

        Raises:
            ValueError: this is no such key.
        """
        try:
            # The last character stands for six bits, of which the key has but four.
            key = base64.b64decode(encoding_aes_key + "=", validate=True)
        except ValueError:
            key = b""
        if len(encoding_aes_key) != KEY_LENGTH or len(key) != 32:
            raise ValueError(f"An EncodingAESKey has {KEY_LENGTH} letters and digits")
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))
        self._receiver = receiver.encode()

    def encrypt(self, message: bytes, random: bytes | None = None) -> str:
        """Return the message encrypted, in base64; ``random``: 16 bytes, to be given in tests alone."""
        random = random or secrets.token_bytes(_RANDOM)
        content = random + len(message).to_bytes(_LENGTH, "big") + message + self._receiver
        fill = _BLOCK - len(content) % _BLOCK
        encryptor = self._cipher.encryptor()
        encrypted = encryptor.update(content + bytes([fill]) * fill) + encryptor.finalize()
        return base64.b64encode(encrypted).decode()

    def decrypt(self, encrypted: str) -> bytes:
        """Return the message that ``encrypted`` (base64) holds.

        Raises:
            CannotDecrypt: it is damaged, made with another key, or meant for another account.
        """
        try:
            data = base64.b64decode(encrypted, validate=True)
        except ValueError:  # also what is not ASCII
            raise CannotDecrypt("This is not base64.") from None
        if not data or len(data) % _BLOCK:
            raise CannotDecrypt(f"The length is no multiple of {_BLOCK} bytes.")
        decryptor = self._cipher.decryptor()
        content = decryptor.update(data) + decryptor.finalize()
        fill = content[-1]
        if not 1 <= fill <= _BLOCK or content[-fill:] != bytes([fill]) * fill:
            raise CannotDecrypt("The padding is wrong: it was made with another key, or is damaged.")
        start = _RANDOM + _LENGTH
        end = start + int.from_bytes(content[_RANDOM:start], "big")
        if end > len(content) - fill:
            raise CannotDecrypt("The message is said to be longer than what there is.")
        if not hmac.compare_digest(content[end:-fill], self._receiver):
            raise CannotDecrypt("The message is meant for another account.")
        return content[start:end]

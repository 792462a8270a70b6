"""Password hashes (Argon2id)."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# The second set of RFC 9106: 64 MiB and three passes, about 50 ms.
_hasher = PasswordHasher()


@cache
def nobody() -> str:
    """What an unknown name is checked against, so that it takes the time of a known one."""
    return _hasher.hash("nobody")


def hashed(password: str) -> str:
    return _hasher.hash(password)


def verified(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password.encode("utf-8", "replace"))
    except (VerificationError, InvalidHashError):
        return False

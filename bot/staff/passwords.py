"""Password hashes (Argon2id), and what a password must be."""

import re
import secrets
from functools import cache
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 128
# What everybody tries first: it counts for nothing.
STEMS = ("password", "passw0rd", "qwerty", "asdfgh", "abc123", "iloveyou", "admin", "guitai", "kefu", "mima")
RUNS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "zyxwvutsrqponmlkjihgfedcba", "9876543210")
LEFT, DIFFERENT = 8, 5

Weak = Literal["too_short", "too_long", "too_simple", "as_before"]

# The second set of RFC 9106: 64 MiB and three passes, about 50 ms.
_hasher = PasswordHasher()


@cache
def nobody() -> str:
    """What an unknown name is checked against, so that it takes the time of a known one."""
    return _hasher.hash("nobody")


def hashed(password: str) -> str:
    return _hasher.hash(_bytes(password))


def verified(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, _bytes(password))
    except (VerificationError, InvalidHashError):
        return False


def made() -> str:
    """A password that nobody has thought of."""
    return secrets.token_urlsafe(12)


def weakness(password: str, old: str, *names: str) -> Weak | None:
    """Why she whose ``names`` these are cannot have this password in place of ``old``; None: she can."""
    if len(password) < SHORTEST:
        return "too_short"
    if len(password) > LONGEST:
        return "too_long"
    if password == old:
        return "as_before"
    left = password.casefold()
    for known in (*names, *STEMS):
        left = left.replace(known.casefold(), "") if len(known) > 1 else left
    for run in RUNS:
        for start in range(len(run) - 3):
            left = left.replace(run[start : start + 4], "")
    left = re.sub(r"(.)\1{2,}", r"\1", left, flags=re.DOTALL)
    return "too_simple" if len(left) < LEFT or len(set(left)) < DIFFERENT else None


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "replace")

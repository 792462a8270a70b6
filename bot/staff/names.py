"""What the names of a member of staff may be: the one she signs in with, and the one that is shown."""

import re
import unicodedata

LIMIT = 32
# Letters and digits of any script, and what stands in an e-mail address.
_NAME = re.compile(r"[^\W_][\w.@+-]*")


def canonical(name: str) -> str:
    """The one spelling of a name: what no account can have reaches neither database nor rate limit."""
    return unicodedata.normalize("NFKC", name).replace("\0", "").strip().lower()[:LIMIT]


def new_name(name: str) -> str | None:
    """The name as a new account has it; None where it is none."""
    known = canonical(name)
    return known if len(name.strip()) <= LIMIT and _NAME.fullmatch(known) else None


def shown(name: str) -> str | None:
    """The name as others see it, without what cannot be seen or turns the line around; None: it is none."""
    kept = " ".join("".join(c for c in name if c.isspace() or unicodedata.category(c)[0] != "C").split())
    said = any(unicodedata.category(c)[0] in "LNSP" for c in kept)
    return kept if said and len(kept) <= LIMIT else None

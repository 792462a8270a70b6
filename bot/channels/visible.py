"""What of a shopper's text can be seen."""

import unicodedata


def visible(text: str) -> str | None:
    """The text without control characters; None where nothing of it can be seen."""
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc").strip()
    return text if any(unicodedata.category(c)[0] not in "CZ" for c in text) else None

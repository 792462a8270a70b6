"""Texts as WeChat takes them."""

LARGEST = 2048  # bytes of a text message, by experiment


def size(text: str) -> int:
    """Bytes of the text on the wire."""
    return len(text.encode("utf-8", "replace"))


def parts(text: str, largest: int = LARGEST) -> list[str]:
    """Return the text in parts of at most ``largest`` bytes, broken between lines or else sentences."""
    found: list[str] = []
    rest = text
    while size(rest) > largest:
        head = rest.encode("utf-8", "replace")[:largest].decode("utf-8", "ignore")
        # A break in the latter half only, so that no part is next to nothing.
        half = len(head) // 2
        line = head.rfind("\n", half)
        end = max(head.rfind(mark, half) for mark in "。！？；") + 1
        head = head[: line if line > 0 else end or None]
        found.append(head)
        rest = rest[len(head) :].removeprefix("\n")
    return [*found, rest] if rest or not found else found

"""How an answer is compared with what a dialogue expects of it. Runs in both environments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def differences(
    wanted: Mapping[str, Any], text: str, titles: Sequence[str], cards: Sequence[Mapping[str, Any]]
) -> list[str]:
    """What of an answer is otherwise than ``wanted``, a turn's members by their names in Python.

    The answer is all that was ``text``, the ``titles`` of its buttons, and its ``cards``.
    """
    wrong = [f"text: {part!r} is not said" for part in wanted["text"] if part not in text]
    if wanted["any"] and not any(part in text for part in wanted["any"]):
        wrong.append(f"any: none of {wanted['any']} is said")
    wrong += [f"not: {part!r} is said" for part in wanted["not_"] if part in text]
    wrong += [
        f"buttons: none offers {part!r}"
        for part in wanted["buttons"]
        if not any(part in title for title in titles)
    ]
    if wanted["no_buttons"] and titles:
        wrong.append(f"no_buttons: there are {list(titles)}")
    if wanted["cards"] is not None:
        wrong += [f"cards: {one}" for one in unlike(wanted["cards"], list(cards))]
    return wrong


def unlike(wanted: Any, found: Any, where: str = "") -> list[str]:
    """How ``found`` is unlike ``wanted``: mappings may hold more than wanted, lists may not."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return [
            one for key in wanted for one in unlike(wanted[key], found.get(key), f"{where}.{key}".lstrip("."))
        ]
    if isinstance(wanted, list) and isinstance(found, list):
        if len(wanted) != len(found):
            return [f"{where} {len(wanted)} expected, there are {len(found)}: {found}".strip()]
        return [one for i, w in enumerate(wanted) for one in unlike(w, found[i], f"{where}[{i}]")]
    return [] if wanted == found else [f"{where} {wanted!r} expected, it is {found!r}".strip()]

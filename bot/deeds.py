"""What the bot did in a turn, told from the events that Rasa noted; runs in both environments."""

from collections.abc import Iterable, Mapping
from typing import Any

Deed = dict[str, Any]
"""``event`` (action, active_loop, slot) and its ``name``; of a slot also ``set``."""


def deeds(events: Iterable[Mapping[str, Any]]) -> list[Deed]:
    """What came behind the message in a turn's events (as Rasa writes them): actions, loops, slots.

    No word of anybody's: of a slot there is its name and whether it was set, as its value may be personal.
    """
    done: list[Deed] = []
    for event in events:
        kind = event["event"]
        if kind == "user":
            done = []
        elif kind in ("action", "active_loop"):
            done.append({"event": kind, "name": event.get("name")})
        elif kind == "slot":
            done.append({"event": kind, "name": event["name"], "set": event.get("value") is not None})
    return done

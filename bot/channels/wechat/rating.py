"""A service is rated by a menu under the message that it ended with."""

from collections.abc import Sequence

from bot.conversations import ratings
from bot.conversations.models import Message
from bot.conversations.store import Store

from .render import Rendered, render
from .wording import say

_PAYLOAD = "guitai:rate:"
_SCORES = (5, 4, 3, 2, 1)


def rendered(store: Store, messages: Sequence[Message]) -> list[Rendered]:
    """The messages as WeChat shows them, with the menu under the one that asks for a rating."""
    asked = ratings.asked(store, messages[0].conversation_id) if messages else None
    return [_with_menu(render(message)) if message.seq == asked else render(message) for message in messages]


def score(payload: str | None) -> int | None:
    """The points that a tap on the menu gives; None where it is another button."""
    return int(payload.removeprefix(_PAYLOAD)) if payload and payload.startswith(_PAYLOAD) else None


def rate(store: Store, conversation_id: str, points: int) -> str:
    """Give the service that ended last these points; what is said to that."""
    try:
        ratings.rate(store, conversation_id, points)
    except ratings.NothingToRate:
        return say("rating_over")
    return say("rated_well" if points > 3 else "rated_badly")


def _with_menu(message: Rendered) -> Rendered:
    offered = tuple((say(f"rate_{points}"), f"{_PAYLOAD}{points}") for points in _SCORES)
    asks = say("rate_ask")
    text = message.text if asks in message.text else f"{message.text}\n{asks}"
    return Rendered(text, (*message.buttons, *offered), message.attachment)

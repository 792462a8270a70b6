"""A yes, a no, a correction: what a short answer means, by words of data/wording.yml.

Whatever the classifier says, nothing is written to the shop unless these words agree.
"""

import re

from actions.turn import Turn
from actions.wording import wording

# Intents of messages that are no value, whatever was asked for.
TALK = {"affirm", "deny", "greet", "goodbye", "thanks", "chitchat", "human_agent", "complain_service"}
LONGEST_YES = 20  # characters; who says more than that says more than yes


def says_yes(turn: Turn, wish: str) -> bool:
    """Whether the message is a plain yes to ``wish``, the intent that was asked about."""
    text = turn.text
    if len(text) > LONGEST_YES or _has("hesitation", text):
        return False
    # "对，取消吧" repeats the wish and is read as such.
    return turn.intent == "affirm" or text in wording()["yes"] or (turn.intent == wish and _begins_yes(text))


def says_no(turn: Turn) -> bool:
    """Whether the message drops the matter, as "算了" does."""
    if corrects(turn) or declines(turn):
        return False
    return turn.intent == "deny" or turn.text in wording()["no"]


def corrects(turn: Turn) -> bool:
    """Whether the message says that something else was meant, as "不对，是另一件" does."""
    return _has("correction", turn.text)


def declines(turn: Turn) -> bool:
    """Whether the shopper would rather not tell or show what is asked for."""
    return _has("declining", turn.text)


def asks(turn: Turn) -> bool:
    """Whether the message is a question."""
    return _has("questions", turn.text)


def states(turn: Turn) -> bool:
    """Whether the message may be the words asked for: neither talk nor a yes, a no or a question."""
    short = turn.text in wording()["yes"] or turn.text in wording()["no"]
    return bool(turn.text) and turn.intent not in TALK and not short and not asks(turn)


def wishes(turn: Turn, intent: str) -> bool:
    """Whether the message names the wish ``intent`` by one of its own words."""
    return any(word in turn.text for word in wording()["wishes"].get(intent, ()))


def _begins_yes(text: str) -> bool:
    return any(text.startswith(word) for word in wording()["yes"])


def _has(kind: str, text: str) -> bool:
    return bool(re.search("|".join(map(re.escape, wording()[kind])), text.lower()))

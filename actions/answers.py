"""A yes, a no, a correction: what a short answer means, by words of data/wording.yml.

Whatever the classifier says, nothing is written to the shop unless these words agree.
"""

import re

from actions.turn import Turn
from actions.wording import either, says, wording

# Intents of messages that are no value, whatever was asked for.
TALK = {"affirm", "deny", "greet", "goodbye", "thanks", "chitchat", "human_agent", "complain_service"}
LONGEST_NO = 15
LONGEST_YES = 20  # characters; who says more than that says more than yes


def says_yes(turn: Turn, wish: str) -> bool:
    """Whether the message is a plain yes to ``wish``, the intent that was asked about."""
    text = turn.text
    if len(text) > LONGEST_YES or says("hesitation", text):
        return False
    if text and not text.strip(wording()["nods"]):
        return True
    # "对，取消吧" repeats the wish and is read as such; "中间那个取消" does not.
    return _repeats(text, wish) or (turn.intent == "affirm" and _begins_yes(text))


def says_no(turn: Turn, wish: str) -> bool:
    """Whether the message drops ``wish``, as "算了" does; "算了，还是改地址" goes on with another."""
    if corrects(turn) or declines(turn):
        return False
    if turn.intent == "deny" or turn.text in wording()["no"]:
        return True
    if wish != "cancel_order" and turn.text.strip("。.！!~ ") in wording()["calling_off"]:
        return True
    another = turn.intent != wish and wishes(turn, turn.intent)
    return len(turn.text) <= LONGEST_NO and says("dropping", turn.text) and not asks(turn) and not another


def corrects(turn: Turn) -> bool:
    """Whether the message says that something else was meant, as "不对，是另一件" does."""
    return says("correction", turn.text)


def declines(turn: Turn) -> bool:
    """Whether the shopper would rather not tell or show what is asked for."""
    return says("declining", turn.text)


def asks(turn: Turn) -> bool:
    """Whether the message is a question."""
    return says("questions", turn.text)


def states(turn: Turn) -> bool:
    """Whether the message may be the words asked for: neither talk nor a yes, a no or a question."""
    short = turn.text in wording()["yes"] or turn.text in wording()["no"]
    dropped = turn.text.startswith("算了")
    return bool(turn.text) and turn.intent not in TALK and not short and not dropped and not asks(turn)


def wishes(turn: Turn, intent: str) -> bool:
    """Whether the message names the wish ``intent`` by one of its own words."""
    return any(word in turn.text for word in wording()["wishes"].get(intent, ()))


def _repeats(text: str, wish: str) -> bool:
    """Whether it is nothing but a yes and the wish itself: "好的，申请吧", "催吧"."""
    words = wording()
    solid = re.sub(r"[\W_]+", "", text.lower())
    parts = [*words["yes"], *words["wishes"].get(wish, ()), *words["verbs"].get(wish, ()), *words["doing"]]
    plain = re.fullmatch(f"(?:{either(parts)})+", solid)
    return bool(plain) and (_begins_yes(solid) or solid.endswith(("吧", "啊", "呀")))


def _begins_yes(text: str) -> bool:
    return any(text.lower().startswith(word) for word in wording()["yes"])

"""Which order an anonymous visitor may see: one that is proved by its number and the phone's last digits.

Until then nothing about any order is said.
"""

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.backend.contract import Actor, Locked, NotFound, Order, VerificationFailed, Visitor
from actions.order_questions import OTHER, locked, need
from actions.shop import ask_shop, shop
from actions.turn import Turn

WRONG_PROOFS = 5  # wrong pairs of order and phone a visitor may name within WRONG_SECONDS
WRONG_SECONDS = 900
TOKEN_MARGIN = timedelta(seconds=30)  # a scoped token this near to its end is not begun with


@dataclass(frozen=True)
class Proved:
    """An order that the visitor may see."""

    visitor: Visitor
    order: Order
    events: tuple[EventType, ...] = ()
    """That keep the proof."""


async def prove(
    say: CollectingDispatcher, turn: Turn, asked: str | None, failed: int
) -> Proved | list[EventType]:
    """The order that the visitor proves; else what asks for that which is lacking."""
    no = _order_no(turn, asked)
    if not no:
        missed = asked == "order_no" and not turn.entity("phone_tail")
        return need("order_no", failed + missed, SlotSet("order_no", None))
    visitor = visitor_for(turn, no)
    if visitor:
        try:
            return Proved(visitor, await ask_shop(turn, shop().order, visitor, no))
        except NotFound:
            pass  # the shop no longer honours the token: prove it anew
    tail = turn.entity("phone_tail") or (asked == "phone_tail" and _four_digits(turn.text))
    tail = tail or turn.known("phone_tail")
    if not tail:
        missed = asked == "phone_tail" and not turn.entity("order_no")
        return need("phone_tail", failed + missed, SlotSet("order_no", no))
    return await _verify(say, turn, no, tail, failed)


async def _verify(
    say: CollectingDispatcher, turn: Turn, no: str, tail: str, failed: int
) -> Proved | list[EventType]:
    wrong = [at for at in turn.slot("wrong_proofs") or [] if at > time.time() - WRONG_SECONDS]
    if len(wrong) >= WRONG_PROOFS:
        return locked(say, wrong[0] + WRONG_SECONDS - time.time())
    try:
        proof = await ask_shop(turn, shop().verify, no, tail)
    except VerificationFailed:
        wrong.append(time.time())
        # One sentence, whether the order or the phone is wrong.
        say.utter_message(response="utter_verification_failed")
        return [
            SlotSet("wrong_proofs", wrong),
            *need("phone_tail", failed + 1, SlotSet("phone_tail", None), SlotSet("order_no", no)),
        ]
    except Locked as error:
        return locked(say, error.retry_after)
    visitor = Visitor(proof.token)
    order = await ask_shop(turn, shop().order, visitor, no)
    token = {
        "order_no": no,
        "token": proof.token,
        "expires_at": proof.expires_at.isoformat(),
        "service": turn.service,
    }
    return Proved(visitor, order, (SlotSet("order_token", token), SlotSet("phone_tail", None)))


def visitor_for(turn: Turn, order_no: str) -> Visitor | None:
    """The visitor's right to see this order, if it was proved and still holds."""
    token = turn.slot("order_token")
    # A conversation that was closed and begun again is a new service: whoever speaks now proves it anew.
    if not token or token["order_no"] != order_no or token.get("service", 0) != turn.service:
        return None
    expires = datetime.fromisoformat(token["expires_at"])
    return Visitor(token["token"]) if expires - TOKEN_MARGIN > datetime.now(UTC) else None


def actor_for(turn: Turn, order_no: str) -> Actor | None:
    """Whoever may see this order in the name of the shopper."""
    return turn.customer or visitor_for(turn, order_no)


def _order_no(turn: Turn, asked: str | None) -> str | None:
    """The number of the order meant: as it is said, as it was, or of the one that was proved."""
    no = turn.entity("order_no")
    if no or turn.entity("ordinal") == OTHER:
        return no
    proved = {} if asked else turn.slot("order_token") or {}
    return turn.known("order_no") or proved.get("order_no")


def _four_digits(text: str) -> str | None:
    """``不好意思，是3036`` as an answer to the question for the phone's last digits."""
    runs = re.findall(r"\d+", text)
    return runs[0] if len(runs) == 1 and len(runs[0]) == 4 else None

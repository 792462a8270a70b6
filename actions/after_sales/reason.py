"""Why an after-sale is wished for, and the pictures that show it."""

from typing import Any

from actions.answers import declines
from actions.job import Step, Work
from actions.naming import without_service_words
from actions.turn import Turn
from actions.wording import choice, wording

SHOWN_BY_PICTURES = {"quality", "damaged", "wrong_item"}  # reasons that nobody believes unseen
SHOP_AT_FAULT = {*SHOWN_BY_PICTURES, "missing", "not_received"}
NOTE = 200  # characters of the shopper's own words that go along
PICTURES = 9  # that go along

# What an intent tells of the reason by itself.
REASON_OF = {"quality_complaint": "quality"}


class ReasonStep(Step):
    """Why.

    Args:
        codes: of REASONS, those that count here; the likeliest first.
        shown: how many of them are offered as buttons.
        otherwise: what holds where nothing is said; without, it is asked for.
    """

    name = "reason"

    def __init__(self, *codes: str, shown: int = 0, otherwise: str | None = None) -> None:
        self.codes = codes
        self.shown = shown or len(codes)
        self.otherwise = otherwise

    async def take(self, work: Work) -> None:
        values, turn = work.job.values, work.turn
        if text := work.job.early.get("text"):
            values["note"] = text[:NOTE]
        said = work.entity("reason") or REASON_OF.get(turn.intent)
        if said in self.codes:
            values[self.name] = said
        elif values.get(self.name) not in self.codes:
            values.pop(self.name, None)
            if self.otherwise or work.asked == self.name:
                code = self.otherwise or self._in_other_words(turn)
                if code:
                    values[self.name] = code
                if not self.otherwise and turn.text:
                    values["note"] = turn.text[:NOTE]

    async def ask(self, work: Work) -> None:
        reasons = wording()["reasons"]
        work.job.offered = {}
        buttons = [choice(code, reasons[code], "reason") for code in self.codes[: self.shown]]
        work.tell("utter_after_sales_why", *buttons)

    def accepts(self, turn: Turn) -> bool:
        return reason_said(turn) in self.codes

    def _in_other_words(self, turn: Turn) -> str | None:
        """A reason that is none of the usual ones, or none of the shop's business."""
        spoken = len(without_service_words(turn.text)) >= 2
        return "other" if "other" in self.codes and (declines(turn) or spoken) else None


class EvidenceStep(Step):
    """Pictures, for the reasons that need them."""

    name = "evidence"
    why = "utter_evidence_why"
    stuck = "utter_evidence_stuck"

    async def take(self, work: Work) -> None:
        sent = [*work.turn.pictures, *(pictures_before(work.turn) if not work.asked else [])]
        if sent:
            kept = work.job.values.get(self.name, [])
            work.job.values[self.name] = list(dict.fromkeys([*kept, *sent]))[:PICTURES]

    def lacks(self, work: Work) -> bool:
        values = work.job.values
        return needs_pictures(values) and not values.get(self.name)

    async def ask(self, work: Work) -> None:
        work.tell("utter_evidence_ask")

    def accepts(self, turn: Turn) -> bool:
        return bool(turn.pictures)


def reason_said(turn: Turn) -> str | None:
    """Why, as the message says it."""
    return turn.entity("reason") or REASON_OF.get(turn.intent)


def pictures_before(turn: Turn) -> list[str]:
    """Pictures that were sent before it was said what is wrong."""
    return list(turn.slot("evidence") or []) if turn.lately("evidence") else []


def needs_pictures(values: dict[str, Any]) -> bool:
    """Whether what a job knows must be shown."""
    return values.get("reason") in SHOWN_BY_PICTURES or bool(values.get("evidence_wanted"))

"""A job: work that changes something in the shop. What it knows, one turn of it, and the steps it takes."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from rasa_sdk.executor import CollectingDispatcher

from actions.backend.contract import Actor, Order
from actions.shop import ask_shop
from actions.turn import Turn
from actions.wording import order_title, wording

T = TypeVar("T")

CARRIED = ("items", "reason", "evidence")  # what a change of mind takes along to the next job


@dataclass
class Job:
    """What a job knows so far; lives in the slot ``job``."""

    form: str
    order_no: str | None = None
    several: bool = False
    values: dict[str, Any] = field(default_factory=dict)
    """By name of the step."""
    early: dict[str, str] = field(default_factory=dict)
    """Entities, and the ``text``, of the message that began the job, until its order is found."""
    offered: dict[str, str] = field(default_factory=dict)
    """What was last offered to choose from: the words of each value."""
    key: str | None = None
    """Of what was last shown to be confirmed."""
    attempts: int = 0
    """Answers in a row that did not bring what was asked for."""
    doubt: bool = False
    """Whether something unclear was said besides what was last shown: only its button confirms it then."""
    failures: int = 0
    outcome: str | None = None
    """done, left or refused; None while it goes on."""

    @classmethod
    def of(cls, turn: Turn, form: str, starting: bool) -> "Job":
        """The job in hand; a new one takes along what was just said for another."""
        kept = turn.slot("job")
        last = cls(**kept) if kept else None
        if last and not starting and last.form == form:
            return last
        job = cls(form)
        if last and not last.outcome and turn.lately("job"):
            job.order_no = last.order_no
            job.several = last.several
            job.values = {name: last.values[name] for name in CARRIED if name in last.values}
        return job

    def forget(self, *names: str) -> dict[str, Any]:
        """Take these values back; what they were."""
        return {name: self.values.pop(name) for name in names if name in self.values}


@dataclass
class Work:
    """One turn of a job: who speaks, for which order, and what is known."""

    say: CollectingDispatcher
    turn: Turn
    actor: Actor
    order: Order
    job: Job
    asked: str | None
    """What this message was to answer; None for the first one."""
    taken_back: dict[str, Any] = field(default_factory=dict)
    """What this message said to be wrong, as it was."""

    async def ask(self, call: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Make one call of the shop as the shopper."""
        return await ask_shop(self.turn, call, self.actor, *args, **kwargs)

    def entity(self, name: str) -> str | None:
        """The entity's value in this message, or in the one that began the job."""
        return self.turn.entity(name) or self.job.early.get(name)

    @property
    def text(self) -> str:
        """The words to look for values in: this message's, after those that began the job."""
        return " ".join(self.heard)

    @property
    def heard(self) -> list[str]:
        """The message that began the job, until its order is found, and this one, where they are typed."""
        return [text for text in dict.fromkeys((self.job.early.get("text"), self.turn.text)) if text]

    def tell(
        self, response: str, *buttons: dict[str, str], card: dict[str, Any] | None = None, **values: Any
    ) -> None:
        """Say a response; ``{title}`` and ``{order_no}`` are the order's."""
        said = {"title": order_title(self.order), "order_no": self.order.no, **values}
        custom = {"card": card} if card else None
        self.say.utter_message(response=response, buttons=list(buttons), json_message=custom, **said)


class Step(ABC):
    """One thing a job must know beside its order."""

    name: str
    """Its key in ``Job.values``, and the requested slot while it is asked for."""
    why: str | None = None
    """The response that explains to one who declines what it is needed for."""
    stuck = "utter_offer_human"
    """The response that offers a human after asking in vain."""

    @abstractmethod
    async def take(self, work: Work) -> None:
        """Take the value from the message, if it is there."""

    @abstractmethod
    async def ask(self, work: Work) -> None:
        """Ask for it; ``work.job.attempts`` tells how often that was in vain."""

    def accepts(self, turn: Turn) -> bool:
        """Whether the message surely is an answer, whatever intent it was taken for."""
        return bool(turn.entity("choice"))

    def lacks(self, work: Work) -> bool:
        return self.name not in work.job.values


def unfinished(turn: Turn) -> list[dict[str, str]]:
    """A button that goes on with the job that another question interrupted; none without one."""
    job = turn.slot("job")
    if not job or job["outcome"] or not job["order_no"] or not turn.lately("job"):
        return []
    intent = str(job["form"]).removesuffix("_form")
    title = wording()["go_on"].format(job=wording()["readings"][intent])
    return [{"title": title, "payload": f'/{intent}{{"order_no": "{job["order_no"]}"}}'}]

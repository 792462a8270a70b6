"""The form of a job: what all capabilities that write share.

A job finds its order, collects what else it needs step by step, shows what will happen, and acts after
a plain yes. What was shown carries a key: the yes to it acts once, however often it is said or retried,
and a yes to something shown earlier never acts.
"""

from abc import abstractmethod
from dataclasses import asdict
from typing import Any

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import ActionExecutionRejection

from actions.answers import corrects, declines, says_no, says_yes, wishes
from actions.backend.contract import Actor, Allowed, Order, Refused, Unavailable
from actions.job import Job, Step, Work
from actions.order_choice import ValidateOrderForm
from actions.order_questions import ATTEMPTS, OTHER
from actions.policies import over_limit
from actions.shop import ask_shop, shop
from actions.turn import HUMAN, NO_THANKS, UNSURE, Turn
from actions.visitors import actor_for
from actions.wording import button, human_offer, says

CONFIRMED = "confirmed"  # the requested slot while a yes is awaited
ORDER_SLOTS = {"order_no", "phone_tail"}
REFUSALS = 2  # proposals turned down in a row, after which a human is offered


class JobForm(ValidateOrderForm):
    """Validation of a form that ends in a write. A subclass is one capability."""

    permission: str
    """Key of ``Order.can``."""
    steps: tuple[Step, ...] = ()
    instead: tuple[tuple[str, str, str], ...] = ()
    """What helps where the shop refuses: the cause, the button's name and its intent."""

    @abstractmethod
    async def write(self, work: Work, *, key: str, dry_run: bool) -> Any:
        """Do it, or with ``dry_run`` learn what would happen.

        Raises:
            Refused: the shop forbids it.
        """

    @abstractmethod
    def tell(self, work: Work, what: str, told: Any, *buttons: dict[str, str]) -> None:
        """Show what will happen (``propose``), with item, amount and consequence, or what was ``done``."""

    def pays_fen(self, would: Any) -> int:
        """What it gives out, where that is limited without a human."""
        return 0

    async def refused(self, work: Work, refused: Refused) -> list[EventType]:
        """Explain why it cannot be done and offer what can."""
        order = f'{{"order_no": "{work.order.no}"}}'
        ways = [
            button(name, f"/{intent}{order}")
            for cause, name, intent in self.instead
            if cause == refused.cause
        ]
        work.tell("utter_refused", *ways, *human_offer(), reason=refused.reason)
        return self.end(work.job, "refused")

    def may(self, order: Order) -> Allowed | None:
        """What the shop says to it for this order; None where it only tells when asked to do it."""
        return order.can.get(self.permission)

    # From here on nothing needs to be overridden.

    def offered(self, orders: list[Order]) -> list[Order]:
        allowed = [order for order in orders if (can := self.may(order)) and can.allowed]
        return allowed or orders

    async def act(self, say: CollectingDispatcher, turn: Turn) -> list[EventType]:
        starting = self.starting(turn)
        job = Job.of(turn, self.form, starting)
        asked = None if starting else turn.slot("requested_slot")
        if asked and not turn.digressed:
            if says_no(turn, self.intent) and not self._answers(turn, asked):
                return self._leave(say, turn, job)
            if self.digresses(turn):
                raise ActionExecutionRejection(self.form)
        if asked in ORDER_SLOTS and turn.digressed:
            return [SlotSet("requested_slot", asked)]
        if starting:
            job.early = turn.meant
        actor = actor_for(turn, job.order_no) if job.order_no else None
        confirms = asked == CONFIRMED and not turn.digressed and self._agrees(turn, job)
        # Without an actor: a visitor's proof ran out.
        if not asked or asked in ORDER_SLOTS or not actor or self._another_order(turn):
            found = await self.find_order(say, turn, asked if asked in ORDER_SLOTS else None)
            return [SlotSet("job", asdict(job)), *found]
        try:
            order = await ask_shop(turn, shop().order, actor, job.order_no)
        except Unavailable:
            if not confirms:
                raise
            return self._undecided(say, job)  # what was proposed still stands
        work = Work(say, turn, actor, order, job, asked)
        # Before anything else: what was done already, without an answer, must not be refused as done.
        return await self._carry_out(work) if confirms else await self._go_on(work)

    async def chosen(
        self, say: CollectingDispatcher, turn: Turn, actor: Actor, order: Order, several: bool
    ) -> list[EventType]:
        starting = self.starting(turn)
        job = Job.of(turn, self.form, starting)
        if starting:
            job.early = turn.meant
        if job.order_no != order.no:
            job.values, job.key = {}, None
        job.order_no, job.several = order.no, several
        return await self._go_on(Work(say, turn, actor, order, job, None))

    def digresses(self, turn: Turn) -> bool:
        asked = turn.slot("requested_slot")
        if asked in ORDER_SLOTS:
            return super().digresses(turn)
        if turn.intent == "affirm" and turn.offered_human and not turn.entity("proposal"):
            return True
        if turn.intent in {self.intent, "inform", "affirm", "deny", *UNSURE}:
            return False
        if wishes(turn, turn.intent):
            return True
        steps = [step for step in self.steps if asked in (step.name, CONFIRMED)]
        return not (any(step.accepts(turn) for step in steps) or (asked != CONFIRMED and declines(turn)))

    def _answers(self, turn: Turn, asked: str) -> bool:
        """Whether it is the value asked for, though it sounds like a no: "不喜欢了"."""
        return any(step.accepts(turn) for step in self.steps if step.name == asked)

    def _another_order(self, turn: Turn) -> bool:
        """Whether the message turns to another order than the one in hand."""
        job = turn.slot("job") or {}
        no = turn.entity("order_no")
        if no:
            return bool(no != job.get("order_no"))
        if turn.entity("ordinal") == OTHER:
            return True
        # Where nothing but the order can be wrong, it is.
        wrong = not self.steps or says("orders", turn.text)
        return corrects(turn) and bool(job.get("several")) and wrong

    async def _go_on(self, work: Work) -> list[EventType]:
        """Take what the message brings, then ask for what is lacking, or propose."""
        try:
            return await self._advance(work)
        except Refused as refused:
            return await self.refused(work, refused)

    async def _advance(self, work: Work) -> list[EventType]:
        job, turn = work.job, work.turn
        can = self.may(work.order)
        if can and not can.allowed:
            raise Refused(can.cause or "", can.reason or "")
        before = dict(job.values)
        if not turn.digressed:
            if corrects(turn):
                work.taken_back = job.forget(*self._corrected(work))
            for step in self.steps:
                await step.take(work)
        job.early = {}
        job.doubt = turn.digressed and turn.intent in UNSURE
        again = work.asked == CONFIRMED and turn.intent == self.intent  # the wish, said once more
        answered = job.values != before or not work.asked or again
        if not turn.digressed:
            job.attempts = 0 if answered else job.attempts + 1
        for step in self.steps:
            if step.lacks(work):
                return await self._request(work, step)
        return await self._propose(work, anew=job.values != before or not job.key)

    def _corrected(self, work: Work) -> tuple[str, ...]:
        """The steps that a bare "不对" takes back: the item where there are several."""
        return ("items",) if len(work.order.items) > 1 else ()

    def _agrees(self, turn: Turn, job: Job) -> bool:
        shown = turn.entity("proposal")
        if not job.key or shown is not None:
            return shown is not None and shown == job.key
        return bool(turn.text) and not job.doubt and says_yes(turn, self.intent)

    async def _request(self, work: Work, step: Step) -> list[EventType]:
        job = work.job
        job.key = None
        if job.attempts >= ATTEMPTS and not work.turn.digressed:
            work.tell(step.stuck, *human_offer())
        elif step.why and declines(work.turn):
            work.tell(step.why, button("human", HUMAN))
        else:
            await step.ask(work)
        return self._waits(job, step.name)

    async def _propose(self, work: Work, anew: bool) -> list[EventType]:
        job = work.job
        would = await self.write(work, key="", dry_run=True)
        if over_limit(self.pays_fen(would)):
            work.tell("utter_over_limit", *human_offer())
            return self.end(job, "refused")
        if anew:
            job.key = f"{work.turn.message_id}.{self.form}"
        if job.attempts >= ATTEMPTS and not work.turn.digressed:
            work.tell("utter_unclear_twice", *self._yes_no(job), button("human", HUMAN))
        elif job.attempts and not work.turn.digressed:
            # A yes to come must know what to.
            work.tell("utter_confirm_again")
            self.tell(work, "propose", would, *self._yes_no(job))
        else:
            self.tell(work, "propose", would, *self._yes_no(job))
        return self._waits(job, CONFIRMED)

    def _yes_no(self, job: Job) -> tuple[dict[str, str], dict[str, str]]:
        return (
            button(f"yes_{self.intent}", f'/affirm{{"proposal": "{job.key}"}}'),
            button(f"no_{self.intent}", NO_THANKS),
        )

    async def _carry_out(self, work: Work) -> list[EventType]:
        job = work.job
        try:
            done = await self.write(work, key=job.key or "", dry_run=False)
        except Refused as refused:
            return await self.refused(work, refused)
        except Unavailable:
            return self._undecided(work.say, job)
        self.tell(work, "done", done)
        return [*self.end(job, "done"), SlotSet("refusals", 0)]

    def _undecided(self, say: CollectingDispatcher, job: Job) -> list[EventType]:
        """The shop gave no answer to the yes: trying again acts once. The second time a human is offered."""
        job.failures += 1
        if job.failures < ATTEMPTS:
            again = button("again", f'/affirm{{"proposal": "{job.key}"}}')
            say.utter_message(response="utter_write_unsure", buttons=[again, button("human", HUMAN)])
        else:
            say.utter_message(response="utter_write_failed", buttons=human_offer())
        return self._waits(job, CONFIRMED)

    def _waits(self, job: Job, slot: str) -> list[EventType]:
        """The form goes on with ``slot``; its order is what is spoken of."""
        return [
            SlotSet("order_no", job.order_no),
            SlotSet("job", asdict(job)),
            SlotSet("requested_slot", slot),
        ]

    def _leave(self, say: CollectingDispatcher, turn: Turn, job: Job) -> list[EventType]:
        """The shopper lets it be. Turned down twice, a human may find what suits."""
        proposed = turn.slot("requested_slot") == CONFIRMED and not job.failures
        refusals = int(turn.slot("refusals") or 0) + proposed
        if proposed and refusals >= REFUSALS:
            say.utter_message(response="utter_left_twice", buttons=human_offer())
        else:
            say.utter_message(response="utter_left_undecided" if job.failures else "utter_left")
        return [*self.end(job, "left"), SlotSet("refusals", refusals)]

    def end(self, job: Job, outcome: str) -> list[EventType]:
        """Ends the form; what it has collected, such as an address, is forgotten."""
        job.outcome = outcome
        job.values, job.early = {}, {}
        topic = [SlotSet("order_no", job.order_no)] if job.order_no else []
        return [*topic, SlotSet("job", asdict(job)), SlotSet("order", None), SlotSet("requested_slot", None)]

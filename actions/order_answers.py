"""What all answers about one order share."""

from abc import abstractmethod

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.backend.contract import Actor, Order, Unavailable
from actions.cards import restored
from actions.job import unfinished
from actions.order_questions import OTHER
from actions.turn import Turn, TurnAction
from actions.visitors import actor_for
from actions.wording import button


class OrderAction(TurnAction):
    """Answers what was asked of the order that the form found."""

    intent: str

    @abstractmethod
    async def tell(
        self, say: CollectingDispatcher, turn: Turn, order: Order, others: list[dict[str, str]]
    ) -> None:
        """Answer; ``others`` are the buttons that lead elsewhere."""

    async def act(self, say: CollectingDispatcher, turn: Turn) -> list[EventType]:
        slot = turn.slot("order")
        if not slot:
            return []  # the form ended without an order and has said why
        others = unfinished(turn)
        if slot["several"]:
            others.append(button("other_orders", f'/{self.intent}{{"ordinal": "{OTHER}"}}'))
        await self.tell(say, turn, restored(slot), others)
        return [SlotSet("order", None)]


def sure_actor(turn: Turn, order: Order) -> Actor:
    """Whoever may see the order that was just found."""
    actor = actor_for(turn, order.no)
    if actor is None:
        raise Unavailable("the right to see the order ended within the turn")
    return actor

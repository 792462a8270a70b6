"""Conversations with actions, as the engine would lead them: slots and events are kept from turn to turn."""

import time
from collections.abc import Mapping
from itertools import count
from typing import Any

from bot.settings import Settings
from bot.shop.loading import load
from tests.actions.conftest import ActionServer, Said, loop, slot

# An order that came yesterday.
DELIVERED = {"status": "delivered", "placed": "T-5d", "paid": "T-5d", "shipped": "T-4d", "delivered": "T-1d"}
LATE = {"status": "completed", "placed": "T-40d", "paid": "T-40d", "shipped": "T-39d", "delivered": "T-36d"}

_serials = count(70000001)


def given(settings: Settings, id: str, *orders: Mapping[str, Any]) -> str:
    """Put a customer with these orders into the shop; her id."""
    customer = {
        "id": id,
        "name": "顾小北",
        "phone": "13900002000",
        "addresses": [{"region": "浙江省嘉兴市", "street": "中山路 1 号"}],
    }
    made = [{"customer": id, "serial": str(next(_serials)), **order} for order in orders]
    load(settings.shop_database, {"customers": [customer], "orders": made})
    return id


class Talk:
    """Says one message after the other to actions; slots and events are kept."""

    def __init__(self, actions: ActionServer, customer: str | None = None) -> None:
        self._actions = actions
        self._customer = customer
        self.slots: dict[str, Any] = {}
        self.events: list[dict[str, Any]] = []

    def call(self, action: str, **message: Any) -> Said:
        """The answer of ``action``."""
        said = self._actions.call(
            action, customer=self._customer, slots=self.slots, before=self.events, **message
        )
        self.events.append({"event": "user", "timestamp": time.time() - 1, "parse_data": {"intent": {}}})
        self.events += said.events
        self.slots |= said.slots
        return said


class FormTalk(Talk):
    """Says one message after the other to the validation of ``form``."""

    def __init__(self, actions: ActionServer, form: str, customer: str) -> None:
        super().__init__(actions, customer)
        self._form = form

    def say(self, text: str, intent: str = "inform", **entities: str) -> Said:
        """The answer to a typed message, as it was understood."""
        since = [] if self.slots.get("requested_slot") else [loop(self._form)]
        return self.call(f"validate_{self._form}", text=text, intent=intent, entities=entities, since=since)

    def tap(self, intent: str = "inform", **entities: str) -> Said:
        """The answer to a button."""
        return self.say(f"/{intent}", intent, **entities)

    def change_to(self, form: str) -> None:
        """What is said next begins another form."""
        self._form = form
        self.slots["requested_slot"] = None


class GoodsTalk(Talk):
    """Questions about goods, one after the other."""

    def ask(self, intent: str, text: str, **entities: str) -> Said:
        names = {"inform": "action_product_named", "nlu_fallback": "action_ask_back"}
        action = names.get(intent, f"action_{intent}")
        return self.call(action, text=text, intent=intent, entities=entities)

    def spoken_of(self, order_no: str) -> None:
        self.slots["order_no"] = order_no
        self.events.append(slot("order_no", order_no))

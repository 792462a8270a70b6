"""A conversation with one form, as the engine would lead it: slots and events are kept from turn to turn."""

import time
from collections.abc import Mapping
from itertools import count
from typing import Any

from bot.settings import Settings
from bot.shop.loading import load
from tests.actions.conftest import ActionServer, Said, loop

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


class FormTalk:
    """Says one message after the other to the validation of ``form``."""

    def __init__(self, actions: ActionServer, form: str, customer: str) -> None:
        self._actions = actions
        self._form = form
        self._customer = customer
        self.slots: dict[str, Any] = {}
        self._events: list[dict[str, Any]] = []

    def say(self, text: str, intent: str = "inform", **entities: str) -> Said:
        """The answer to a typed message, as it was understood."""
        return self._call(self._form, text, intent, entities)

    def tap(self, intent: str = "inform", **entities: str) -> Said:
        """The answer to a button."""
        return self._call(self._form, f"/{intent}", intent, entities)

    def change_to(self, form: str) -> None:
        """What is said next begins another form."""
        self._form = form
        self.slots["requested_slot"] = None

    def _call(self, form: str, text: str, intent: str, entities: dict[str, str]) -> Said:
        starting = not self.slots.get("requested_slot")
        said = self._actions.call(
            f"validate_{form}",
            text=text,
            intent=intent,
            entities=entities,
            customer=self._customer,
            slots=self.slots,
            before=self._events,
            since=[loop(form)] if starting else [],
        )
        self._events.append({"event": "user", "timestamp": time.time() - 1, "parse_data": {"intent": {}}})
        self._events += said.events
        self.slots |= said.slots
        return said

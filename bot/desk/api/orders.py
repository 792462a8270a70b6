"""Calls that do something with an order on the customer's behalf."""

import hashlib
from functools import cache
from pathlib import Path

from fastapi import APIRouter

from actions.backend.contract import NotFound, ShopError
from bot.desk import order_actions, telling
from bot.desk.order_actions import Deed, Outcome, Wish
from bot.desk.shop_calls import ask, do
from bot.problems import Problem, responses
from bot.staff import texts
from bot.staff.sessions import Staff
from bot.staff.texts import Texts

from . import caller, wishes
from .answers import customers as answers
from .services import Services


class NotSure(Exception):
    """It was asked for before, and nobody knows yet whether it was done: ``client_id`` goes on with it."""

    def __init__(self, client_id: str) -> None:
        super().__init__(client_id)
        self.client_id = client_id


def create_router(desk: Services) -> APIRouter:
    """``/conversations/{id}/order-actions``."""
    router = APIRouter(
        prefix="/conversations/{id}/order-actions", tags=["customer"], responses=responses(404, 409)
    )

    def prepared(conversation_id: str, body: wishes.PreviewRequest, staff: Staff) -> Wish:
        """The wish, once it is sure that order and pictures are this customer's. Raises as ``propose``."""
        wish = body.act.wish()
        desk.customer(staff, conversation_id)
        customer = order_actions.customer_of(desk.store, conversation_id, staff)
        if isinstance(body.act, wishes.Withdraw):
            of_order = desk.shop.after_sales(customer, order_no=wish.order_no)
            if wish.about not in {sale.id for sale in of_order.items}:
                raise NotFound
        else:
            desk.shop.order(customer, wish.order_no)
        if isinstance(body.act, wishes.AfterSaleWish):
            for picture in body.act.evidence:
                found = desk.pictures.find(picture)
                if found is None or found[0].conversation_id != conversation_id:
                    raise Problem(422, "unknown-attachment", "There is no such picture in the conversation.")
        return wish

    @router.post("/preview")
    async def preview(
        id: caller.ConversationId, body: wishes.PreviewRequest, staff: caller.Agent
    ) -> answers.Preview:
        """What would happen; nothing is changed. 409 ``refused`` says why it cannot be done."""
        wish = await ask(prepared, id, body, staff)
        would = await ask(order_actions.propose, desk.store, desk.shop, staff, id, wish)
        return answers.Preview(result=would, told=_told(wish, would, _texts()[body.language]))

    @router.post("")
    async def act(id: caller.ConversationId, body: wishes.ActRequest, staff: caller.Agent) -> answers.Outcome:
        """Do it, once however often it is asked for; a note tells colleagues.

        For whoever has the conversation or has joined, and supervisors. ``unsure``: call again with the same
        ``client_id`` until it is known.
        """
        t = _texts()[body.language]
        deed = _deed(id, body, await ask(prepared, id, body, staff))

        def note(outcome: Outcome) -> str:
            return telling.note(deed.wish, outcome, t)

        try:
            outcome = await do(order_actions.carry_out, desk.store, desk.shop, staff, id, deed, note)
        except ShopError:
            outcome = Outcome("unsure")
        desk.watcher.hint(id)
        told = _told(deed.wish, outcome.result, t) if outcome.kind == "done" else []
        return answers.Outcome(kind=outcome.kind, reason=outcome.reason, result=outcome.result, told=told)

    return router


def _deed(conversation_id: str, body: wishes.ActRequest, wish: Wish) -> Deed:
    """The wish under its key, or what was asked for before and is not settled. Raises NotSure."""
    said = "\0".join((conversation_id, body.client_id, body.act.model_dump_json()))
    key = f"desk.{hashlib.sha256(said.encode()).hexdigest()[:24]}"
    before = order_actions.unsure(wish.action, wish.about)
    if before is None:
        return Deed(wish, key)
    if before.key in (key, body.client_id):
        return before
    raise NotSure(before.key)


def _told(wish: Wish, result: object, t: Texts) -> list[answers.Told]:
    return [answers.Told(label=label, value=value) for label, value in telling.facts(wish, result, t)]


@cache
def _texts() -> dict[str, Texts]:
    return texts.load(Path(telling.__file__).parent / "texts.yml")

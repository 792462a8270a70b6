"""ticket_status: what has become of what people are still working on for her."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.turn import Turn, TurnAction
from actions.wording import button, human_offer, lines, moment, wording

REOPEN = "guitai:reopen_ticket:"  # and the ticket's id; the conversation itself answers it
REOPENABLE = timedelta(days=7)
ACTIVE = {"open", "in_progress", "waiting"}
DONE = {"resolved", "closed"}

# T100023, t 100023; of bare digits only as many as a ticket has.
_NUMBER = re.compile(r"(?<![A-Za-z\d])(?:(?P<mark>[Tt])[ -]?\d{1,9}|\d{6,7})(?!\d)")


class ActionTicketStatus(TurnAction):
    """Tells the state of the ticket she names, of her only one, or of all of them; never of others'."""

    def name(self) -> str:
        return "action_ticket_status"

    async def act(self, say: CollectingDispatcher, turn: Turn) -> list[EventType]:
        tickets = turn.tickets
        number = _named(turn, tickets)
        named = [ticket for ticket in tickets if ticket["ticket_no"] == number]
        if number and not named:
            say.utter_message(
                response=f"utter_ticket_status_not_hers{'_but' if tickets else ''}",
                ticket_no=number,
                json_message={"cards": tickets} if tickets else None,
                buttons=human_offer(),
            )
        elif not tickets:
            who = "customer" if turn.customer else "visitor"
            say.utter_message(response=f"utter_ticket_status_none_{who}", buttons=human_offer())
        elif named or len(tickets) == 1:
            _tell(say, (named or tickets)[0])
        else:
            say.utter_message(
                response="utter_ticket_status_several",
                count=str(len(tickets)),
                tickets=lines(map(_line, tickets)),
                json_message={"cards": tickets},
            )
        return []


def _named(turn: Turn, tickets: list[dict[str, Any]]) -> str | None:
    """The ticket number in the message; bare digits may be an order's instead."""
    found = _NUMBER.search(turn.text)
    if not found:
        return None
    number = "T" + re.sub(r"\D", "", found[0])
    known = any(ticket["ticket_no"] == number for ticket in tickets)
    return number if known or found["mark"] or not turn.entity("order_no") else None


def _tell(say: CollectingDispatcher, ticket: dict[str, Any]) -> None:
    state, changed = ticket["status"], datetime.fromisoformat(ticket["updated_at"])
    kind, buttons = state if state in ACTIVE | DONE else "other", human_offer()
    if state in DONE and datetime.now(UTC) - changed < REOPENABLE:
        kind, buttons = f"{state}_lately", [button("reopen_ticket", f"{REOPEN}{ticket['ticket_id']}")]
    elif state not in DONE and state != "waiting" and not _late(ticket):
        buttons = []
    say.utter_message(
        response=f"utter_ticket_status_{kind}",
        ticket_no=ticket["ticket_no"],
        title=ticket["title"],
        status=ticket["status_text"],
        when=moment(changed),
        due=_due(ticket, "ticket_due", "ticket_late"),
        json_message={"card": ticket},
        buttons=buttons,
    )


def _line(ticket: dict[str, Any]) -> str:
    due = _due(ticket, "ticket_line_due", "ticket_line_late")
    form = wording()["ticket_line"]
    return str(
        form.format(no=ticket["ticket_no"], title=ticket["title"], status=ticket["status_text"], due=due)
    )


def _due(ticket: dict[str, Any], in_time: str, late: str) -> str:
    due = _due_at(ticket)
    return str(wording()[late if _late(ticket) else in_time].format(when=moment(due))) if due else ""


def _late(ticket: dict[str, Any]) -> bool:
    due = _due_at(ticket)
    return due is not None and due < datetime.now(UTC)


def _due_at(ticket: dict[str, Any]) -> datetime | None:
    """By when she is to hear of it; None when that is unknown or does not matter any more."""
    due = ticket.get("due_at")
    return datetime.fromisoformat(due) if due and ticket["status"] not in DONE else None

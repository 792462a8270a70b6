"""What happened: in this conversation, in its tickets, and in the customer's other conversations."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bot.conversations import ownership, tickets
from bot.conversations.models import Event, Handoff, Rating, Ticket
from bot.conversations.ownership import BOT
from bot.conversations.past import Past
from bot.handoff import desk_rules
from bot.handoff.packet import reason_text
from bot.staff.texts import Texts

from ..elements import el, moment, text

BY_SYSTEM = ("shopper", "system", "bot", "outside")
# How a service may end by itself; what the list of moves says already stands in SAID.
ENDED = ("handed_back", "closed", "left", "silence", "shopper", "ticket")
SAID = ("handed_back", "closed", "left", "shopper")


def outcome_text(code: str, t: Texts) -> str:
    """What a service came to, as an agent chose or as it ended by itself; an unknown code as it is."""
    if title := desk_rules.outcomes().get(code):
        return title.of(t.language)
    return t(f"ended_{code}") if code in ENDED else code


class HistoryBox:
    """Made inside the column: the conversation's changes of owner and its ratings, newest first."""

    def __init__(self, t: Texts, names: Callable[[], Mapping[str, str]]) -> None:
        self._t, self._names = t, names
        self._ended: dict[datetime, Handoff] = {}
        with el("section", "box") as self._frame:
            text("h2", t("history"))
            self._list = el("ol", "history", data_testid="history")

    def show(self, events: Sequence[Event], ratings: Sequence[Rating], services: Sequence[Handoff]) -> None:
        """Show these in place of what was shown; ``services``: those by people."""
        self._list.clear()
        self._ended = {service.ended_at: service for service in services if service.ended_at}
        happened: list[Event | Rating] = [*events, *ratings]
        self._frame.set_visibility(bool(happened))
        with self._list:
            for each in sorted(happened, key=_moment_of, reverse=True):
                with el("li"):
                    moment(_moment_of(each))
                    if isinstance(each, Rating):
                        self._show_rating(each)
                    else:
                        self._show_event(each)

    def _show_event(self, event: Event) -> None:
        t = self._t
        names = {**{code: t(f"by_{code}") for code in BY_SYSTEM}, **self._names()}
        values = {
            "name": names.get(event.by, t("someone")),
            "to": names.get(event.to_owner, t("someone")),
            "reason": reason_text(event.reason or "", t.language),
        }
        move = "nobody_there" if event.reason == "nobody_there" else event.move
        try:
            said = t(f"move_{move}", **values)
        except KeyError:
            said = move
        text("span", said)
        detail = event.detail or {}
        for key in ("settled", "note"):
            if words := detail.get(key):
                text("p", t("noted" if key == "note" else key, **{key: words}), "settled")
        if (ended := self._ended.get(event.at)) and move != "nobody_there":
            self._show_outcome(ended)

    def _show_outcome(self, service: Handoff) -> None:
        """What the agent chose; that it ended, and by whom, stands there already."""
        t = self._t
        if service.outcome and service.outcome not in SAID:
            text("p", t("outcome", outcome=outcome_text(service.outcome, t)), "settled")
        tags = [title.of(t.language) for code, title in desk_rules.tags().items() if code in service.tags]
        if tags:
            text("p", t("tagged", tags=t("comma").join(tags)), "settled")

    def _show_rating(self, rating: Rating) -> None:
        stars = "rated_bot" if rating.served_by == BOT else "rated"
        text("span", self._t(stars, score=rating.score))
        if rating.comment:
            text("p", rating.comment, "settled")


class TicketsBox:
    """Made inside the column: the conversation's tickets, none shown where there is none."""

    def __init__(self, t: Texts, open_ticket: Callable[[int], object]) -> None:
        self._t, self._open = t, open_ticket
        self._frame = el("section", "box", data_testid="conversation-tickets")
        with self._frame:
            text("h2", t("tickets"))
            self._box = el("div", "links")

    def show(self, found: Sequence[Ticket]) -> None:
        """Show these in place of what was shown."""
        self._frame.set_visibility(bool(found))
        self._box.clear()
        with self._box:
            for ticket in found:
                self._show(ticket)

    def _show(self, ticket: Ticket) -> None:
        row = el(
            "button", "link-row", type="button", data_testid="conversation-ticket", data_state=ticket.state
        )
        with row:
            with el("span", "card-head"):
                text("span", tickets.number(ticket), "number")
                text("span", self._t(f"ticket_{ticket.state}"), "chip", data_ticket=ticket.state)
            text("span", ticket.title, "link-row-title")
            if ticket.due and ticket.state in tickets.OPEN_STATES:
                with el("span", "hint"):
                    text("span", self._t("due"))
                    moment(ticket.due)
        row.on("click", lambda: self._open(ticket.id), args=[])


def show_past(
    found: Sequence[Past], names: Mapping[str, str], t: Texts, open_conversation: Callable[[str], object]
) -> None:
    """The customer's other conversations; a click opens one."""
    if not found:
        text("p", t("past_empty"), "hint")
    with el("div", "links"):
        for past in found:
            _show_past(past, names, t, open_conversation)


def _show_past(
    past: Past, names: Mapping[str, str], t: Texts, open_conversation: Callable[[str], object]
) -> None:
    conversation, handoff, rating = past.conversation, past.handoff, past.rating
    row = el("button", "link-row", type="button", data_testid="past", data_conversation=conversation.id)
    with row:
        with el("span", "card-head"):
            moment(conversation.updated_at)
            agent = ownership.agent(handoff.agent_id) if handoff and handoff.agent_id else None
            kind = ownership.kind(conversation.owner)
            nobody = t("owner_queue") if kind == "queue" else t("from_bot")
            text("span", names.get(agent, t("someone")) if agent else nobody, "past-who")
            if kind != "closed" and not (handoff and handoff.ended_at):
                text("span", t("past_open"), "chip", data_owner=kind)
            elif handoff and handoff.outcome:
                text("span", outcome_text(handoff.outcome, t), "chip")
            if rating and rating.score:
                text("span", "★" * rating.score, "stars", title=t("rated", score=rating.score))
        if handoff and handoff.reason:
            text("span", reason_text(handoff.reason, t.language), "hint")
        if rating and rating.comment:
            text("span", rating.comment, "link-row-title")
    row.on("click", lambda: open_conversation(conversation.id), args=[])


def _moment_of(happened: Event | Rating) -> datetime:
    return happened.at if isinstance(happened, Event) else happened.rated_at or happened.asked_at

"""Moves that ask something first. Each answers whether it was done."""

import asyncio
from collections.abc import Callable, Mapping

from bot.conversations import guests, handoffs, ownership, tickets
from bot.conversations.models import Conversation
from bot.handoff import desk_rules
from bot.handoff.desk_rules import Title

from .board import Colleague
from .context import Context
from .dialogs import Answer, Option, ask, choice, line, lines, moment

_PRESENCE_ORDER = ("online", "busy", "away", "offline")


async def sure(ctx: Context, what: str) -> Answer | None:
    """Only whether it is meant."""
    return await ask(ctx, what)


async def transfer(ctx: Context, conversation: Conversation) -> bool:
    """To a colleague or back into a queue, with a note."""
    everybody = _colleagues(ctx, lambda one: one.id != ctx.staff.id)
    groups = [(ctx.t("colleagues"), everybody), (ctx.t("queues"), _queues(ctx))]
    said = await ask(
        ctx, "transfer", choice("to", groups, first=True), lines("note", ctx.t("field_note"), rows=2)
    )
    if said is None:
        return False
    kind, _, code = said.one("to").partition(":")
    store, note, me = ctx.desk.store, said.one("note") or None, ctx.staff.id
    if kind == "queue":
        if code not in desk_rules.queues():
            return False
        await asyncio.to_thread(store.requeue, conversation.id, me, note, code)
        return True
    if (colleague := _there(ctx, code)) is None:
        return False
    await asyncio.to_thread(store.transfer, conversation.id, me, colleague.id, colleague.name, note)
    return True


async def invite(ctx: Context, conversation: Conversation) -> bool:
    """A colleague joins."""
    joined = await asyncio.to_thread(guests.of, ctx.desk.store, conversation.id)
    others = _colleagues(ctx, lambda one: one.id != ctx.staff.id and one.id not in joined)
    if not others:
        ctx.tell("nobody_else")
        return False
    said = await ask(ctx, "invite", choice("to", [("", others)], first=True))
    colleague = _there(ctx, said.one("to").removeprefix("agent:")) if said else None
    if colleague is None:
        return False
    await asyncio.to_thread(guests.invite, ctx.desk.store, conversation.id, ctx.staff.id, colleague.id)
    ctx.tell("invited", name=colleague.name)
    return True


async def hand_back(ctx: Context, conversation: Conversation) -> bool:
    """To the bot, with what was settled."""
    said = await ask(ctx, "hand_back", lines("settled", ctx.t("field_settled"), first=True), *_tags(ctx))
    if said is None:
        return False
    settled, tags = said.one("settled") or None, _known(said.all("tags"), desk_rules.tags())
    await asyncio.to_thread(ctx.desk.store.hand_back, conversation.id, ctx.staff.id, settled, None, tags)
    return True


async def close(ctx: Context, conversation: Conversation) -> bool:
    """The end, what it came to, and what it was about."""
    options = _titled(ctx, desk_rules.outcomes())
    outcomes = choice(
        "outcome", [(ctx.t("field_outcome"), options)], tight=True, chosen=options[0].value, first=True
    )
    said = await ask(ctx, "close", outcomes, *_tags(ctx))
    if said is None:
        return False
    outcome = next(iter(_known([said.one("outcome")], desk_rules.outcomes())), None)
    tags = _known(said.all("tags"), desk_rules.tags())
    await asyncio.to_thread(ctx.desk.store.close, conversation.id, ctx.staff.id, outcome, tags)
    return True


async def make_ticket(ctx: Context, conversation: Conversation) -> bool:
    """What cannot be solved now."""
    store, t = ctx.desk.store, ctx.t
    handoff = await asyncio.to_thread(handoffs.active, store, conversation.id)
    owners = [Option("", t("nobody_yet")), *_colleagues(ctx, lambda one: True, all_of_them=True)]
    said = await ask(
        ctx,
        "make_ticket",
        line("title", t("field_title"), limit=tickets.TITLE_LIMIT, first=True),
        lines("text", t("field_text")),
        moment("due", t("field_due")),
        choice("owner", [(t("field_owner"), owners)], chosen=""),
    )
    if said is None or not said.one("title"):
        return False
    owner = said.one("owner").removeprefix("agent:")
    ticket = await asyncio.to_thread(
        tickets.create,
        store,
        conversation.id,
        ctx.staff.id,
        ctx.staff.display_name,
        said.one("title"),
        said.one("text") or None,
        handoff.queue if handoff else None,
        int(owner) if owner.isdecimal() and int(owner) in ctx.desk.board.snapshot.agents else None,
        said.moment("due"),
    )
    ctx.tell("ticket_made", number=tickets.number(ticket))
    return True


async def assign(ctx: Context, conversation: Conversation) -> bool:
    """A supervisor gives it to somebody."""
    others = _colleagues(ctx, lambda one: ownership.agent(one.id) != conversation.owner)
    if not others:
        ctx.tell("nobody_else")
        return False
    note = lines("note", ctx.t("field_note"), rows=2)
    said = await ask(ctx, "assign", choice("to", [("", others)], first=True), note)
    colleague = _there(ctx, said.one("to").removeprefix("agent:")) if said else None
    if said is None or colleague is None:
        return False
    move = ctx.desk.store.assign
    note_said = said.one("note") or None
    await asyncio.to_thread(move, conversation.id, ctx.staff.id, colleague.id, colleague.name, note_said)
    return True


async def put_back(ctx: Context, conversation: Conversation) -> bool:
    """A supervisor puts it back into a queue."""
    note = lines("note", ctx.t("field_note"), rows=2)
    said = await ask(ctx, "put_back", choice("to", [("", _queues(ctx))], first=True), note)
    code = said.one("to").removeprefix("queue:") if said else ""
    if said is None or code not in desk_rules.queues():
        return False
    back = ctx.desk.store.put_back
    await asyncio.to_thread(back, conversation.id, ctx.staff.id, said.one("note") or None, code)
    return True


# -- what there is to choose from -----------------------------------------------------------------------


def _colleagues(
    ctx: Context, which: Callable[[Colleague], bool], *, all_of_them: bool = False
) -> list[Option]:
    """Colleagues with their presence and load, who is there and has least first."""
    shown = ctx.desk.board.snapshot

    def load(one: Colleague) -> int:
        return len(shown.held.get(ownership.agent(one.id), ()))

    def rank(one: Colleague) -> tuple[int, int, str]:
        return _PRESENCE_ORDER.index(_presence(one)), load(one), one.name

    options = []
    for one in sorted(filter(which, shown.agents.values()), key=rank):
        presence = _presence(one)
        detail = ctx.t("load_of", presence=ctx.t(f"presence_{presence}"), load=load(one), most=one.capacity)
        absent = not one.there and not all_of_them
        options.append(Option(f"agent:{one.id}", one.name, detail, presence, absent))
    return options


def _presence(one: Colleague) -> str:
    return one.presence if one.alive and one.presence in _PRESENCE_ORDER else "offline"


def _there(ctx: Context, account_id: str) -> Colleague | None:
    """The colleague chosen, if she still may be."""
    known = ctx.desk.board.snapshot.agents
    one = known.get(int(account_id)) if account_id.isdecimal() else None
    if one is None or not one.there:
        ctx.tell("not_there")
        return None
    return one


def _queues(ctx: Context) -> list[Option]:
    return [
        Option(f"queue:{code}", queue.title.of(ctx.t.language)) for code, queue in desk_rules.queues().items()
    ]


def _titled(ctx: Context, titles: Mapping[str, Title]) -> list[Option]:
    return [Option(code, title.of(ctx.t.language)) for code, title in titles.items()]


def _tags(ctx: Context) -> list[Callable[[], None]]:
    groups = [(ctx.t("field_tags"), _titled(ctx, desk_rules.tags()))]
    return [choice("tags", groups, several=True, tight=True)]


def _known(codes: list[str], titles: Mapping[str, Title]) -> list[str]:
    return [code for code in codes if code in titles]

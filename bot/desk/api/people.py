"""Calls about the one who calls, her colleagues, and the queues."""

import asyncio
from typing import Any

from fastapi import APIRouter

from bot.conversations import ownership
from bot.conversations.tickets import UNCHANGED
from bot.handoff import agents, desk_rules
from bot.handoff.models import Agent
from bot.problems import Problem, responses
from bot.staff.sessions import Staff

from . import caller, requests
from .answers import people as answers
from .services import Services

KEPT = ("id", "name", "presence", "since", "capacity", "skills")


def create_router(desk: Services) -> APIRouter:
    """``/me``, ``/agents``, ``/queues`` and ``/codes``."""
    router = APIRouter(tags=["people"])
    store = desk.store

    def shown(agent: Agent, loads: dict[str, int]) -> answers.Agent:
        values = {name: getattr(agent, name) for name in KEPT}
        load = loads.get(ownership.agent(agent.id), 0)
        return answers.Agent(**values, there=agents.there(agent), load=load)

    def everybody() -> list[answers.Agent]:
        loads = store.counts()
        return [shown(agent, loads) for agent in agents.all(store)]

    def one(agent_id: int) -> answers.Agent:
        found = next((agent for agent in everybody() if agent.id == agent_id), None)
        if found is None:
            raise agents.UnknownAgent(str(agent_id))
        return found

    def who(staff: Staff) -> answers.Me:
        agent = next((agent for agent in everybody() if agent.id == staff.id), None)
        return answers.Me(
            id=staff.id, name=staff.name, display_name=staff.display_name, role=staff.role, agent=agent
        )

    @router.get("/me")
    def me(staff: caller.Agent) -> answers.Me:
        """For whom this token acts, and how far she is at the desk."""
        return who(staff)

    @router.put("/me/presence", responses=responses(404, 409))
    async def set_presence(body: requests.PresenceRequest, staff: caller.Agent) -> answers.Me:
        """Come, go, or be busy or away; whoever came must give signs of life (``POST /me/heartbeat``)."""

        def change() -> tuple[list[str], answers.Me]:
            moved = _be(desk, staff, body)
            desk.note(staff, "presence", presence=body.presence, chats=moved)
            return moved, who(staff)

        moved, shown_now = await asyncio.to_thread(change)
        for conversation_id in moved:
            desk.watcher.hint(conversation_id)
        desk.board.refresh()
        return shown_now

    @router.post("/me/heartbeat")
    def heartbeat(staff: caller.Agent) -> answers.Me:
        """A sign of life, every 10 seconds: 35 without, and she is given nothing; 90, and she is offline."""
        agents.seen(store, staff.id)
        return who(staff)

    @router.get("/agents")
    def listed(staff: caller.Agent) -> answers.Agents:
        """Everybody who was ever at the desk."""
        return answers.Agents(items=everybody())

    @router.patch("/agents/{id}", responses=responses(404))
    async def configure(
        id: caller.Number, body: requests.AgentRequest, staff: caller.Supervisor
    ) -> answers.Agent:
        """How many conversations she has at once, and from which queues. Supervisors."""
        skills: Any = body.skills if "skills" in body.model_fields_set else UNCHANGED

        def change() -> answers.Agent:
            try:
                agents.configure(store, id, capacity=body.capacity, skills=skills)
            except ValueError as why:
                raise Problem(422, "unknown-queue", f"{why}.") from None
            desk.note(staff, "agent_configure", agent=id)
            return one(id)

        changed = await asyncio.to_thread(change)
        desk.board.refresh()
        return changed

    @router.post("/agents/{id}/offline", responses=responses(404))
    async def force_offline(id: caller.Number, staff: caller.Supervisor) -> answers.Agent:
        """Send an agent offline; her conversations go back to their queues. Supervisors."""

        def force() -> tuple[list[str], answers.Agent]:
            moved = agents.force_offline(store, id, staff.id)
            desk.note(staff, "force_offline", agent=id, chats=moved)
            return moved, one(id)

        moved, agent = await asyncio.to_thread(force)
        for conversation_id in moved:
            desk.watcher.hint(conversation_id)
        desk.board.refresh()
        return agent

    @router.get("/queues")
    def queues(staff: caller.Agent) -> answers.Queues:
        """The queues with their targets, and who waits in them."""
        waiting = desk.board.snapshot.waiting
        return answers.Queues(
            items=[
                answers.Queue(
                    code=code,
                    title=queue.title.model_dump(),
                    first=queue.first,
                    next=queue.next,
                    waiting=sum(row.queue == code for row in waiting),
                    longest_since=min(
                        (row.waits_since for row in waiting if row.queue == code and row.waits_since),
                        default=None,
                    ),
                )
                for code, queue in desk_rules.queues().items()
            ]
        )

    @router.get("/codes")
    def codes(staff: caller.Agent) -> answers.Codes:
        """What a service may come to, and what it may have been about."""
        return answers.Codes(
            outcomes={code: title.model_dump() for code, title in desk_rules.outcomes().items()},
            tags={code: title.model_dump() for code, title in desk_rules.tags().items()},
        )

    return router


def _be(desk: Services, staff: Staff, body: requests.PresenceRequest) -> list[str]:
    """Change her presence; gives the conversations that went elsewhere."""
    store = desk.store
    if body.presence != "offline":
        agents.come(store, staff.id, staff.display_name, body.presence)
        return []
    if body.to is None:
        agents.set_presence(store, staff.id, "offline")
        return []
    if body.to == "queue":
        return agents.leave(store, staff.id)
    if body.to == staff.id:
        raise Problem(409, "illegal-move", "They cannot stay with her who leaves: name a colleague.")
    colleague = desk.colleague(body.to)
    return agents.leave(store, staff.id, colleague.id, colleague.name)

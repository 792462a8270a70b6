"""Agents at work: ``python -m tests.harness.agents DATABASE_URL SEED``, a process that may be killed anytime.

They call the ``Store`` as the office's pages do, from a process of their own on the same database; through
the pages, each a websocket with a browser's state, load like this could not be made. For every message that
the log has taken they print one JSON line: ``{conversation, text, seq}``.
"""

import json
import random
import sys
import time
from contextlib import suppress
from uuid import uuid4

from sqlalchemy.exc import SQLAlchemyError

from bot.conversations import ownership
from bot.conversations.database import connect
from bot.conversations.ownership import IllegalMove
from bot.conversations.store import NotYours, Store
from bot.handoff import agents

AGENTS = [9001, 9002, 9003, 9004]
AT_ONCE = 2  # conversations that one agent has
PAUSE = 0.12  # seconds between two steps of all agents together
UNASKED = 0.15  # share of takeovers from the bot, in mid-talk


def step(store: Store, agent: int, chance: random.Random) -> None:
    """One thing an agent does: take somebody, or say something, or let somebody go."""
    mine = store.owned([ownership.agent(agent)])
    if len(mine) < AT_ONCE and chance.random() < 0.6:
        owner = ownership.BOT if chance.random() < UNASKED else ownership.QUEUE
        if waiting := store.owned([owner], limit=50):
            store.take(chance.choice(waiting)[0].id, agent, f"小{agent}")
        return
    if not mine:
        return
    conversation = chance.choice(mine)[0].id
    match chance.choices(["say", "hand_back", "close"], [60, 30, 10])[0]:
        case "say":
            client_id = uuid4().hex
            text = f"您好，我来看看（{client_id}）"  # unlike any other, to be found again
            for _ in range(chance.choice([1, 1, 2])):  # a page may send again what it was not told of
                seq = say(store, conversation, agent, text, client_id)
                said = {"conversation": conversation, "text": text, "seq": seq}
                print(json.dumps(said), flush=True)
        case "hand_back":
            store.hand_back(conversation, agent)
        case "close":
            store.close(conversation, agent)


def say(store: Store, conversation: str, agent: int, text: str, client_id: str) -> int:
    """Say it, again while the database cannot take it."""
    while True:
        try:
            return store.say(conversation, agent, f"小{agent}", text, client_id)
        except SQLAlchemyError:
            time.sleep(0.3)


def main() -> None:
    store = Store(connect(sys.argv[1]))
    chance = random.Random(sys.argv[2])
    seen_at = 0.0
    while True:
        with suppress(NotYours, IllegalMove, SQLAlchemyError):
            if time.monotonic() - seen_at > agents.BEAT:
                for agent in AGENTS:
                    agents.come(store, agent, f"小{agent}", "busy")
                seen_at = time.monotonic()
            step(store, chance.choice(AGENTS), chance)
        time.sleep(chance.uniform(0, 2 * PAUSE))


if __name__ == "__main__":
    main()

"""What must hold in the end, whatever happened, read from the log and from what everybody was told.

A shopper's message that found the bot or the queue as owner has exactly one answer: what one transaction
appended in reply to it, or the service's notice where she tapped one of its buttons. It has none only if a
human took over, or the service ended, behind it. One that found a human has no answer of the machine. Who
owned the conversation at each place is told by the notices, which stand in the log itself.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.conversations import notices
from bot.conversations.models import Message
from bot.conversations.store import public

KINDS = ("lost", "doubled", "out_of_order", "bot_after_takeover", "unclean")
OWNER_AFTER = {
    "handed_over": "queue",
    "requeued": "queue",
    "agent_gone": "queue",
    "left_queue": "bot",
    "ticket_opened": "bot",
    "ticket_added": "bot",
    "taken": "agent",
    "handed_back": "bot",
    "closed": "closed",
    "closed_by_shopper": "closed",
    "closed_by_silence": "closed",
}
# Each of these moves has one of these notices.
TOLD_BY = (
    ({"take", "assign", "transfer"}, {"taken"}),
    ({"requeue"}, {"requeued", "agent_gone"}),
    ({"hand_back"}, {"handed_back"}),
    ({"leave_queue"}, {"left_queue", "ticket_opened", "ticket_added"}),
)


@dataclass
class Breaches:
    """What was found wrong: (conversation, what) by kind."""

    found: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, kind: str, conversation: str, what: str) -> None:
        assert kind in KINDS
        self.found[kind].append((conversation, what))

    def figures(self) -> dict[str, int]:
        return {kind: len(self.found[kind]) for kind in KINDS}

    @property
    def first(self) -> tuple[str, str, str] | None:
        """Kind, conversation and what of the first one."""
        return next(((kind, *self.found[kind][0]) for kind in KINDS if self.found[kind]), None)


def _pattern(key: str) -> re.Pattern[str]:
    said = notices.text(key, **dict.fromkeys(("position", "name", "wait", "number", "back", "due"), "\0"))
    return re.compile(re.escape(said).replace("\0", ".*?"))


_NOTICES = {key: _pattern(key) for key in OWNER_AFTER}


def notice_of(message: Message) -> str | None:
    """The name of the notice that changed the owner; None for any other message."""
    if message.sender != "system":
        return None
    return next((key for key, said in _NOTICES.items() if said.fullmatch(message.text or "")), None)


def owners(log: Sequence[Message]) -> list[str]:
    """Who owned the conversation when each message was appended; a notice belongs to what it tells of."""
    owner, found = "bot", []
    for message in log:
        if message.sender == "shopper" and owner == "closed":
            owner = "bot"
        if key := notice_of(message):
            owner = OWNER_AFTER[key]
        found.append(owner)
    return found


def check_log(conversation: str, log: Sequence[Message], breaches: Breaches) -> None:
    """The log by itself: its numbers, its answers, and the machine's silence while a human speaks."""
    if [m.seq for m in log] != list(range(1, len(log) + 1)):
        breaches.add("out_of_order", conversation, f"seq is {[m.seq for m in log]}")
        return
    owned = owners(log)
    replies = defaultdict(list)
    for message, owner in zip(log, owned, strict=True):
        if message.reply_to is not None:
            replies[message.reply_to].append(message)
        if message.sender == "bot" and owner not in ("bot", "queue"):
            breaches.add("bot_after_takeover", conversation, f"{message.seq} was said while {owner} owned it")
        if message.sender == "agent" and owner != "agent":
            breaches.add("out_of_order", conversation, f"agent spoke at {message.seq}, {owner} owned it")
    answered = [m.reply_to for m in log if m.reply_to is not None]
    if answered != sorted(answered):
        breaches.add("out_of_order", conversation, f"answered in the order {answered}")
    for message, owner in zip(log, owned, strict=True):
        if message.sender == "shopper":
            _check_answer(conversation, log, owned, message, owner, replies[message.seq], breaches)


def _check_answer(
    conversation: str,
    log: Sequence[Message],
    owned: Sequence[str],
    asked: Message,
    owner: str,
    replies: Sequence[Message],
    breaches: Breaches,
) -> None:
    said = [json.dumps(public(r) | {"seq": 0, "at": ""}, sort_keys=True, ensure_ascii=False) for r in replies]
    failed = notices.text("failed") in [r.text for r in replies]
    places = [r.seq for r in replies]
    together = places == list(range(min(places, default=0), max(places, default=-1) + 1))
    if len(set(said)) < len(said) or not together or (failed and len(replies) > 1):
        breaches.add("doubled", conversation, f"{asked.seq} has the answers {places}")
    if asked.payload in (notices.HUMAN, notices.LEAVE_QUEUE):
        due = owner != "agent" if asked.payload == notices.HUMAN else owner == "queue"
        if due and (asked.seq == len(log) or log[asked.seq].sender != "system"):
            breaches.add("lost", conversation, f"the button {asked.seq} was not answered")
    elif owner in ("bot", "queue") and not replies and not {"agent", "closed"} & set(owned[asked.seq :]):
        breaches.add("lost", conversation, f"{asked.seq} was not answered")


def check_events(conversation: str, log: Sequence[Message], moves: Sequence[str], breaches: Breaches) -> None:
    """Every takeover and return has its notice: else the owners above would be read wrongly."""
    told = Counter(notice_of(m) for m in log)
    for group, keys in TOLD_BY:
        happened, said = sum(move in group for move in moves), sum(told[key] for key in keys)
        if happened != said:
            kind = "lost" if happened > said else "doubled"
            breaches.add(kind, conversation, f"{group} {happened} times, told {said} times")


def check_accepted(
    conversation: str, what: str, stands: Sequence[int], seqs: set[int], breaches: Breaches
) -> None:
    """What was accepted stands in the log once, where its sender was told; what was not, at most once.

    Args:
        what: the message's name.
        stands: where it is in the log.
        seqs: what its sender was told.
    """
    if len(stands) > 1 or len(seqs) > 1:
        breaches.add("doubled", conversation, f"{what} was accepted as {seqs} and stands at {stands}")
    elif seqs and seqs != set(stands):
        breaches.add("lost", conversation, f"{what} was accepted as {seqs} and stands at {stands}")


def check_seen(
    conversation: str, log: Sequence[Message], seen: Sequence[dict[str, Any]], breaches: Breaches
) -> None:
    """A reader of the stream has seen the log: each message once, in its order, word for word."""
    expected = [public(m) for m in log]
    if list(seen) == expected:
        return
    numbers = [m["seq"] for m in seen]
    if len(set(numbers)) < len(numbers):
        breaches.add("doubled", conversation, f"the stream brought {numbers}")
    elif numbers != sorted(numbers):
        breaches.add("out_of_order", conversation, f"the stream brought {numbers}")
    else:
        breaches.add("lost", conversation, f"the stream brought {numbers} of {len(log)}, or other words")

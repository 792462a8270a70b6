"""Who may speak: the states of a conversation's owner and the moves between them."""

BOT = "bot"
QUEUE = "queue"
CLOSED = "closed"
OUTSIDE = "outside"  # with people at a desk of the channel's own
AGENT_PREFIX = "agent:"

# (kind of the present owner, move) -> kind of the next owner. What is not listed is refused.
MOVES = {
    ("bot", "hand_over"): "queue",
    ("bot", "take"): "agent",
    ("bot", "close"): "closed",
    ("bot", "pass_on"): "outside",
    ("queue", "take"): "agent",
    ("queue", "assign"): "agent",
    ("queue", "leave_queue"): "bot",
    ("queue", "close"): "closed",
    ("queue", "pass_on"): "outside",
    ("agent", "hand_back"): "bot",
    ("agent", "transfer"): "agent",
    ("agent", "assign"): "agent",
    ("agent", "requeue"): "queue",
    ("agent", "close"): "closed",
    # The service goes on, or a new one begins that knows of the old.
    ("closed", "reopen"): "bot",
    # An agent comes back to a shopper, about a ticket of hers.
    ("closed", "take"): "agent",
    ("closed", "renew"): "bot",
    ("closed", "pass_on"): "outside",
    ("outside", "hand_back"): "bot",
    ("outside", "close"): "closed",
}


class IllegalMove(Exception):
    """The present owner does not allow this move; the text says which and why."""


def agent(agent_id: int | str) -> str:
    """The owner string of an agent."""
    return f"{AGENT_PREFIX}{agent_id}"


def kind(owner: str) -> str:
    """``bot``, ``queue``, ``agent``, ``outside`` or ``closed``."""
    return "agent" if owner.startswith(AGENT_PREFIX) else owner


def next_owner(owner: str, move: str, agent_id: int | str | None = None) -> str:
    """The owner after ``move``.

    Raises:
        IllegalMove: the table has no such move from the present owner.
    """
    target = MOVES.get((kind(owner), move))
    if target is None:
        raise IllegalMove(f"'{move}' is not possible while the conversation belongs to '{kind(owner)}'")
    if target != "agent":
        return target
    if agent_id is None:
        raise IllegalMove(f"'{move}' needs the agent who takes the conversation")
    if agent(agent_id) == owner:
        raise IllegalMove(f"'{move}' needs another agent than the one who has the conversation")
    return agent(agent_id)

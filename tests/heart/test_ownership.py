"""Every move from every owner is either in the table or refused."""

import pytest

from bot.conversations.ownership import MOVES as MOVES_OF_THE_TABLE
from bot.conversations.ownership import IllegalMove, kind, next_owner

OWNERS = ["bot", "queue", "agent:7", "outside", "closed"]
EXPECTED = {
    ("bot", "hand_over"): "queue",
    ("bot", "take"): "agent:9",
    ("bot", "close"): "closed",
    ("bot", "pass_on"): "outside",
    ("queue", "take"): "agent:9",
    ("queue", "assign"): "agent:9",
    ("queue", "leave_queue"): "bot",
    ("queue", "close"): "closed",
    ("queue", "pass_on"): "outside",
    ("agent:7", "hand_back"): "bot",
    ("agent:7", "transfer"): "agent:9",
    ("agent:7", "assign"): "agent:9",
    ("agent:7", "requeue"): "queue",
    ("agent:7", "close"): "closed",
    ("closed", "reopen"): "bot",
    ("closed", "take"): "agent:9",
    ("closed", "renew"): "bot",
    ("closed", "pass_on"): "outside",
    ("outside", "hand_back"): "bot",
    ("outside", "close"): "closed",
}
MOVES = [*sorted({move for _, move in MOVES_OF_THE_TABLE}), "no_such_move"]


@pytest.mark.parametrize("owner", OWNERS)
@pytest.mark.parametrize("move", MOVES)
def test_a_move_leads_where_the_table_says_or_is_refused(owner: str, move: str) -> None:
    if (owner, move) in EXPECTED:
        assert next_owner(owner, move, 9) == EXPECTED[owner, move]
    else:
        with pytest.raises(IllegalMove, match=kind(owner)):
            next_owner(owner, move, 9)


def test_taking_needs_an_agent() -> None:
    with pytest.raises(IllegalMove, match="agent"):
        next_owner("queue", "take")


def test_a_transfer_needs_another_agent() -> None:
    with pytest.raises(IllegalMove, match="another agent"):
        next_owner("agent:7", "transfer", 7)

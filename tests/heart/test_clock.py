"""A clock that was set back must not strand what was leased while it was ahead."""

from bot.conversations.store import Store

LEASE = 9.0
AHEAD = 3600.0


def test_a_lease_of_a_clock_that_was_an_hour_ahead_holds_nobody_up(store: Store) -> None:
    conversation = store.begin("web", "c1", None).id
    others = [store.begin("web", "c1", None).id for _ in range(4)]
    for each in (conversation, *others):
        store.receive(each, "1", "在吗")
    # Whose process then died; more of them than one customer may have in work.
    assert all(store.claim_turn("dead", LEASE + AHEAD) for _ in range(4))
    claimed = {turn.conversation_id for _ in range(5) if (turn := store.claim_turn("me", LEASE))}
    assert len(claimed) == 4
    assert store.claim_turn("you", LEASE) is None, "what I hold is mine"

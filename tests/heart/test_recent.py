"""Many conversations at once, as lists show them."""

from bot.conversations import recent
from bot.conversations.steps import Reply
from bot.conversations.store import Store


def test_lists_show_who_is_served_by_people_and_the_ends_of_the_logs(store: Store) -> None:
    first, second, quiet = (store.begin("web", None, name).id for name in ("甲", "乙", "丙"))
    for conversation in (first, second):
        store.receive(conversation, "c0", "转人工" * 100)
        store.ask_human(conversation)
    store.take(second, 7, "小王")
    for number in range(recent.LOOKED_BACK):
        store.say(second, 7, "小王", f"第 {number} 句", f"k{number}")
    store.receive(quiet, "c0", "在吗")
    turn = store.claim_turn("test", 30)
    while turn and turn.conversation_id != quiet:
        turn = store.claim_turn("test", 30)
    assert turn and store.finish_turn(turn, [Reply("在的")])

    listed = {each.id: each for each in recent.with_people(store, 10)}
    assert list(listed) == [first, second]
    assert [listed[each].taken_at is None for each in (first, second)] == [True, False]
    latest = {each.id: each.handoff_id for each in recent.latest(store, 10)}
    assert list(latest) == [quiet, second, first]
    assert latest[quiet] is None and latest[first] is not None

    said = recent.said(store, [first, second, quiet])
    assert [(each.sender, each.text) for each in said[quiet]] == [("shopper", "在吗"), ("bot", "在的")]
    # What the service itself said is left out, as is what lies far back and the end of long words.
    assert [each.sender for each in said[first]] == ["shopper"]
    assert len(said[first][0].text or "") == recent.QUOTED
    assert [each.text for each in said[second]] == [f"第 {n} 句" for n in range(recent.LOOKED_BACK)]

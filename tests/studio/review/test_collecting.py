"""From conversations to the inbox: each reason, alike ones together, nothing lost and nothing twice."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, event, func, select, update

from bot.conversations import ratings
from bot.conversations.models import Message
from bot.conversations.privacy import Privacy, of_id
from bot.conversations.steps import Reply, now
from bot.conversations.store import Store
from bot.studio.review import blame, collecting, inbox
from bot.studio.review.collecting import Collector
from bot.studio.review.decisions import CannotDecide
from bot.studio.review.due import Why
from bot.studio.review.models import IGNORED, Item, Progress

from .conftest import OFFERED, begun, collected, said, whys


def asks_for_person(store: Store, conversation: str) -> None:
    said(
        store, conversation, "转人工", "human_agent", [("human_agent", 1.0)],
        handoff={"reason": "asked_for_human"},
    )  # fmt: skip


def test_what_the_bot_was_sure_of_is_not_reviewed(desk: Store) -> None:
    conversation = begun(desk)
    said(desk, conversation, "我的快递到哪了", "logistics_track", [("logistics_track", 0.97)])
    said(desk, conversation, "好的谢谢", "thanks", [("thanks", 0.99)])
    assert collected(desk) == []


def test_unsure_and_asked_back(desk: Store) -> None:
    conversation = begun(desk)
    said(desk, conversation, "包裹趴窝三天了", reply=OFFERED)
    said(desk, conversation, "明天上海下雨不", "out_of_scope", [("out_of_scope", 0.9)])
    said(desk, conversation, "羊毛衫能机洗么", reply=Reply("您能换个说法吗"))
    assert whys(collected(desk)) == {
        1: Why.UNSURE | Why.ASKED_BACK,
        3: Why.UNSURE,
        5: Why.UNSURE,
    }


def test_a_tapped_button_is_no_sentence(desk: Store) -> None:
    conversation = begun(desk)
    said(desk, conversation, "包裹趴窝三天了", reply=OFFERED)
    desk.receive(conversation, "tap", payload="/logistics_track")
    turn = desk.claim_turn("test", 30)
    assert turn and desk.finish_turn(turn, [Reply("在路上")], {"intent": "nlu_fallback"}, "m1")
    assert whys(collected(desk)) == {1: Why.UNSURE | Why.ASKED_BACK}


def test_the_question_before_a_handover_and_what_the_human_answered(desk: Store) -> None:
    conversation = begun(desk)
    said(desk, conversation, "羊毛衫能机洗么", "product_info", [("product_info", 0.8)], Reply("请问是哪款"))
    said(
        desk, conversation, "转人工", "human_agent", [("human_agent", 1.0)],
        handoff={"reason": "asked_for_human"},
    )  # fmt: skip
    desk.take(conversation, 7, "小王")
    desk.say(conversation, 7, "小王", "建议冷水手洗。", "a1")
    [item] = collected(desk)
    # She asked for a person right after the answer.
    assert (item.seq, Why(item.why)) == (1, Why.HANDED_OVER | Why.CONTRADICTED)
    opened = inbox.open_group(desk, item.group_id)
    assert opened and opened.turn.answers == ["建议冷水手洗。"]
    assert [(each.name, each.confidence) for each in opened.turn.readings] == [("product_info", 0.8)]
    assert [line.sender for line in opened.turn.lines if line.chosen] == ["shopper"]
    assert opened.turn.lines[-1].text == "建议冷水手洗。"

    # What somebody answers to a later question is no answer to this one.
    desk.hand_back(conversation, 7, "小王")
    said(desk, conversation, "围巾呢", "product_info", [("product_info", 0.8)], Reply("请问是哪款"))
    desk.ask_human(conversation)
    desk.take(conversation, 7, "小王")
    desk.say(conversation, 7, "小王", "围巾可以机洗。", "a2")
    opened = inbox.open_group(desk, item.group_id)
    assert opened and opened.turn.answers == ["建议冷水手洗。"]


def test_an_earlier_question_that_went_wrong_is_to_blame(desk: Store) -> None:
    """She was asked back, tapped the wrong reading, gave her order's number, and had enough."""
    conversation = begun(desk)
    said(desk, conversation, "羊绒衫起球了怎么弄", reply=OFFERED)
    desk.receive(conversation, "tap", payload="/logistics_track")
    turn = desk.claim_turn("test", 30)
    assert turn and desk.finish_turn(turn, [Reply("单号是？")], {"intent": "logistics_track"}, "m1")
    said(desk, conversation, "2026112000012345", "inform", [("inform", 0.99)], Reply("在路上"))
    asks_for_person(desk, conversation)
    assert whys(collected(desk)) == {1: Why.UNSURE | Why.ASKED_BACK | Why.HANDED_OVER}


@pytest.mark.parametrize(
    ("sure", "next_words", "blamed"),
    [
        # It was read at a venture, and something else was asked in between.
        (0.55, "那运费呢要多少", {1: Why.HANDED_OVER, 3: Why.CONTRADICTED}),
        # She said that this was not the answer.
        (0.95, "不是这个意思", {1: Why.HANDED_OVER | Why.CONTRADICTED}),
        # All went well: the last one.
        (0.95, "那运费呢要多少", {3: Why.HANDED_OVER | Why.CONTRADICTED}),
        # All went well, and she only went on.
        (0.95, "蓝色", {1: Why.HANDED_OVER}),
    ],
)
def test_who_is_to_blame_for_a_handover(
    desk: Store, sure: float, next_words: str, blamed: dict[int, Why]
) -> None:
    conversation = begun(desk)
    said(desk, conversation, "羊绒衫起球了怎么弄", "product_info", [("product_info", sure)])
    said(desk, conversation, next_words, "shipping_fee", [("shipping_fee", 0.95)])
    asks_for_person(desk, conversation)
    assert whys(collected(desk)) == blamed


def test_a_service_that_is_over_is_not_to_blame(desk: Store) -> None:
    conversation = begun(desk)
    said(desk, conversation, "羊绒衫起球了怎么弄", handoff={"reason": "low_confidence"})
    desk.take(conversation, 7, "小王")
    desk.hand_back(conversation, 7, "小王")
    asked = said(desk, conversation, "那运费呢要多少", "shipping_fee", [("shipping_fee", 0.95)])
    asks_for_person(desk, conversation)
    assert whys(collected(desk)) == {
        1: Why.UNSURE | Why.HANDED_OVER,
        asked: Why.HANDED_OVER | Why.CONTRADICTED,
    }


def test_the_blame_is_moved_to_the_question_before(desk: Store) -> None:
    conversation = begun(desk)
    said(desk, conversation, "羊绒衫起球了怎么弄", "product_info", [("product_info", 0.9)])
    said(desk, conversation, "谢谢", "thanks", [("thanks", 1.0)])
    asked = said(desk, conversation, "那运费呢要多少", "shipping_fee", [("shipping_fee", 0.95)])
    said(desk, conversation, "好的", "affirm", [("affirm", 1.0)])
    said(desk, conversation, "嗯", "affirm", [("affirm", 1.0)])
    asks_for_person(desk, conversation)
    [item] = collected(desk)
    assert (item.seq, Why(item.why)) == (asked, Why.HANDED_OVER)
    opened = inbox.open_group(desk, item.group_id)
    assert opened and opened.turn.earlier == "羊绒衫起球了怎么弄"
    moved = blame.move_back(desk, item.id)
    assert (moved.seq, Why(moved.why)) == (1, Why.HANDED_OVER)
    collected(desk, Collector(desk))
    assert [each.text for each in inbox.groups(desk)[0]] == ["羊绒衫起球了怎么弄"]
    opened = inbox.open_group(desk, moved.group_id)
    assert opened and opened.turn.earlier == ""
    with pytest.raises(CannotDecide, match="nothing_before"):
        blame.move_back(desk, moved.id)


def test_who_only_wants_a_person_teaches_nothing(desk: Store) -> None:
    conversation = begun(desk)
    said(desk, conversation, "你好", "greet", [("greet", 1.0)])
    desk.ask_human(conversation)
    assert collected(desk) == []


def test_a_handover_of_the_bots_own_contradicts_nothing(desk: Store) -> None:
    conversation = begun(desk)
    said(desk, conversation, "羊毛衫能机洗么", handoff={"reason": "low_confidence"})
    assert whys(collected(desk)) == {1: Why.UNSURE | Why.HANDED_OVER}


@pytest.mark.parametrize("score", [1, 2, 3])
def test_rated_badly(desk: Store, score: int) -> None:
    conversation = begun(desk)
    said(desk, conversation, "有学生优惠吗", "coupon_promo", [("coupon_promo", 0.9)])
    said(desk, conversation, "谢谢", "thanks", [("thanks", 1.0)])
    desk.end(conversation)
    ratings.rate(desk, conversation, score)
    assert whys(collected(desk)) == ({1: Why.RATED_BADLY} if score < 3 else {})


def test_a_rating_that_is_lowered_later_counts(desk: Store) -> None:
    conversation = begun(desk)
    said(desk, conversation, "有学生优惠吗", "coupon_promo", [("coupon_promo", 0.9)])
    desk.end(conversation)
    ratings.rate(desk, conversation, 5)
    collector = Collector(desk)
    assert collected(desk, collector) == []
    ratings.rate(desk, conversation, 1)
    assert whys(collected(desk, collector)) == {1: Why.RATED_BADLY}
    assert len(collected(desk, collector)) == 1


@pytest.mark.parametrize(
    "words",
    [
        "退货的运费谁出啊",
        "退貨的運費誰出",
        "不是这个意思",
        "不是這個意思！！我問的是退貨",
        "答非所问",
        "你没听懂",
    ],
)
def test_contradicted_by_her_next_words(desk: Store, words: str) -> None:
    conversation = begun(desk)
    said(desk, conversation, "退货的运费谁出", "shipping_fee", [("shipping_fee", 0.9)], Reply("满 99 包邮"))
    said(desk, conversation, words, "shipping_fee", [("shipping_fee", 0.9)])
    assert whys(collected(desk)) == {1: Why.CONTRADICTED}


@pytest.mark.parametrize("words", ["那换货呢", "好的", "谢谢你"])
def test_going_on_is_no_contradiction(desk: Store, words: str) -> None:
    conversation = begun(desk)
    said(desk, conversation, "退货的运费谁出", "shipping_fee", [("shipping_fee", 0.9)])
    said(desk, conversation, words, "thanks", [("thanks", 0.9)])
    assert collected(desk) == []


def test_what_she_repeats_before_the_answer_contradicts_nothing(desk: Store) -> None:
    conversation = begun(desk)
    for number in range(2):
        desk.receive(conversation, str(number), "退货的运费谁出")
    for _ in range(2):
        turn = desk.claim_turn("test", 30)
        assert turn and desk.finish_turn(turn, [Reply("满 99 包邮")], {"intent": "shipping_fee"}, "m1")
    assert collected(desk) == []


def test_a_denial_by_itself_is_no_sentence(desk: Store) -> None:
    conversation = begun(desk)
    said(desk, conversation, "退货的运费谁出", "shipping_fee", [("shipping_fee", 0.9)])
    said(desk, conversation, "不是这个意思啊")
    assert whys(collected(desk)) == {1: Why.CONTRADICTED}


def test_alike_ones_are_together(desk: Store) -> None:
    alike = [
        "我的快递怎么还没到",
        "我的快遞怎麼還沒到？",
        "我的快递怎么还没到 SF1234567890123",
        "我的快递2026112000012345怎么还没到",
        "我的快第怎么还没到",
        "我的快递咋还没到呀",
    ]
    for text in [*alike, "羊毛衫能机洗么"]:
        said(desk, begun(desk), text)
    items = collected(desk)
    assert len({item.group_id for item in items[:6]}) == 1
    assert items[6].group_id != items[0].group_id
    listed, more = inbox.groups(desk)
    assert [(each.count, each.text) for each in listed] == [(6, alike[-1]), (1, "羊毛衫能机洗么")]
    assert not more
    opened = inbox.open_group(desk, listed[0].id)
    assert opened and sum(text.count for text in opened.texts) == 6
    # What differs in script and signs alone is one text.
    assert len(opened.texts) == 5
    assert not any("2026112000012345" in text.example for text in opened.texts)


def test_opposites_are_apart(desk: Store) -> None:
    said(desk, begun(desk), "我要退货", read=[("return_request", 0.5)])
    said(desk, begun(desk), "我要换货", read=[("exchange_request", 0.5)])
    said(desk, begun(desk), "可以退吗", read=[("return_policy", 0.5)])
    assert len({item.group_id for item in collected(desk)}) == 3


def test_filters_and_pages(desk: Store) -> None:
    said(desk, begun(desk), "包裹趴窝三天了", reply=OFFERED)
    said(desk, begun(desk), "羊毛衫能机洗么", read=[])
    collected(desk)
    asked_back, _ = inbox.groups(desk, why=Why.ASKED_BACK)
    assert [each.why for each in asked_back] == [["unsure", "asked_back"]]
    assert inbox.groups(desk, since=now()) == ([], False)
    first, more = inbox.groups(desk, limit=1)
    second, last = inbox.groups(desk, page=1, limit=1)
    assert (more, last) == (True, False)
    assert {first[0].text, second[0].text} == {"包裹趴窝三天了", "羊毛衫能机洗么"}
    assert inbox.waiting(desk) == (2, 2)


def test_nothing_is_lost_or_doubled_over_restarts(desk: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "AT_ONCE", 2)
    conversations = []
    for number in range(7):
        conversations.append(begun(desk))
        said(desk, conversations[-1], f"{'甲乙丙丁戊己庚'[number] * 4}怎么弄", read=[])
        Collector(desk).look()  # a process that dies after this
    assert len(collected(desk)) == 7
    assert len(collected(desk, Collector(desk))) == 7


def test_two_processes_note_each_turn_once(desk: Store) -> None:
    one, other = Collector(desk), Collector(desk)
    for number in range(5):
        said(desk, begun(desk), "包裹趴窝三天了")
        (one if number % 2 else other).look()
    assert len({item.group_id for item in collected(desk, one)}) == 1
    assert len(collected(desk, other)) == 5


def test_what_is_old_is_not_looked_through_again(desk: Store, database: Engine) -> None:
    for _ in range(4):
        said(desk, begun(desk), "包裹趴窝三天了")
    with database.begin() as connection:
        connection.execute(update(Message).values(at=now() - 2 * collecting.SETTLED))
    collected(desk)
    with desk.reading() as session:
        progress = session.get_one(Progress, 1)
        assert progress.message_id == session.scalar(select(func.max(Message.id)))
    statements: list[str] = []
    collector = Collector(desk)
    event.listen(database, "before_cursor_execute", lambda *given: statements.append(given[2]))
    collector.look()
    assert not any("content" in statement for statement in statements)


def test_a_row_that_appears_late_is_seen(desk: Store, database: Engine) -> None:
    """PostgreSQL gives ids before it commits."""
    late, early = begun(desk), begun(desk)
    said(desk, late, "羊毛衫能机洗么")
    said(desk, early, "包裹趴窝三天了")
    collector = Collector(desk)
    with database.begin() as connection:
        hidden = connection.execute(select(Message.__table__).where(Message.conversation_id == late)).all()
        connection.execute(Message.__table__.delete().where(Message.conversation_id == late))
    assert len(collected(desk, collector)) == 1
    with database.begin() as connection:
        for row in hidden:
            connection.execute(Message.__table__.insert().values(**row._mapping))
    assert len(collected(desk, collector)) == 2


def test_what_was_ignored_stays_ignored(desk: Store, database: Engine) -> None:
    said(desk, begun(desk), "包裹趴窝三天了")
    collected(desk)
    with desk.writing() as session:
        session.execute(update(Item).values(state=IGNORED))
    said(desk, begun(desk), "包裹趴窩三天了！")
    said(desk, begun(desk), "我的包裹趴窝三天了")
    assert [item.state for item in collected(desk)] == ["ignored", "ignored", "open"]


def test_erasure_and_retention_take_the_turns_along(desk: Store, tmp_path: Path) -> None:
    hers, others = begun(desk), begun(desk)
    for conversation in (hers, others):
        said(desk, conversation, "包裹趴窝三天了")
        said(desk, conversation, "羊毛衫能机洗么")
    collected(desk)
    Privacy(desk, tmp_path).erase(of_id(hers), by="test")
    assert {item.conversation_id for item in collected(desk)} == {others}
    assert [each.count for each in inbox.groups(desk)[0]] == [1, 1]
    with desk.writing() as session:  # as retention deletes the old part of what goes on
        session.execute(Message.__table__.delete().where(Message.seq <= 2))
    [item] = collected(desk)
    assert item.seq == 3
    # The leader is gone, and what is alike still comes together.
    said(desk, begun(desk), "羊毛衫能机洗嘛")
    assert len({each.group_id for each in collected(desk)}) == 1


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "\u202e反转\u202c的话", "长" * 2000, "'; DROP TABLE message; --", "😀" * 9],
)
def test_hostile_texts_are_collected_like_others(desk: Store, text: str) -> None:
    said(desk, begun(desk), text)
    [item] = collected(desk)
    opened = inbox.open_group(desk, item.group_id)
    assert opened and opened.texts[0].text == text
    assert "\u202e" not in opened.texts[0].example

"""Decisions: what is written into the files, what is refused, and the way back."""

from pathlib import Path

import pytest
from sqlalchemy import select

from bot.conversations.store import Store
from bot.studio.files import Refused, Repository
from bot.studio.review import inbox
from bot.studio.review.decisions import CannotDecide, NewTopic, Wish, decide, undo
from bot.studio.review.known import Known
from bot.studio.review.models import Decision, Item

from .conftest import ADMIN, FILES, begun, collected, said


@pytest.fixture
def group(desk: Store) -> int:
    """A group with three ways to say the same, one of them said twice."""
    for text in (
        "包裹趴窝三天了",
        "这包裹咋趴窝三天啊",
        "包裹趴窝都三天了哇2026112000012345",
        "包裹趴窝三天了",
    ):
        said(desk, begun(desk), text)
    return collected(desk)[0].group_id


def states(store: Store) -> list[str]:
    with store.reading() as session:
        return list(session.scalars(select(Item.state).order_by(Item.id)))


def lines(root: Path, path: str) -> str:
    return (root / path).read_text(encoding="utf-8")


def test_a_whole_group_to_an_intent(
    desk: Store, repository: Repository, known: Known, bot_dir: Path, group: int
) -> None:
    made = decide(desk, repository, known, ADMIN, Wish(group, "intent", "logistics_track"))
    assert (made.turns, len(made.written)) == (4, 3)
    text = lines(bot_dir, "data/nlu/logistics_track.yml")
    assert text.startswith(FILES["data/nlu/logistics_track.yml"].rstrip())
    assert "    - 包裹趴窝三天了\n" in text and "# Where is it?" in text
    # Nobody's order number comes into the data.
    assert "2026112000012345" not in text and "    - 包裹趴窝都三天了哇1234567890123456\n" in text
    assert states(desk) == ["done"] * 4
    assert inbox.groups(desk) == ([], False) and inbox.open_group(desk, group) is None
    change = repository.history(1)[0]
    assert change.id == made.commit and change.author.name == "管理员"
    [decided] = inbox.decided(desk)[0]
    assert (decided.decision.by_name, decided.decision.kind) == ("管理员", "intent")
    assert (decided.title, len(decided.texts)) == ("查物流到哪了", 3)


def test_chosen_texts_alone(desk: Store, repository: Repository, known: Known, group: int) -> None:
    opened = inbox.open_group(desk, group)
    assert opened
    twice = opened.texts[0]
    assert twice.count == 2
    made = decide(desk, repository, known, ADMIN, Wish(group, "intent", "logistics_track", [twice.key]))
    assert (made.turns, made.written) == (2, ["包裹趴窝三天了"])
    left = inbox.open_group(desk, group)
    assert left and left.count == 2
    assert [each.kind for each in left.before] == ["intent"]


def test_undo_takes_the_sentences_back_and_opens_the_turns(
    desk: Store, repository: Repository, known: Known, bot_dir: Path, group: int
) -> None:
    made = decide(desk, repository, known, ADMIN, Wish(group, "intent", "logistics_track"))
    other = Wish(_another(desk), "intent", "logistics_track")
    decide(desk, repository, known, ADMIN, other)
    undo(desk, repository, ADMIN, made.id)
    text = lines(bot_dir, "data/nlu/logistics_track.yml")
    assert "趴窝" not in text and "丢件了怎么办呀" in text
    assert states(desk) == ["open"] * 4 + ["done"]
    undone = inbox.decided(desk)[0][-1].decision
    assert undone.undone_by == "管理员" and undone.undone_at
    with pytest.raises(CannotDecide, match="undone"):
        undo(desk, repository, ADMIN, made.id)


def test_a_decision_is_called_in_the_admins_language(
    desk: Store, repository: Repository, known: Known, group: int
) -> None:
    wish = Wish(group, "intent", "logistics_track")
    for language, called, undone in (
        ("zh", "复核：给“{title}”添加 {count} 句", "撤销："),
        ("en", "Review: {count} for {title}", "Undone: "),
    ):
        made = decide(desk, repository, known, ADMIN, wish, language)
        title = known.now().titles["logistics_track"]
        summary = called.format(title=title, count=len(made.written))
        assert repository.history(1)[0].summary == summary
        undo(desk, repository, ADMIN, made.id, language)
        assert repository.history(1)[0].summary == f"{undone}{summary}"


def _another(store: Store) -> int:
    said(store, begun(store), "丢件了怎么办呀", read=[("return_policy", 0.3)])
    return collected(store)[-1].group_id


def test_a_marked_sentence_is_written_as_rasa_reads_it(
    desk: Store, repository: Repository, known: Known, bot_dir: Path, group: int
) -> None:
    opened = inbox.open_group(desk, group)
    assert opened
    key = opened.texts[0].key
    wish = Wish(group, "intent", "logistics_track", [key], {key: "[包裹](product)趴窝三天了"})
    assert decide(desk, repository, known, ADMIN, wish).written == ["[包裹](product)趴窝三天了"]
    assert "    - [包裹](product)趴窝三天了\n" in lines(bot_dir, "data/nlu/logistics_track.yml")


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        ("[包裹](nothing)趴窝了", "no_entity"),
        ("包裹[趴窝", "no_sentence"),
        ("？？", "no_sentence"),
        ("长" * 300, "too_long"),
    ],
)
def test_a_sentence_that_is_none_closes_nothing(
    desk: Store, repository: Repository, known: Known, group: int, sentence: str, why: str
) -> None:
    opened = inbox.open_group(desk, group)
    assert opened
    key = opened.texts[0].key
    with pytest.raises(CannotDecide, match=why):
        decide(
            desk, repository, known, ADMIN, Wish(group, "intent", "logistics_track", [key], {key: sentence})
        )
    assert states(desk) == ["open"] * 4


def test_the_same_sentence_elsewhere_is_refused_and_nothing_is_closed(
    desk: Store, repository: Repository, known: Known, bot_dir: Path
) -> None:
    said(desk, begun(desk), "退货的邮费算谁的")
    [item] = collected(desk)
    near = known.now().near("退貨的郵費算誰的？")
    assert (near[0].intent, near[0].same, near[0].title) == ("return_policy", True, "退换规则")
    with pytest.raises(Refused, match="return_policy"):
        decide(desk, repository, known, ADMIN, Wish(item.group_id, "intent", "product_info"))
    assert states(desk) == ["open"]
    assert lines(bot_dir, "data/nlu/product_info.yml") == FILES["data/nlu/product_info.yml"]
    # Where it is already, there is nothing to write.
    made = decide(desk, repository, known, ADMIN, Wish(item.group_id, "intent", "return_policy"))
    assert (made.written, made.commit, states(desk)) == ([], None, ["done"])


def test_to_a_topic_and_out_of_scope(
    desk: Store, repository: Repository, known: Known, bot_dir: Path
) -> None:
    said(desk, begun(desk), "会不会是假货啊", read=[("faq", 0.4)])
    said(desk, begun(desk), "明天北京冷吗", read=[])
    first, second = collected(desk)
    decide(desk, repository, known, ADMIN, Wish(first.group_id, "topic", "faq/genuine"))
    decide(desk, repository, known, ADMIN, Wish(second.group_id, "out_of_scope"))
    assert "    - 会不会是假货啊\n" in lines(bot_dir, "data/nlu/faq/goods.yml")
    assert "    - 明天北京冷吗\n" in lines(bot_dir, "data/nlu/out_of_scope.yml")


def test_ignoring_writes_nothing_and_can_be_taken_back(
    desk: Store, repository: Repository, known: Known, group: int
) -> None:
    head = repository.head()
    made = decide(desk, repository, known, ADMIN, Wish(group, "ignore"))
    assert (states(desk), repository.head()) == (["ignored"] * 4, head)
    undo(desk, repository, ADMIN, made.id)
    assert states(desk) == ["open"] * 4


def test_a_new_topic_from_the_humans_answer(
    desk: Store, repository: Repository, known: Known, bot_dir: Path
) -> None:
    said(desk, begun(desk), "羊毛衫能机洗么", handoff={"reason": "low_confidence"})
    [item] = collected(desk)
    topic = NewTopic("goods", "wool_care", "product_info", "建议冷水手洗。", ["羊毛衫能机洗么", "羊绒怎么洗"])
    made = decide(desk, repository, known, ADMIN, Wish(item.group_id, "new_topic", topic=topic))
    text = lines(bot_dir, "data/nlu/faq/goods.yml")
    assert "- intent: faq/wool_care" in text and "    - 羊绒怎么洗" in text
    assert "utter_faq/wool_care:" in text and "建议冷水手洗。" in text
    assert known.now().titles["faq/wool_care"] == "羊毛衫能机洗么"
    undo(desk, repository, ADMIN, made.id)
    assert lines(bot_dir, "data/nlu/faq/goods.yml") == FILES["data/nlu/faq/goods.yml"]


@pytest.mark.parametrize(
    ("topic", "why"),
    [
        (NewTopic("goods", "Wool", "product_info", "手洗。"), "topic_name"),
        (NewTopic("goods", "genuine", "product_info", "手洗。"), "topic_taken"),
        (NewTopic("../goods", "wool", "product_info", "手洗。"), "unknown"),
        (NewTopic("goods", "wool", "nothing", "手洗。"), "unknown"),
        (NewTopic("goods", "wool", "product_info", "  "), "no_answer"),
    ],
)
def test_a_topic_that_cannot_be_is_refused(
    desk: Store, repository: Repository, known: Known, group: int, topic: NewTopic, why: str
) -> None:
    with pytest.raises(CannotDecide, match=why):
        decide(desk, repository, known, ADMIN, Wish(group, "new_topic", topic=topic))
    assert states(desk) == ["open"] * 4


def test_an_answer_that_the_data_check_refuses_closes_nothing(
    desk: Store, repository: Repository, known: Known, group: int
) -> None:
    topic = NewTopic("goods", "wool", "product_info", "请等 {nobody_knows} 天。")
    with pytest.raises(Refused, match="nobody_knows"):
        decide(desk, repository, known, ADMIN, Wish(group, "new_topic", topic=topic))
    assert states(desk) == ["open"] * 4


def test_what_was_decided_meanwhile_is_told(
    desk: Store, repository: Repository, known: Known, group: int
) -> None:
    decide(desk, repository, known, ADMIN, Wish(group, "ignore"))
    with pytest.raises(CannotDecide, match="gone"):
        decide(desk, repository, known, ADMIN, Wish(group, "intent", "logistics_track"))


def test_a_crash_between_files_and_turns_writes_nothing_twice(
    desk: Store, repository: Repository, known: Known, bot_dir: Path, group: int
) -> None:
    made = decide(desk, repository, known, ADMIN, Wish(group, "intent", "logistics_track"))
    with desk.writing() as session:  # as if the process had died before it closed them
        for item in session.scalars(select(Item)):
            item.state, item.decision_id = "open", None
        session.flush()
        session.delete(session.get_one(Decision, made.id))
    again = decide(desk, repository, known, ADMIN, Wish(group, "intent", "logistics_track"))
    assert (again.turns, again.written, again.commit) == (4, [], None)
    assert lines(bot_dir, "data/nlu/logistics_track.yml").count("趴窝三天了\n") == 1

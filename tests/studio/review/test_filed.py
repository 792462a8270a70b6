"""What stands in the files by now leaves the inbox, and comes back when it goes from there."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, event, select

from bot.conversations.store import Store
from bot.studio.files import Author, Repository
from bot.studio.files.language import remove_example
from bot.studio.review import decisions, inbox
from bot.studio.review.decisions import CannotDecide
from bot.studio.review.filed import Filing
from bot.studio.review.known import Known
from bot.studio.review.models import Decision

from .conftest import ADMIN, begun, collected, said

TRACKING = "data/nlu/logistics_track.yml"


def listed(store: Store) -> list[str]:
    return [each.text for each in inbox.groups(store)[0]]


def write(bot_dir: Path, *lines: str) -> None:
    """By hand, at the end of the file."""
    path = bot_dir / TRACKING
    path.write_text(path.read_text(encoding="utf-8") + "".join(f"    - {line}\n" for line in lines), "utf-8")


def test_words_that_were_written_by_hand_are_done(
    desk: Store, bot_dir: Path, known: Known, repository: Repository
) -> None:
    for text in ("包裹趴窝三天了", "包裹趴窩三天了！", "羊毛衫能机洗么"):
        said(desk, begun(desk), text)
    collected(desk)
    filing = Filing(desk, known)
    filing.look()
    assert len(listed(desk)) == 2
    write(bot_dir, "[包裹](product)趴窝三天了")
    filing.look()
    assert listed(desk) == ["羊毛衫能机洗么"]
    [made], _ = inbox.decided(desk)
    assert (made.decision.kind, made.decision.target, made.decision.turns) == (
        "by_files",
        "logistics_track",
        2,
    )
    # It would be done again.
    with pytest.raises(CannotDecide, match="by_files"):
        decisions.undo(desk, repository, ADMIN, made.decision.id)

    # The next who says so is no news either.
    said(desk, begun(desk), "包裹趴窝三天了")
    collected(desk)
    filing.look()
    assert listed(desk) == ["羊毛衫能机洗么"]

    repository.look()
    with repository.edit(Author("管理员", "admin"), "away") as draft:
        remove_example(draft, "logistics_track", "[包裹](product)趴窝三天了")
    filing.look()
    assert sorted(listed(desk)) == ["包裹趴窝三天了", "羊毛衫能机洗么"]
    assert all(each.decision.undone_at for each in inbox.decided(desk)[0])


def test_what_was_read_as_the_files_say_stays(desk: Store, known: Known) -> None:
    """She was answered wrongly, though understood; what was misread then is taught by now."""
    for intent in ("logistics_track", "product_info"):
        conversation = begun(desk)
        said(desk, conversation, "我的快递到哪了", intent, [(intent, 0.9)])
        said(desk, conversation, "答非所问", intent, [(intent, 0.9)])
    conversation = begun(desk)
    said(desk, conversation, "是正品吗", "faq", [("faq", 0.9)])
    said(desk, conversation, "答非所问", "faq", [("faq", 0.9)])
    assert len(collected(desk)) == 3
    Filing(desk, known).look()
    [tracked] = [each for each in inbox.groups(desk)[0] if each.text == "我的快递到哪了"]
    assert tracked.count == 1
    with desk.reading() as session:
        targets = list(session.scalars(select(Decision.target).order_by(Decision.target)))
    assert targets == ["faq/genuine", "logistics_track"]


def test_where_nothing_has_changed_next_to_nothing_is_asked(
    desk: Store, known: Known, database: Engine
) -> None:
    said(desk, begun(desk), "包裹趴窝三天了")
    collected(desk)
    filing = Filing(desk, known)
    filing.look()
    statements: list[str] = []
    event.listen(database, "before_cursor_execute", lambda *given: statements.append(given[2]))
    filing.look()
    [asked] = [each for each in statements if each != "BEGIN"]
    assert "max(review_item.id)" in asked

"""The list finds by name, intent, its Chinese title, action and slot; also among a thousand."""

from pathlib import Path

from bot.studio.files import Repository, Snapshot
from bot.studio.stories import graph, listing
from bot.studio.stories.known import Known
from bot.studio.stories.sentences import SENTENCES
from bot.studio.stories.steps import loaded, story_of

from .conftest import FILES


def found(now: Snapshot, *args: object) -> list[str]:
    return [row.told.name for row in listing.search(now, *args)]  # type: ignore[arg-type]


def test_search(now: Snapshot) -> None:
    assert found(now, "查订单") == ["Which order", "Asks and says thanks"]
    assert found(now, "utter_SENT") == ["The order is known", "Asks and says thanks"]
    assert found(now, "requested_slot 道谢") == ["Asks and says thanks"]
    assert found(now, "打招呼", "story") == ["Asks and says thanks"]
    assert found(now, "", None, "data/stories/greet.yml") == ["Hello"]
    assert found(now, "nothing like it") == []
    assert [each.title for each in listing.files_of(now)] == ["", "打招呼", "查订单", "道谢"]


def test_where_a_new_one_belongs(now: Snapshot) -> None:
    for intent, path in {"thanks": "thanks", "faq": "faq", "order_status": "order_status"}.items():
        story = story_of(loaded(f"- rule: a\n  steps:\n  - intent: {intent}"))
        assert listing.path_for(now, story) == f"data/stories/{path}.yml"
    assert listing.path_for(now, None) == ""


def test_a_thousand(bot_dir: Path) -> None:
    for number in range(40):
        stories = "".join(
            f"- story: Talk {number} {each}\n  steps:\n  - intent: greet\n  - action: utter_greet\n"
            for each in range(25)
        )
        (bot_dir / f"data/stories/many{number}.yml").write_text(f"stories:\n{stories}")
    now = Repository(bot_dir).look()
    assert len(found(now, "talk")) == 1000
    assert found(now, "talk 7 3") and len(listing.rows(now)) == 1006


def test_the_same_name_twice_is_marked(bot_dir: Path) -> None:
    (bot_dir / "data/stories/thanks.yml").write_text(
        FILES["data/stories/greet.yml"].replace("greet", "thanks")
    )
    again = [row.told.path for row in listing.rows(Repository(bot_dir).look()) if row.again]
    assert again == ["data/stories/thanks.yml"]


say = SENTENCES["zh"]


def test_actions_are_called_as_people_call_them(names: Known) -> None:
    assert names.called("action_order_status", "zh") == names.called("order_status_form", "en") == "查订单"
    assert names.called("action_listen", "zh") == "等顾客说话"
    assert names.called("action_listen", "en") == "waits"
    assert names.called("utter_greet", "zh") == "您好，请问有什么可以帮您？"
    assert names.called("action_of_ours", "zh") == ""


def test_those_that_begin_alike_share_their_beginning(now: Snapshot, names: Known) -> None:
    stories = [row.story for row in listing.search(now, "", None, "data/stories/order_status.yml")]
    drawn = graph.draw(stories, names, say)
    first = next(node for node in drawn.nodes if node.kind == "intent")
    assert first.name == "order_status" and first.title == "查订单"
    assert [story.name for story in first.stories] == ["Which order", "Asks and says thanks"]
    # Of two alternatives one way goes on.
    thanks, greet = (node for node in drawn.nodes if node.name in ("thanks", "greet"))
    assert thanks.after == greet.after == ["您好，请问有什么可以帮您？"]
    start = next(node for node in drawn.nodes if node.kind == "start")
    assert start.notes == ("表单 order_form",)
    for node in drawn.nodes:
        assert node.x >= 0 and node.x + node.width <= drawn.width
        assert node.y >= 0 and node.y + node.height <= drawn.height
        for other in drawn.nodes:
            apart = abs(node.x - other.x) >= node.width or node.y + node.height <= other.y
            assert node is other or apart or other.y + other.height <= node.y


def test_checkpoints_join_stories_also_in_a_circle(names: Known) -> None:
    round_about = "- story: {0}\n  steps:\n  - checkpoint: {1}\n  - intent: greet\n  - checkpoint: {2}"
    texts = [round_about.format("A", "one", "two"), round_about.format("B", "two", "one")]
    stories = [story for text in texts if (story := story_of(loaded(text)))]
    for down in (True, False):
        drawn = graph.draw(stories, names, say, down)
        assert [node.kind for node in drawn.nodes].count("checkpoint") == 2
        assert len(drawn.nodes) == 4 and len(drawn.arrows) == 4


def test_a_long_story_is_drawn_and_one_too_long_cut(names: Known) -> None:
    steps = "".join("  - intent: greet\n  - action: utter_greet\n" for _ in range(40))
    story = story_of(loaded(f"- story: long\n  steps:\n{steps}"))
    assert story and len(graph.draw([story], names, say, True).nodes) == 80
    assert graph.draw([], names, say).nodes == []

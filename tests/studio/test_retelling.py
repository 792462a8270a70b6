"""Stories made from conversations: their steps, what they keep out, and that the data takes them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot import data_check
from bot.conversations.database import connect
from bot.conversations.steps import Reply
from bot.conversations.store import Store
from bot.handoff.routing import Routing
from bot.settings import ROOT, Settings
from bot.studio import retelling
from bot.studio.files import Author, Refused, Repository, stories
from bot.studio.retelling import (
    NEW,
    NEW_INTENT,
    OWN,
    RULE,
    CannotTell,
    Choice,
    Conversed,
    Heard,
    NewAnswer,
    NewIntent,
)
from tests.conftest import new_database
from tests.faults import TroubledEngine
from tests.servers import free_port, serving
from tests.studio.own_data import lay
from tests.studio.review.conftest import begun, said

ADMIN = Author("管理员", "admin")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository(lay(tmp_path_factory.mktemp("own") / "bot"))


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    database = connect(new_database(request, "sqlite", tmp_path / "guitai.db"))
    yield Store(database, desk_rules=Routing())
    database.dispose()


@pytest.fixture(scope="module")
def engine() -> Iterator[tuple[TroubledEngine, str]]:
    engine = TroubledEngine()
    with serving(engine.app()) as url:
        yield engine, url


def did(*names: str | None) -> tuple[dict[str, Any], ...]:
    """Actions by name; ``+form`` begins a form, ``None`` ends it; ``=slot`` sets a slot."""
    done: list[dict[str, Any]] = []
    for name in names:
        if name is None or name.startswith("+"):
            done.append({"event": "active_loop", "name": name and name[1:]})
        elif name.startswith("="):
            done.append({"event": "slot", "name": name[1:], "set": True})
        else:
            done.append({"event": "action", "name": name})
    return (*done, {"event": "action", "name": "action_listen"})


def heard(number: int, intent: str, *done: str | None, **more: Any) -> Heard:
    given = {"text": "……", "topic": "", "entities": (), "replies": (), **more}
    return Heard(number=number, intent=intent, deeds=did(*done), **given)


def told(*turns: Heard) -> Conversed:
    return Conversed(turns, True)


def own(conversed: Conversed) -> list[Choice]:
    return [Choice(turn.number, turn.intent, OWN) for turn in conversed.turns]


def steps(source: str) -> Any:
    return YAML(typ="safe").load(source)[0]["steps"]


TRACKED = ("=order_no", "logistics_track_form", "+logistics_track_form", None, "action_logistics_track")


def test_forms_are_told_as_stories_tell_them(files: Repository) -> None:
    conversed = told(
        heard(1, "logistics_track", "logistics_track_form", "+logistics_track_form"),
        heard(2, "faq", "utter_faq", "logistics_track_form"),  # something else, and back to the form
        heard(3, "inform", "=order_no", "logistics_track_form", None, "action_logistics_track"),
        heard(4, "deny", "action_deactivate_loop", None, "utter_deny"),
        heard(5, "human_agent", "action_handoff", None),
    )
    story = retelling.compose(files.look(), conversed, own(conversed))
    assert steps(story.source) == [
        {"intent": "logistics_track"},
        {"action": "logistics_track_form"},
        {"active_loop": "logistics_track_form"},
        {"intent": "faq"},
        {"action": "utter_faq"},
        {"action": "logistics_track_form"},
        {"active_loop": "logistics_track_form"},
        # What the form took as an answer is no step.
        {"active_loop": None},
        {"slot_was_set": [{"requested_slot": None}]},
        {"action": "action_logistics_track"},
        {"intent": "deny"},
        {"action": "action_deactivate_loop"},
        {"active_loop": None},
        {"action": "utter_deny"},
        {"intent": "human_agent"},
        {"action": "action_handoff"},
    ]
    assert story.path == "data/stories/logistics_track.yml" and not story.unclear
    assert stories.read(story.source)[:2] == ("story", story.name)
    with pytest.raises(CannotTell, match="only_a_form"):
        retelling.compose(files.look(), conversed, [Choice(3, "inform", OWN)])


def test_nobodys_own_data_is_told(files: Repository) -> None:
    number, phone, name = "2026112000012345", "13816826688", "林晓雨"
    conversed = told(
        heard(
            1,
            "logistics_track",
            *TRACKED,
            text=f"我叫{name}，{phone}，单号{number}，用的顺丰",
            entities=(
                ("order_no", number),
                ("phone_tail", "6688"),
                ("courier", "顺丰速运"),
                ("place", "杭州市"),
            ),
        )
    )
    story = retelling.compose(files.look(), conversed, own(conversed))
    assert steps(story.source)[0] == {
        "intent": "logistics_track",
        "entities": ["order_no", "phone_tail", {"courier": "顺丰速运"}, "place"],
    }
    for private in (number, phone, name, "6688", "杭州"):
        assert private not in story.source
    assert retelling.masked(f"您好，{number} 的包裹请致电 {phone}，或写信给 a.b@mail.example") == (
        "您好，… 的包裹请致电 …，或写信给 …"
    )
    for text in (f"您的订单 {number} 已发出", f"给 {phone} 打过电话"):
        with pytest.raises(CannotTell, match="personal"):
            retelling.check_answer(files.look(), NewAnswer("utter_x_y", text), conversed)
    retelling.check_answer(files.look(), NewAnswer("utter_x_y", "客服热线 4008123123"), conversed)
    assert retelling.masked("拨 400-812-3123，报 13816826688", {"4008123123"}) == "拨 400-812-3123，报 …"


def test_a_misunderstood_turn_does_what_the_rules_say(files: Repository) -> None:
    look = files.look()
    conversed = told(
        heard(1, "nlu_fallback", "action_ask_back", entities=(("order_no", "2026112000012345"),))
    )
    story = retelling.compose(look, conversed, [Choice(1, "coupon_promo", RULE)], name="优惠")
    assert steps(story.source)[1:] == [{"action": "action_coupon_promo"}] and story.name == "优惠"
    # Of several rules that with the most of what she named.
    assert retelling.by_rule(look, "inform", ["order_no"])[0] == {"action": "order_status_form"}
    assert retelling.by_rule(look, "inform") == [{"action": "action_product_named"}]
    assert retelling.by_rule(look, "no_such_intent") == []
    assert (story.kind, story.clashes) == ("rule", ()), "one turn holds at any time"
    # A rule that says otherwise could not be trained with it.
    clashing = retelling.compose(look, conversed, [Choice(1, "coupon_promo", "utter_thanks")])
    assert steps(clashing.source)[1] == {"action": "utter_thanks"} and clashing.clashes == (1,)
    unknown = Conversed((Heard(1, "?", "nlu_fallback", "", (), None, ()),), False)
    assert retelling.compose(look, unknown, [Choice(1, "nlu_fallback", OWN)]).unclear == (1,)


def test_what_cannot_be_told_says_why(files: Repository) -> None:
    look, conversed = files.look(), told(heard(1, "greet", "utter_greet"), heard(2, "greet", "utter_greet"))
    for choices, why in (
        ([], "nothing_chosen"),
        ([Choice(7, "greet", OWN)], "nothing_chosen"),
        ([Choice(1, "greet: {", OWN)], "unknown_intent"),
        ([Choice(1, "greet", "utter_\n- story: x")], "unknown_action"),
        ([Choice(1, "greet", NEW)], "no_answer"),
        ([Choice(1, NEW_INTENT, RULE)], "unknown_intent"),
    ):
        with pytest.raises(CannotTell, match=why):
            retelling.compose(look, conversed, choices)
    twice, answer = [Choice(1, "greet", NEW), Choice(2, "greet", NEW)], NewAnswer("utter_x_y", "好")
    with pytest.raises(CannotTell, match="two_answers"):
        retelling.compose(look, conversed, twice, answer=answer)
    for name, why in (("utter_thanks", "answer_taken"), ("utter_X", "answer_name"), ("x", "answer_name")):
        with pytest.raises(CannotTell, match=why):
            retelling.check_answer(look, NewAnswer(name, "好"), conversed)
    with pytest.raises(CannotTell, match="no_answer"):
        retelling.check_answer(look, NewAnswer("utter_x_y", " \n"), conversed)
    for intent, why in (
        (NewIntent("greet", "问好", ["嗨"]), "intent_taken"),
        (NewIntent("Gift", "礼物", ["嗨"]), "intent_name"),
        (NewIntent("gift_late", "", ["嗨"]), "intent_empty"),
        (NewIntent("gift_late", "礼物", [" "]), "intent_empty"),
        (NewIntent("gift_late", "礼物", ["长" * 300]), "example_long"),
    ):
        with pytest.raises(CannotTell, match=why):
            retelling.check_intent(look, intent, conversed)


@pytest.mark.parametrize("name", ["a: b", "- x", "# no", '"', "'{[", "null", "  多  空格 "])
def test_any_name_is_read_back(files: Repository, name: str) -> None:
    conversed = told(heard(1, "greet", "utter_greet"))
    story = retelling.compose(files.look(), conversed, own(conversed), name)
    assert stories.read(story.source)[1] == " ".join(name.split())


def handed_over(store: Store) -> tuple[str, int]:
    """A shopper whom people helped; the message the bot did not understand."""
    id = begun(store)
    said(store, id, "我的快递到哪了", "logistics_track", [("logistics_track", 0.9)])
    asked = said(store, id, "礼物晚到了能补贺卡吗", handoff={"reason": "low_confidence"})
    store.take(id, 7, "小周")
    store.say(id, 7, "小周", "可以的，订单 2026112000012345 的贺卡今天补寄给您", "a1")
    return id, asked


def test_from_the_log_to_one_commit(store: Store, engine: tuple[TroubledEngine, str], tmp_path: Path) -> None:
    memory, url = engine
    settings = Settings(data_dir=tmp_path, engine_url=url, bot_dir=lay(tmp_path / "bot"))
    id, asked = handed_over(store)
    memory.remembered = {
        f"{id}:1": list(did(*TRACKED)),
        f"{id}:{asked}": list(did("action_ask_back", "action_handoff")),
    }
    conversed = retelling.of_log(store, settings, id)
    assert conversed.remembered and [turn.intent for turn in conversed.turns] == [
        "logistics_track",
        "nlu_fallback",
    ]
    assert conversed.turns[1].people == ("可以的，订单 2026112000012345 的贺卡今天补寄给您",)
    choices = retelling.usual(conversed)
    assert choices == [Choice(1, "logistics_track", OWN), Choice(asked, NEW_INTENT, NEW)]
    intent = NewIntent(
        "gift_late", "礼物晚到", ["礼物晚到了能补贺卡吗", "订单 2026112000099999 送晚了咋补偿"]
    )
    answer = NewAnswer("utter_late_gift", "晚到的礼物可以补寄贺卡，请告诉客服收件人。")
    repository = Repository(settings.bot_dir)
    story = retelling.compose(repository.look(), conversed, choices, "礼物晚到了", answer, intent)
    retelling.check_answer(repository.look(), answer, conversed)
    retelling.check_intent(repository.look(), intent, conversed)
    assert (story.kind, story.unclear, story.clashes) == ("story", (), ())
    before = len(repository.history())
    commit = retelling.save(repository, ADMIN, "新增故事", story)
    assert commit and len(repository.history()) == before + 1
    assert {each.path for each in repository.diff(commit)} == {
        *("domain.yml", "data/intents.yml", "data/nlu/gift_late.yml", "data/stories/gift_late.yml")
    }
    assert data_check.problems(settings.bot_dir, ROOT) == []
    written = (settings.bot_dir / "data/stories/gift_late.yml").read_text(encoding="utf-8")
    assert written.endswith("\n  - intent: gift_late\n  - action: utter_late_gift\n")
    for private in ("2026112000012345", "2026112000099999"):
        assert private not in written
        assert private not in (settings.bot_dir / "data/nlu/gift_late.yml").read_text(encoding="utf-8")
    # Either both or nothing.
    again = [*choices[:1], Choice(asked, "gift_late", NEW)]
    taken = retelling.compose(
        repository.look(), conversed, again, "礼物晚到了", NewAnswer("utter_other_gift", "好")
    )
    with pytest.raises(Refused, match="礼物晚到了"):
        retelling.save(repository, ADMIN, "新增故事", taken)
    assert "utter_other_gift" not in (settings.bot_dir / "domain.yml").read_text(encoding="utf-8")


def test_without_the_engine_the_rules_are_taken(store: Store, files: Repository, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, engine_url=f"http://127.0.0.1:{free_port()}")
    id, asked = handed_over(store)
    conversed = retelling.of_log(store, settings, id, asked)
    assert not conversed.remembered and conversed.chosen == asked
    choices = retelling.usual(conversed)
    assert [each.bot for each in choices] == [RULE, NEW]
    fresh = NewAnswer("utter_x_y", "好"), NewIntent("gift_late", "礼物晚到", [])
    story = retelling.compose(files.look(), conversed, choices, "", *fresh)
    assert story.name == "查物流到哪了 → 礼物晚到"
    assert steps(story.source)[1:3] == [
        {"action": "logistics_track_form"},
        {"active_loop": "logistics_track_form"},
    ]
    with pytest.raises(CannotTell, match="gone"):
        retelling.of_log(store, settings, "0" * 32)
    silent = begun(store)
    with pytest.raises(CannotTell, match="nothing_read"):
        retelling.of_log(store, settings, silent)


def test_only_the_last_service_before_people_is_told(store: Store, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, engine_url=f"http://127.0.0.1:{free_port()}")
    id, first = handed_over(store)
    store.hand_back(id, 7)
    second = said(store, id, "谢谢", "thanks", [("thanks", 0.9)], reply=Reply("不客气"))
    conversed = retelling.of_log(store, settings, id)
    assert [each.number for each in retelling.usual(conversed)] == [1, first]
    chosen = retelling.of_log(store, settings, id, second)
    assert [each.number for each in retelling.usual(chosen)] == [second]

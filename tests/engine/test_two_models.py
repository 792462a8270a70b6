"""Two models on one memory: while one is promoted, a conversation goes on with the other, and back again."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rasa.shared.core.constants import REQUESTED_SLOT

from bot.engine.environment import log_from
from bot.engine.train import train
from tests.engine.conftest import DOMAIN, NLU, RULES, write_project
from tests.engine.test_channel import ActionServer, Engine, said

INTENT = """
- intent: fitting
  examples: |
    - 我穿多大码
    - 帮我选个尺码
    - 尺码怎么挑
    - 该买几号
    - 推荐一下尺寸
    - 我这身材穿哪个码
responses:"""
SLOTS = """
  height: {type: text, influence_conversation: true, mappings: [{type: custom}]}
forms:
  fitting_form: {required_slots: [order_no, height]}
actions:"""
FORM = """
- {rule: fitting, steps: [{intent: fitting}, {action: fitting_form}, {active_loop: fitting_form}]}
"""


@pytest.fixture(scope="module")
def wider(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the tiny shop that knows an intent, a slot and a form more."""
    root = tmp_path_factory.mktemp("wider")
    write_project(root)
    (root / "data/nlu/all.yml").write_text(NLU.replace("\nresponses:", INTENT))
    domain = DOMAIN.replace("intents: [", "intents: [fitting, ").replace("\nactions:", SLOTS)
    asks = "responses:\n  utter_ask_order_no: [{text: 哪个订单}]\n  utter_ask_height: [{text: 您多高}]"
    (root / "domain.yml").write_text(domain.replace("responses:", asks))
    (root / "data/stories/all.yml").write_text(RULES + FORM.lstrip())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        path = train(root / "models" / "wider.tar.gz", root)
    log_from(logging.CRITICAL)
    return path


@pytest.fixture
def engines(
    model: Path, wider: Path, tmp_path: Path, actions: ActionServer
) -> Iterator[tuple[Engine, Engine]]:
    """One with the tiny shop's model, one with the wider, on one memory."""
    opened = [Engine(each, tmp_path / "engine.db", actions) for each in (model, wider)]
    yield opened[0], opened[1]
    for engine in opened:
        engine.close()


@pytest.fixture
def actions() -> ActionServer:
    return ActionServer()


def tracker(engine: Engine) -> Any:
    return engine.loop.run_until_complete(engine.processor.get_tracker("c1"))


def test_a_form_and_a_slot_that_the_other_model_does_not_know_break_no_turn(
    engines: tuple[Engine, Engine], caplog: pytest.LogCaptureFixture
) -> None:
    tiny, wider = engines
    [asked] = wider.ask(said("m1", text="帮我选个尺码"))
    assert (asked["replies"], asked["model"]) == ([{"text": "哪个订单"}], "wider")
    [asked] = wider.ask(said("m2", text="2026112000012345"))
    assert asked["replies"] == [{"text": "您多高"}]

    with caplog.at_level(logging.WARNING):
        [greeted] = tiny.ask(said("m3", text="你好"))
    assert (greeted["replies"][0]["text"], greeted["model"]) == ("您好", "tiny")
    assert not [record for record in caplog.records if "non existent slot" in record.message]
    assert tracker(tiny).active_loop_name is None and tracker(tiny).get_slot("order_no") == "2026112000012345"
    # Many turns later the window has left the form behind, and nothing of it comes back.
    for number in range(4, 14):
        [answer] = tiny.ask(said(f"m{number}", text="我的订单发货了吗"))
        assert answer["replies"][-1] == {"text": "已发货"}

    [again] = wider.ask(said("m20", text="你好"))
    assert (again["replies"][0]["text"], again["model"]) == ("您好", "wider")
    there = tracker(wider)
    assert (there.active_loop_name, there.get_slot(REQUESTED_SLOT)) == (None, None)
    [asked] = wider.ask(said("m21", text="帮我选个尺码"))
    assert asked["replies"] == [{"text": "您多高"}] and tracker(wider).active_loop_name == "fitting_form"


def test_back_at_once_the_form_that_was_left_stays_left(engines: tuple[Engine, Engine]) -> None:
    tiny, wider = engines
    wider.ask(said("m1", text="帮我选个尺码"))
    tiny.ask(said("m2", text="你好"))
    [answer] = wider.ask(said("m3", text="你好"))
    assert answer["replies"][0]["text"] == "您好" and tracker(wider).active_loop_name is None


def test_a_message_is_answered_once_whichever_model_is_asked_again(engines: tuple[Engine, Engine]) -> None:
    tiny, wider = engines
    answers = [engine.ask(said("m1", text="帮我选个尺码"))[0] for engine in (wider, tiny, wider)]
    assert answers[0]["model"] == "wider" and answers[1:] == answers[:1] * 2


def test_what_one_forgets_the_other_does_not_know(engines: tuple[Engine, Engine]) -> None:
    tiny, wider = engines
    wider.ask(said("m1", text="我的订单2026112000012345发货了吗"))
    assert tracker(tiny).get_slot("order_no") == "2026112000012345"
    tiny.loop.run_until_complete(tiny.channel._forget(tiny.processor, "c1"))
    assert tracker(wider).get_slot("order_no") is None and not tracker(wider).events

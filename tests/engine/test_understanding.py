"""The trained pipeline as Rasa runs it."""

import asyncio
from pathlib import Path
from typing import Any

import jieba
import pytest
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage


@pytest.fixture(scope="module")
def agent(model: Path) -> Agent:
    return Agent.load(model)


def parse(agent: Agent, text: str) -> dict[str, Any]:
    return asyncio.run(agent.processor.parse_message(UserMessage(text)))


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("你好", "greet"),
        ("我的訂單發貨了嗎", "order_status"),
        ("今天天气怎么样", "out_of_scope"),
        ("退货运费谁出", "faq"),
        ("发票在哪里申请", "faq"),
        ("zzzz qqq", "nlu_fallback"),
        ("\u200b", "nlu_fallback"),
    ],
)
def test_intent(agent: Agent, text: str, intent: str) -> None:
    assert parse(agent, text)["intent"]["name"] == intent


def test_unsure_keeps_the_readings_behind(agent: Agent) -> None:
    parsed = parse(agent, "咕噜咕噜")
    first, *readings = parsed["intent_ranking"]
    assert first["name"] == "nlu_fallback"
    assert {reading["name"] for reading in readings} == {"greet", "order_status", "out_of_scope"}
    assert first["confidence"] == pytest.approx(1 - readings[0]["confidence"])


def test_faq_topic_as_rasa_reads_it(agent: Agent) -> None:
    selected = parse(agent, "退货运费谁出")["response_selector"]["faq"]
    assert selected["response"]["utter_action"] == "utter_faq/return_postage"
    assert selected["response"]["confidence"] == pytest.approx(1)
    assert selected["ranking"][0]["intent_response_key"] == "faq/return_postage"


def test_same_text_same_figures(agent: Agent, model: Path) -> None:
    assert (
        parse(agent, "单子发了没")["intent_ranking"]
        == parse(Agent.load(model), "单子发了没")["intent_ranking"]
    )


def test_vocabulary_belongs_to_the_model(agent: Agent) -> None:
    tokens = parse(agent, "有没有运费险呀")["text_tokens"]
    assert (3, 6) in tokens
    assert "运费险" not in jieba.dt.FREQ

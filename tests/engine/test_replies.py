"""Answers are filled with the policies of the moment, in a turn through the real engine."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.utils.endpoints import EndpointConfig

from bot.engine import run
from bot.engine.tracker_store import TurnStore
from bot.engine.turns import Nowhere, TurnProcessor


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    path = tmp_path / "policies.yml"
    write(path, return_days=7)
    return path


def write(path: Path, return_days: int) -> None:
    path.write_text(
        f"dispatch_hours: 48\nself_service_limit: 2000\ncourier: 中通\nreturn_days: {return_days}\n",
        encoding="utf-8",
    )


def shop_replies(policies: Path) -> EndpointConfig:
    return EndpointConfig(type="bot.engine.replies.ShopReplies", policies=str(policies))


def test_what_an_action_says_is_filled_and_follows_the_file(
    model: Path, tmp_path: Path, policies: Path
) -> None:
    async def says(request: web.Request) -> web.Response:
        # An action's own value goes before the policy of the same name.
        rules = {"response": "utter_rules", "title": "云朵抱枕", "dispatch_hours": "24"}
        return web.json_response({"events": [], "responses": [rules]})

    async def two_turns() -> list[str]:
        app = web.Application()
        app.router.add_post("/webhook", says)
        server = web.AppRunner(app, shutdown_timeout=0.1)
        await server.setup()
        await web.TCPSite(server, "127.0.0.1", 0).start()
        agent = Agent.load(
            model,
            tracker_store=TurnStore(f"sqlite:///{tmp_path}/engine.db"),
            action_endpoint=EndpointConfig(f"http://127.0.0.1:{server.addresses[0][1]}/webhook"),
            generator=shop_replies(policies),
        )
        processor = TurnProcessor(agent.processor)
        said = []
        for message_id in ("1", "2"):
            answer = await processor.answer(
                UserMessage(
                    "查一下订单状态",
                    output_channel=Nowhere("web"),
                    sender_id="a",
                    message_id=message_id,
                    metadata={"message_id": message_id},
                )
            )
            said.append(answer["replies"][-1]["text"])
            write(policies, return_days=15)
        await server.cleanup()
        return said

    assert asyncio.run(two_turns()) == [
        "「云朵抱枕」7 天内可退，24 小时内发出。",
        "「云朵抱枕」15 天内可退，24 小时内发出。",
    ]


def test_a_slot_goes_before_a_policy(policies: Path) -> None:
    domain = Domain.from_dict({"responses": {"utter_a": [{"text": "{courier}，{return_days} 天"}]}})
    replies = NaturalLanguageGenerator.create(shop_replies(policies), domain)
    assert replies.generate_from_slots("utter_a", {"courier": "顺丰"}, "web") == {"text": "顺丰，7 天"}


def test_broken_policies_keep_the_engine_from_starting_and_say_why(
    model: Path, policies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policies.write_text("dispatch_hours: [", encoding="utf-8")
    monkeypatch.setattr(run, "PATH", policies)
    with pytest.raises(run.CannotStart, match=r"policies\.yml line \d+ is no YAML"):
        run._serve(model)

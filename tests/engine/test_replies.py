"""Answers in the wording and with the policies of the moment, in a turn through the real engine."""

import asyncio
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.utils.endpoints import EndpointConfig

from bot import followed
from bot.engine import run
from bot.engine.fingerprint import ROOT
from bot.engine.tracker_store import TurnStore
from bot.engine.train import train
from bot.engine.turns import Nowhere, TurnProcessor
from bot.validity import today
from bot.wordings import Wordings, words
from tests.engine.tiny import DOMAIN, write_project

LAPSED = words(ROOT).now()["lapsed"]


@pytest.fixture
def bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bot's files, looked at each time."""
    monkeypatch.setattr(followed, "LOOK_SECONDS", 0.0)
    write(tmp_path / "data" / "policies.yml", policies(return_days=7))
    return tmp_path


_moments = iter(range(1_000_000, 2_000_000))


def write(path: Path, text: str) -> None:
    """Write ``text`` as of long ago, each time at another moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    moment = next(_moments)
    os.utime(path, (moment, moment))


def policies(return_days: int) -> str:
    return f"dispatch_hours: 48\nself_service_limit: 2000\ncourier: 中通\nreturn_days: {return_days}\n"


def endpoint(bot: Path) -> EndpointConfig:
    return EndpointConfig(type="bot.engine.replies.ShopReplies", folder=str(bot))


def replies(bot: Path, **responses: Any) -> NaturalLanguageGenerator:
    """What speaks for a model that was trained with these responses."""
    domain = Domain.from_dict({"responses": {f"utter_{name}": each for name, each in responses.items()}})
    return NaturalLanguageGenerator.create(endpoint(bot), domain)


def said(generator: Any, name: str, channel: str = "web", **slots: Any) -> Any:
    found = generator.generate_from_slots(f"utter_{name}", slots, channel)
    return found and found["text"]


def say(bot: Path, text: str, file: str = "domain.yml") -> None:
    write(bot / file, f"responses:\n{text}")


def day(offset: int) -> str:
    """So many days from today, as the files have it."""
    return (today() + timedelta(days=offset)).isoformat()


def test_what_an_action_says_is_filled_and_follows_the_files(model: Path, bot: Path, tmp_path: Path) -> None:
    async def says(request: web.Request) -> web.Response:
        # An action's own value goes before the policy of the same name.
        rules = {"response": "utter_rules", "title": "云朵抱枕", "dispatch_hours": "24"}
        return web.json_response({"events": [], "responses": [rules]})

    async def turns() -> list[dict[str, Any]]:
        app = web.Application()
        app.router.add_post("/webhook", says)
        server = web.AppRunner(app, shutdown_timeout=0.1)
        await server.setup()
        await web.TCPSite(server, "127.0.0.1", 0).start()
        agent = Agent.load(
            model,
            tracker_store=TurnStore(f"sqlite:///{tmp_path}/engine.db"),
            action_endpoint=EndpointConfig(f"http://127.0.0.1:{server.addresses[0][1]}/webhook"),
            generator=endpoint(bot),
        )
        processor = TurnProcessor(agent.processor)
        edits = [
            lambda: None,
            lambda: write(bot / "data" / "policies.yml", policies(return_days=15)),
            lambda: say(bot, "  utter_rules: [{text: '{title}：{return_days} 天，{dispatch_hours} 小时'}]\n"),
            lambda: say(
                bot,
                f"  utter_rules: [{{text: 双十一, metadata: {{until: {day(-1)}}}}}]\n"
                f"  utter_card: [{{text: 您的单子, metadata: {{since: {day(0)}, by: 小王}}}}]\n",
            ),
        ]
        answers = []
        for number, edit in enumerate(edits):
            edit()
            answers.append(
                await processor.answer(
                    UserMessage(
                        "查一下订单状态",
                        output_channel=Nowhere("web"),
                        sender_id="a",
                        message_id=str(number),
                        metadata={"message_id": str(number)},
                    )
                )
            )
        await server.cleanup()
        return answers

    answers = [each["replies"] for each in asyncio.run(turns())]
    assert [each[-1]["text"] for each in answers] == [
        "「云朵抱枕」7 天内可退，24 小时内发出。",
        "「云朵抱枕」15 天内可退，24 小时内发出。",
        "云朵抱枕：15 天，24 小时",
        LAPSED,
    ]
    assert answers[2][0] == {"text": "您的订单", "card": {"kind": "order", "order_no": "1"}}
    assert answers[3][0] == {"text": "您的单子"}
    assert [each["payload"] for each in answers[3][-1]["buttons"]] == ["/human_agent"]


def test_a_slot_goes_before_a_policy(bot: Path) -> None:
    generator = replies(bot, a=[{"text": "{courier}，{return_days} 天"}])
    assert said(generator, "a", courier="顺丰") == "顺丰，7 天"


def test_the_files_say_it_for_what_the_model_knows(bot: Path) -> None:
    generator = replies(bot, a=[{"text": "模型"}], **{"faq/b": [{"text": "模型"}]})
    assert said(generator, "a") == said(generator, "faq/b") == "模型"
    say(bot, "  utter_a: [{text: 文件}]\n  utter_new: [{text: 新的}]\n")
    say(bot, "  utter_faq/b:\n  - text: |-\n      文件\n      两行\n", "data/nlu/faq/b.yml")
    assert (said(generator, "a"), said(generator, "faq/b")) == ("文件", "文件\n两行")
    assert said(generator, "new") is None
    # What is gone from the files is said as it was trained.
    (bot / "data/nlu/faq/b.yml").unlink()
    say(bot, "  utter_new: [{text: 新的}]\n")
    assert said(generator, "a") == said(generator, "faq/b") == "模型"


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ("responses:\n  utter_a: [{text: 新", "domain.yml:3: the YAML cannot be read"),
        ("", "domain.yml:1: the file is empty"),
        ("responses:\n  utter_a:\n", "domain.yml: utter_a must hold a list"),
        ("responses:\n  utter_a: [{text: 48}]\n", "domain.yml: utter_a must hold a list"),
        ("responses: [a]\n", "domain.yml: `responses` must hold names"),
        (
            "responses:\n  utter_a: [{text: 新, metadata: {since: 2026-02-30}}]\n",
            "domain.yml: utter_a: since “2026-02-30” is no day",
        ),
    ],
)
def test_a_broken_file_leaves_what_it_said_in_force(
    bot: Path, broken: str, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    generator = replies(bot, a=[{"text": "模型"}], b=[{"text": "模型"}])
    say(bot, "  utter_a: [{text: 文件}]\n")
    assert said(generator, "a") == "文件"
    write(bot / "domain.yml", broken)
    say(bot, "  utter_b: [{text: 另一个文件}]\n", "data/nlu/b.yml")
    assert (said(generator, "a"), said(generator, "b")) == ("文件", "另一个文件")
    (told,) = (record.message for record in caplog.records if record.name == "bot.followed")
    assert told.startswith(why) and "\n" not in told
    say(bot, "  utter_a: [{text: 又好了}]\n")
    assert said(generator, "a") == "又好了"


def test_each_channel_its_own_words(bot: Path) -> None:
    generator = replies(bot, a=[{"text": "模型"}])
    say(bot, "  utter_a: [{text: 点右上角}, {text: 点菜单, channel: wechat}]\n")
    assert [said(generator, "a", channel) for channel in ("web", "wechat", "wecom")] == [
        "点右上角",
        "点菜单",
        "点右上角",
    ]
    # Where the channel's own words may not be said, those for all are; where there are none, nothing is.
    say(
        bot,
        "  utter_a: [{text: 点右上角}, "
        f"{{text: 点菜单, channel: wechat, metadata: {{since: {day(1)}}}}}]\n",
    )
    assert said(generator, "a", "wechat") == "点右上角"
    say(bot, f"  utter_a: [{{text: 点菜单, channel: wechat, metadata: {{since: {day(1)}}}}}]\n")
    assert (said(generator, "a", "wechat"), said(generator, "a", "web")) == (LAPSED, None)


def test_only_what_may_be_said_today(bot: Path) -> None:
    generator = replies(bot, a=[{"text": "模型", "metadata": {"until": day(-1)}}])
    assert said(generator, "a") == LAPSED
    over, on, soon = ({"until": day(-1)}, {"since": day(0), "until": day(0)}, {"since": day(1)})

    def offer(*metadata: dict[str, str]) -> None:
        lines = [
            f"  - text: {number}\n    metadata: {{{', '.join(f'{k}: {v}' for k, v in each.items())}}}\n"
            for number, each in enumerate(metadata)
        ]
        say(bot, "  utter_a:\n" + "".join(lines).replace("text: ", "text: 第"))

    offer(over, on, soon)
    assert {said(generator, "a") for _ in range(20)} == {"第1"}
    offer(over, soon)
    assert said(generator, "a") == LAPSED
    say(bot, f"  utter_a: [{{text: 平时}}, {{text: 双十一, metadata: {{since: {day(1)}}}}}]\n")
    assert {said(generator, "a") for _ in range(20)} == {"平时"}


def test_an_offer_goes_before_what_is_said_otherwise(bot: Path) -> None:
    generator = replies(bot, a=[{"text": "模型"}])
    on = f"metadata: {{since: {day(0)}, until: {day(0)}}}"
    usual = "  utter_a: [{text: 平时}, {text: 点菜单, channel: wechat}, "

    def heard(channel: str) -> set[str]:
        return {said(generator, "a", channel) for _ in range(20)}

    say(bot, f"{usual}{{text: 双十一, {on}}}, {{text: 双十一啦, {on}}}]\n")
    assert (heard("web"), heard("wechat")) == ({"双十一", "双十一啦"}, {"点菜单"})
    say(bot, f"{usual}{{text: 双十一, {on}}}, {{text: 点优惠, channel: wechat, {on}}}]\n")
    assert (heard("web"), heard("wechat")) == ({"双十一"}, {"点优惠"})
    # A condition that holds counts more than days, as a channel does.
    gold = "condition: [{type: slot, name: level, value: gold}]"
    say(bot, f"  utter_a: [{{text: 双十一, {on}}}, {{text: 金卡, {gold}}}]\n")
    assert said(generator, "a", level="gold") == "金卡"
    assert said(generator, "a") == "双十一"


def test_conditions_buttons_and_pictures_of_the_files_count(bot: Path) -> None:
    generator: Any = replies(bot, a=[{"text": "模型"}])
    say(
        bot,
        """  utter_a:
  - text: 您是金卡会员
    condition: [{type: slot, name: level, value: gold}]
    buttons: &more [{title: "{courier}", payload: /order_status}]
  - text: 您好
    image: https://shop.example/a.png
    buttons: *more
""",
    )
    assert said(generator, "a", level="gold") == "您是金卡会员"
    for _ in range(2):  # what one turn is filled with does not stay
        assert generator.generate_from_slots("utter_a", {"level": "none", "courier": "顺丰"}, "web") == {
            "text": "您好",
            "image": "https://shop.example/a.png",
            "buttons": [{"title": "顺丰", "payload": "/order_status"}],
        }
    assert said(generator, "a", level="none") == "您好"


def test_the_shops_own_sentence_for_what_is_over(bot: Path) -> None:
    write(bot / "data" / "wording.yml", "lapsed: 活动已经结束啦\n")
    generator: Any = replies(bot, a=[{"text": "模型", "metadata": {"until": day(-1)}}])
    assert generator.generate_from_slots("utter_a", {}, "web") == {
        "text": "活动已经结束啦",
        "buttons": [{"title": words(ROOT).now()["buttons"]["human"], "payload": "/human_agent"}],
    }


def test_days_in_the_data_are_trained(tmp_path: Path, bot: Path) -> None:
    """Rasa itself writes the domain as JSON, which has no days."""
    root = tmp_path / "project"
    write_project(root)
    dated = DOMAIN.replace("text: 没太明白您的意思。", f"text: 没太明白, metadata: {{until: {day(-1)}}}")
    assert dated != DOMAIN
    write(root / "domain.yml", dated)
    trained = train(tmp_path / "models" / "dated.tar.gz", root)
    (bot / "domain.yml").unlink(missing_ok=True)
    agent = Agent.load(trained, generator=endpoint(bot))
    assert said(agent.processor.nlg, "unsure") == LAPSED


def test_the_files_of_the_project_say_what_its_domain_says() -> None:
    """As Rasa's own reader reads them."""
    from rasa.shared.importers.importer import TrainingDataImporter

    importer = TrainingDataImporter.load_from_dict(
        {}, str(ROOT / "config.yml"), str(ROOT / "domain.yml"), [str(ROOT / "data" / "nlu" / "faq")]
    )
    assert Wordings(ROOT).now() == importer.get_domain().responses


@pytest.mark.parametrize(
    ("file", "text", "why"),
    [
        ("policies.yml", "dispatch_hours: [", r"policies\.yml line \d+ is no YAML"),
        ("wording.yml", "lapsed: [", r"data/wording\.yml:\d+: the YAML cannot be read"),
    ],
)
def test_broken_files_keep_the_engine_from_starting_and_say_why(
    model: Path, bot: Path, monkeypatch: pytest.MonkeyPatch, file: str, text: str, why: str
) -> None:
    write(bot / "data" / file, text)
    monkeypatch.setenv("GUITAI_BOT_DIR", str(bot))
    with pytest.raises(run.CannotStart, match=why):
        run._serve(model)

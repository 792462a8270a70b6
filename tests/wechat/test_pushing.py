"""What an agent writes, through the API: pictures, long texts, and quotas that end half-way."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.channels.wechat import texts
from bot.channels.wechat.simulator.world import Follower
from bot.conversations import allowances, steps
from bot.conversations.attachments import Attachments
from bot.conversations.steps import Reply

from .line import Line

UPLOAD = "/cgi-bin/media/upload"


async def served(line: Line) -> tuple[Follower, str]:
    """A shopper whom an agent serves."""
    shopper = line.phone()
    await line.write(shopper, "你好")
    conversation = line.conversation(shopper)
    line.store.take(conversation, 7, "小王")
    await line.shown(shopper, lambda screen: len(screen) == 2)
    await line.settled(shopper)
    return shopper, conversation


def shows(line: Line, conversation: str, data_dir: Path, text: str | None) -> None:
    """The agent sends a picture, perhaps with words."""
    image = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(image, "PNG")
    kept = Attachments(line.store, data_dir).keep(conversation, image.getvalue())
    with line.store.writing() as session:
        said = Reply(text, attachment=kept, sender="agent", name="小王")
        steps.append(session, steps.locked(session, conversation), said)


@pytest.mark.parametrize("fault", [None, {"errcode": -1, "times": 4}, {"delay": 0.6, "afterwards": True}])
async def test_a_picture_comes_with_its_words_once(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any] | None
) -> None:
    monkeypatch.setattr("bot.channels.wechat.api.TIMEOUT", 0.3)
    shopper, conversation = await served(line)
    if fault:
        line.fail(UPLOAD, **fault)
    shows(line, conversation, tmp_path, "您看，是这一款")
    await line.until(shopper, *line.screen(shopper)[:2], "image", "您看，是这一款")


async def test_a_picture_that_is_never_taken_keeps_back_no_other_message(line: Line, tmp_path: Path) -> None:
    shopper, conversation = await served(line)
    line.fail(UPLOAD, errcode=40006, times=50)
    shows(line, conversation, tmp_path, None)
    line.store.say(conversation, 7, "小王", "在吗", "1")
    await line.shown(shopper, lambda screen: screen[-1] == "在吗")


async def test_a_long_message_goes_on_where_the_quota_ended(line: Line) -> None:
    shopper, conversation = await served(line)
    shopper.allowances["message"].left = 2
    allowances.grant(line.store, conversation, "message", 2, timedelta(hours=48))
    text = "长" * 1900
    line.store.say(conversation, 7, "小王", text, "1")
    parts = texts.parts(text)
    assert len(parts) == 3
    await line.shown(shopper, lambda screen: screen[2:] == parts[:2])
    await line.settled(shopper)
    assert allowances.left(line.store, conversation).messages == 0
    await line.write(shopper, "还有吗")
    await line.shown(shopper, lambda screen: screen[2:] == parts)
    line.store.say(conversation, 7, "小王", "没有了", "2")
    await line.shown(shopper, lambda screen: screen[2:] == [*parts, "没有了"])


async def test_a_text_and_buttons_that_fit_into_no_list_lose_no_button(line: Line) -> None:
    shopper, conversation = await served(line)
    line.account.takes_menus = False
    buttons = [{"title": f"第{n}件", "payload": f"/{n}"} for n in range(1, 9)]
    with line.store.writing() as session:
        said = Reply("长" * (texts.LARGEST // 3), buttons, sender="agent", name="小王")
        steps.append(session, steps.locked(session, conversation), said)
    screen = await line.shown(shopper, lambda screen: screen[-1].endswith("8. 第8件"))
    assert all(texts.size(said) <= texts.LARGEST for said in screen)
    assert "".join(screen[2:]).count("长") == texts.LARGEST // 3

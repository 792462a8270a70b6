"""A new wording is said within five seconds, by an engine that goes on running."""

import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from bot.validity import today
from tests.shopper import Message, text_of, titles
from tests.stack import Running

QUESTION, RESPONSE = "满多少包邮", "utter_faq/free_shipping_threshold"
WITHIN = 5.0

Edit = Callable[[str], None]


@pytest.fixture
def edit(running: Running) -> Iterator[Edit]:
    """Writes the answer's variations into the running bot's file, which is as it was in the end."""
    path = running.settings.bot_dir / "data" / "nlu" / "faq" / "logistics.yml"
    before = path.read_text(encoding="utf-8")

    def write(variations: str) -> None:
        text, changed = re.subn(rf"(\n  {RESPONSE}:\n)  - text: [^\n]*\n", rf"\g<1>{variations}", before)
        assert changed == 1
        path.write_text(text, encoding="utf-8")

    yield write
    path.write_text(before, encoding="utf-8")
    # The next test must not hear of it.
    until(running, "全店满")


def test_an_answer_is_said_as_it_was_just_edited(running: Running, edit: Edit) -> None:
    engine = running.process("engine").pid
    assert "元包邮" in text_of(running.shopper().say(QUESTION))
    edit("  - text: 现在满 {free_shipping_threshold} 元就免运费啦。\n  - {text: 微信专享, channel: wechat}\n")
    said = text_of(until(running, "就免运费啦"))
    assert re.search(r"满 \d+ 元就免", said) and "微信" not in said
    edit(f"  - text: 昨天还包邮。\n    metadata: {{until: {today() - timedelta(days=1)}}}\n")
    over = until(running, "目前不在有效期内")
    assert "昨天" not in text_of(over) and "转人工" in titles(over)
    assert running.process("engine").pid == engine


def until(running: Running, part: str) -> list[Message]:
    """What the bot answers, once it has this in it."""
    deadline = time.monotonic() + WITHIN
    while part not in text_of(said := running.shopper().say(QUESTION)):
        assert time.monotonic() < deadline, said
        time.sleep(0.2)
    return said

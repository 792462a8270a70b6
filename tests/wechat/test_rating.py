"""A person serves by WeChat, and is rated there."""

import asyncio

import pytest

from bot.channels.wechat.simulator.world import Follower
from bot.conversations import allowances, ratings
from bot.conversations.store import Store

from .conftest import Connect, Engine
from .line import Line

RATING = "[非常满意|满意|一般|不满意|很不满意]"


async def served(line: Line, store: Store) -> tuple[Follower, str]:
    """A shopper to whom an agent has spoken."""
    shopper = line.phone()
    await line.write(shopper, "你好")
    conversation = line.conversation(shopper)
    store.take(conversation, 7, "小王")
    store.say(conversation, 7, "小王", "您好，我来帮您", "a1")
    return shopper, conversation


async def test_what_an_agent_says_reaches_the_phone_and_is_counted(line: Line, store: Store) -> None:
    shopper, conversation = await served(line, store)
    (_, taken, said) = await line.shown(shopper, lambda screen: len(screen) == 3)
    assert "小王" in taken and said == "您好，我来帮您"
    deadline = asyncio.get_running_loop().time() + 10
    while store.conversation(conversation).delivered_seq < store.conversation(conversation).last_seq:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.02)
    assert allowances.left(store, conversation).messages == 3


@pytest.mark.parametrize("answer", ["非常满意", "5", "1"])
async def test_the_end_is_rated_by_a_tap_or_a_word(line: Line, store: Store, answer: str) -> None:
    shopper, conversation = await served(line, store)
    store.close(conversation, 7)
    shown = await line.shown(shopper, lambda screen: len(screen) == 4)
    assert shown[-1].endswith(f"这次服务您还满意吗？ {RATING}")
    tapped = {}
    if answer == "非常满意":
        tapped = {"bizmsgmenuid": shopper.screen[-1].message["msgmenu"]["list"][0]["id"]}
    await line.write(shopper, answer, **tapped)
    assert "评价" in line.screen(shopper)[-1]
    (given,) = ratings.given(store, conversation)
    assert (given.score, given.served_name) == (1 if answer == "5" else 5, "小王")
    assert line.log(shopper)[-1].sender == "system", "what is rated is over: nothing begins anew"


async def test_who_is_asked_while_served_is_not_asked_again(line: Line, store: Store) -> None:
    shopper, conversation = await served(line, store)
    store.ask_rating(conversation, 7)
    asked = (await line.shown(shopper, lambda screen: len(screen) == 4))[-1]
    assert asked.count("您还满意吗") == 1 and asked.endswith(RATING)
    await line.write(shopper, "不满意")
    assert ratings.given(store, conversation) == [], "to a person it is but a word"
    button = shopper.screen[-1].message["msgmenu"]["list"][3]
    await line.write(shopper, button["content"], bizmsgmenuid=button["id"])
    store.close(conversation, 7)
    closed = (await line.shown(shopper, lambda screen: len(screen) == 6))[-1]
    assert "满意吗" not in closed
    assert [each.score for each in ratings.given(store, conversation)] == [2]


async def test_buttons_are_links_to_a_phone_that_can_only_be_replied_to(
    connect: Connect, engine: Engine, store: Store
) -> None:
    async with connect(verified=False) as line:
        shopper, conversation = await served(line, store)
        store.close(conversation, 7)
        await line.write(shopper, "好的")
        shown = line.screen(shopper)[-1]
        assert "您好，我来帮您" in shown and shown.count("<a href=") == 5
        assert ratings.given(store, conversation) == []

"""Two real engines in one installation: what shoppers notice when one is killed."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from bot.conversations.database import connect
from bot.conversations.store import Store
from tests.shopper import text_of
from tests.stack import Running, running_stack

pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]
SHOPPERS = 12


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_stack(tmp_path_factory.mktemp("engines"), engines=2) as running:
        yield running


def ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/webhooks/conversation/ready", timeout=2).is_success
    except httpx.HTTPError:
        return False


def until_ready(url: str, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not ready(url):
        assert time.monotonic() < deadline, "the engine did not come back"
        time.sleep(0.2)


def test_a_killed_engines_shoppers_are_answered_by_the_other_and_it_comes_back(running: Running) -> None:
    shoppers = [running.shopper() for _ in range(SHOPPERS)]
    store = Store(connect(running.settings.database))
    # Frozen first, so that messages are surely in flight when it dies.
    killed = running.process("engine2")
    killed.suspend()
    sent = [shopper.send("多少钱包邮") for shopper in shoppers]
    time.sleep(0.5)
    killed.kill()
    for shopper, seq in zip(shoppers, sent, strict=True):
        shopper.after(seq)
    with ThreadPoolExecutor(SHOPPERS) as pool:
        list(pool.map(lambda shopper: shopper.say("多少钱包邮呢"), shoppers))
    for shopper in shoppers:
        log = store.messages(shopper.conversation)
        asked = [m.seq for m in log if m.sender == "shopper"]
        answers = [m for m in log if m.sender == "bot"]
        assert len(asked) == 2 and Counter(m.reply_to for m in answers) == Counter(asked)
        assert all("59" in (m.text or "") for m in answers), [m.text for m in answers]

    until_ready(running.settings.engine_urls[1])
    assert running.process("engine2").pid != killed.pid
    # Both have one memory, so each goes on with the other's dialogues.
    running.process("engine").kill()
    for shopper in shoppers:
        assert "59" in text_of(shopper.say("多少钱包邮"))

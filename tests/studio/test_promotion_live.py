"""A model is promoted in the real stack while shoppers write five messages a second: none is lost or doubled.

What happens to them is seen from outside (tests.shopper) and compared with the log at the end. The second
model is a copy of the first under another name: the log tells which of them answered.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import httpx
import psutil
import pytest
from sqlalchemy import create_engine, text

from bot import live_model
from bot.conversations.database import connect
from bot.conversations.store import Store
from bot.launcher import Stack
from bot.settings import ROOT
from bot.studio.promotion import READY, SWITCH, Promoter, ready
from bot.studio.promotions import FAILED, INTERRUPTED, LIVE
from tests.shopper import Shopper
from tests.stack import Running, running_stack
from tests.traffic import Traffic

pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]

SECOND = "guitai-second"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_stack(tmp_path_factory.mktemp("promotion")) as running:
        models = running.settings.models_dir
        first = max(models.glob("guitai-*.tar.gz"), key=lambda path: path.stat().st_mtime)
        shutil.copy(first, models / f"{SECOND}.tar.gz")
        yield running


@pytest.fixture
def admin(running: Running) -> Iterator[httpx.Client]:
    """The studio as an admin's browser calls it."""
    office = running.settings.office
    with httpx.Client(base_url=office, headers={"Origin": office}, timeout=20) as http:
        found = re.search(r'name="token" value="([^"]+)"', http.get("/sign-in").text)
        assert found
        name = next(user["name"] for user in running.users if user["role"] == "admin")
        form = {"name": name, "password": running.password(name), "token": found[1]}
        assert http.post("/sign-in", data=form).status_code == 303
        yield http


@pytest.fixture
def traffic(running: Running) -> Iterator[Traffic]:
    traffic = Traffic(running)
    yield traffic
    traffic.stop()
    traffic.tell()


def until(holds: Callable[[], Any], seconds: float = 120) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)
    return found


def state(admin: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = admin.get("/studio/promotion").raise_for_status().json()
    return found


def ended(admin: httpx.Client, number: int) -> dict[str, Any]:
    """The promotion, once it has ended."""

    def row() -> dict[str, Any] | None:
        return next((each for each in state(admin)["history"] if each["id"] == number), None)

    found: dict[str, Any] = until(row)
    return found


def post(admin: httpx.Client, path: str) -> int:
    answer = admin.post(path, json={"why": "试一试"})
    assert answer.status_code == 202, answer.text
    return int(answer.json()["promotion"])


def runs(running: Running, name: str) -> bool:
    try:
        return running.process(name).is_running()
    except LookupError:
        return False


def command(running: Running, *words: str) -> "subprocess.Popen[str]":
    given = {f"GUITAI_{name.upper()}": str(value) for name, value in running.settings.model_dump().items()}
    return subprocess.Popen(
        [sys.executable, "-m", "bot.cli", "studio", *words],
        cwd=ROOT,
        env={**os.environ, **given},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_promoted_and_rolled_back_under_fire_while_messages_flow(
    running: Running, admin: httpx.Client, traffic: Traffic
) -> None:
    models = running.settings.models_dir
    first = until(lambda: state(admin)["serves"])
    time.sleep(6)

    traffic.mark("before")
    time.sleep(8)
    traffic.mark("new engine killed while it warms")
    number = post(admin, f"/studio/models/{SECOND}/promote")
    assert admin.post("/studio/rollback", json={}).json()["type"] in ("busy", "no-way-back")
    until(lambda: (state(admin)["under_way"] or {}).get("step") == READY)
    running.process("green").kill()
    row = ended(admin, number)
    assert (row["outcome"], row["problem"]["code"]) == (FAILED, "died")
    assert state(admin)["serves"] == first and not runs(running, "green")
    assert live_model.read(models) is None

    traffic.mark("promoter killed while it waits")
    promoter = command(running, "promote", SECOND)
    until(lambda: (state(admin)["under_way"] or {}).get("step") == READY)
    promoter.kill()
    promoter.wait()
    assert state(admin)["serves"] == first and state(admin)["under_way"] is None

    traffic.mark("promotion")
    number = post(admin, f"/studio/models/{SECOND}/promote")
    row = ended(admin, number)
    assert (row["outcome"], row["step"], row["why"]) == (LIVE, SWITCH, "试一试"), row
    print(f"promoted in {row['seconds']} s")
    traffic.mark("after the switch")
    now = state(admin)
    assert (now["serves"], now["stands_by"], now["way_back"]) == (SECOND, first, first)
    assert now["history"][1]["outcome"] == INTERRUPTED
    time.sleep(8)
    traffic.mark("after the way back")
    row = ended(admin, post(admin, "/studio/rollback"))
    print(f"rolled back in {row['seconds']} s")
    assert (row["outcome"], state(admin)["serves"], state(admin)["stands_by"]) == (LIVE, first, SECOND)
    time.sleep(6)
    traffic.mark("and on again, by the command")
    told = command(running, "rollback").communicate(timeout=60)[0]
    assert f"{SECOND} answers now." in told
    time.sleep(5)
    traffic.stop()

    store = Store(connect(running.settings.database))
    answered_by: Counter[str] = Counter()
    for ledger in traffic.ledgers:
        said = ledger.checked(store)
        assert all(message.model for message in said)
        models_of = [message.model for message in said]
        changes = [pair for pair in pairwise(models_of) if pair[0] != pair[1]]
        assert changes == [(first, SECOND), (SECOND, first), (first, SECOND)]
        answered_by.update(str(model) for model in models_of)
    assert set(answered_by) == {first, SECOND}
    print(dict(answered_by))

    # Whoever dies now comes back with what was promoted.
    running.process("green").kill()
    url = running.settings.green_engine_urls[0]
    until(lambda: ready(url, timeout=5) == SECOND)
    assert Shopper(running.settings.front).say("你好")
    # Nothing of the canaries is kept.
    with create_engine(running.settings.engine_database).connect() as memory:
        kept = memory.execute(text("select count(*) from engine_turn where conversation_id like 'canary%'"))
        assert kept.scalar() == 0
    assert json.loads((models / live_model.FILE).read_text())["live"] == live_model.GREEN


def test_after_a_new_start_the_promoted_model_serves_and_the_former_stands_by(running: Running) -> None:
    settings = running.settings
    live = live_model.read(settings.models_dir)
    assert live and live.live == live_model.GREEN
    supervisor = psutil.Process(running.supervisor)
    supervisor.terminate()
    supervisor.wait(30)
    stack = Stack(settings)
    stack.check()
    try:
        stack.start()
        shopper = Shopper(settings.front)
        shopper.say("你好")
        store = Store(connect(settings.database))
        assert store.messages(shopper.conversation)[0].model == SECOND
        until(lambda: ready(settings.engine_urls[0], timeout=5) == live_model.short(str(live.blue)))
        # And no longer than it shall.
        brief = settings.model_copy(update={"warm_hours": 1e-6})
        assert Promoter(brief, store).cool()
        assert ready(settings.engine_urls[0], timeout=1) is None
        assert live_model.read(settings.models_dir) == live.with_model(live_model.BLUE, None)
        shopper.say("多少钱包邮")
    finally:
        stack.stop()

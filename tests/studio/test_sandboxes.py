"""Few chats run at once, one for each admin; a model that does not load is told, and nothing is left."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from bot.settings import Settings
from bot.studio.sandbox import CannotChat, Sandboxes

TORN = ("guitai-0123456789ab", "guitai-0123456789ac")


async def until(there: Callable[[], bool]) -> None:
    for _ in range(1_200):
        if there():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it did not come about")


async def test_two_at_once_and_a_torn_model_is_told(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, models_dir=tmp_path)
    for name in TORN:
        (tmp_path / f"{name}.tar.gz").write_bytes(b"torn")
    sandboxes = Sandboxes(settings)
    running = asyncio.create_task(sandboxes.run())
    for name in ("guitai-000000000000", "../guitai-0123456789ab", ""):
        with pytest.raises(CannotChat, match="unknown_model"):
            await sandboxes.start(1, "甲", name)
    first = await sandboxes.start(1, "甲", TORN[0])
    second = await sandboxes.start(2, "乙", TORN[0])
    with pytest.raises(CannotChat, match="busy") as why:
        await sandboxes.start(3, "丙", TORN[0])
    assert why.value.values == {"names": "甲、乙", "most": 2}
    with pytest.raises(CannotChat, match="not_ready"):
        await first.say("你好", None)

    # Another model takes the place of her own, not of another's.
    await until(lambda: first.pid is not None)
    former = psutil.Process(first.pid)
    other = await sandboxes.start(1, "甲", TORN[1])
    assert (first.state, other.model, second.state) == ("ended", TORN[1], "starting")
    psutil.wait_procs([former], 10)
    assert not former.is_running()

    await until(lambda: second.state != "starting")
    assert (second.state, second.ended) == ("ended", "failed")
    assert f"{TORN[0]}.tar.gz cannot be read" in second.detail
    assert sandboxes.of(2) is second
    await sandboxes.end(2)
    assert sandboxes.of(2) is None

    # The end of the office is the end of all.
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert other.state == "ended" and other.pid is None
    assert list((tmp_path / "sandbox").iterdir()) == []

"""A front that is stopped ends its streams, so that their readers go elsewhere at once."""

from contextlib import ExitStack
from pathlib import Path

import httpx

from bot.migrations import upgrade
from bot.settings import Settings
from tests.servers import free_port
from tests.web.calls import begin
from tests.web.front_process import front_process


def test_a_stopped_front_ends_its_streams_without_a_word_in_the_log(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, front_port=free_port())
    upgrade(settings.database)
    log = tmp_path / "front.log"
    with ExitStack() as after:
        http = after.enter_context(httpx.Client(base_url=settings.front, timeout=30))
        with front_process(settings, log):
            _, mine = begin(http)
            stream = after.enter_context(http.stream("GET", "/api/chat/stream", headers=mine))
            lines = stream.iter_lines()
            assert next(lines) == "event: state"
    told = [line for line in log.read_text().splitlines() if "engine.gone" not in line]  # there is none here
    assert not told

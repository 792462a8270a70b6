"""A wrong setting stops the start of any process with a sentence that names it."""

import os
import subprocess
import sys

import pytest

from bot.settings import Settings


def test_an_address_may_end_with_a_slash() -> None:
    settings = Settings(front_public_url="https://shop.example/", office_public_url="https://desk.example//")
    assert (settings.front, settings.office) == ("https://shop.example", "https://desk.example")


@pytest.mark.parametrize("module", ["bot.cli", "bot.front", "bot.worker"])
def test_a_wrong_setting_is_named_in_a_sentence(module: str) -> None:
    wrong = {
        "GUITAI_FRONT_PORT": "abc",
        "GUITAI_ENGINE_PORT": "65530",
        "GUITAI_ENGINES": "7",
        "GUITAI_ENGINE_URL": "http://10.0.0.5:5005, 10.0.0.6:5005",
        "GUITAI_SESSION_DAYS": "0",
    }
    done = subprocess.run(
        [sys.executable, "-m", module, "demo"],
        env={**os.environ, **wrong},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    lines = done.stderr.strip().splitlines()
    assert [line.split(" is wrong: ")[0] for line in lines] == [
        "The setting GUITAI_FRONT_PORT",
        "The setting GUITAI_ENGINES",
        "The setting GUITAI_ENGINE_URL",
        "The setting GUITAI_SESSION_DAYS",
    ]
    assert "'10.0.0.6:5005' is no engine's address such as http://" in done.stderr

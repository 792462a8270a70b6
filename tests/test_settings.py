"""A wrong setting stops the start of any process with a sentence that names it."""

import os
import subprocess
import sys

import pytest
from pydantic import ValidationError

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
        "GUITAI_GREEN_ENGINE_PORT": "65536",
        "GUITAI_GREEN_ENGINE_URL": "http://10.0.0.7:5005/",
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
        "The setting GUITAI_GREEN_ENGINE_PORT",
        "The setting GUITAI_ENGINE_URL",
        "The setting GUITAI_SESSION_DAYS",
    ]
    assert "'10.0.0.6:5005' is no engine's address such as http://" in done.stderr


def test_the_second_side_stands_behind_the_first_unless_it_is_told_where() -> None:
    behind = Settings(engine_port=6000, engines=3)
    assert behind.sides["green"] == [f"http://127.0.0.1:{port}" for port in (6003, 6004, 6005)]
    told = Settings(engine_port=6000, engines=2, green_engine_port=7000)
    assert (told.engine_ports, told.green_engine_ports) == ([6000, 6001], [7000, 7001])
    # Who names the first side's engines has to name the second's.
    named = Settings(engine_url="http://10.0.0.5:5005")
    assert named.sides == {"blue": ["http://10.0.0.5:5005"], "green": []}
    named.green_engine_url = "http://10.0.0.6:5005, http://10.0.0.7:5005"
    assert named.sides["green"] == ["http://10.0.0.6:5005", "http://10.0.0.7:5005"]


def test_no_port_is_beyond_the_last() -> None:
    with pytest.raises(ValidationError, match="its last engine's port would be 65536"):
        Settings(engine_port=65535)

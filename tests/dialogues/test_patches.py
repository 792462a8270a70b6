"""Rasa's own code and what is patched into it answer every dialogue alike, word for word."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bot import launcher
from bot.dialogues.given import Cast, cast
from tests.dialogues.runner import Answers, Message
from tests.dialogues.test_dialogues import DIALOGUES, all_played
from tests.stack import running_stack

ENGINE = "bot.engine.run"
# What tells the policies of a conversation's past, since the store gives them the last turns only: without
# it nothing does. That both lead to the same is shown by tests/engine/test_window.py.
OF_THE_STORE = "Domain.states_for_tracker_history"
# Made anew in every installation: times, addresses, places in the queue, ids of tickets, refunds, pictures.
MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT)?\d{1,2}:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?")
ADDRESS = re.compile(r"127\.0\.0\.1:\d+")
OTHERWISE = re.compile(r"(?<=第 )\d+(?= 位)|(?<=reopen_ticket:)\d+|(?<=affirm{\"proposal\": \")[^\"]+(?=\.)")
ID = re.compile(r"(?<![0-9a-zA-Z])(?=[0-9a-zA-Z_-]*\d)[0-9a-zA-Z_-]{5,}")
SHOWN = ("from", "text", "buttons", "card", "cards", "attachment")


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_no_answer_is_another_without_the_patches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUITAI_ADDRESS_MESSAGES_PER_MINUTE", "100000")
    monkeypatch.setenv("GUITAI_SESSIONS_PER_MINUTE", "100000")
    casts = {id: cast(dialogue) for id, dialogue in DIALOGUES.items()}
    patched = answers(tmp_path / "patched", monkeypatch, casts, ())
    unpatched = answers(tmp_path / "unpatched", monkeypatch, casts, (OF_THE_STORE,))
    for name, found in (("patched", patched), ("unpatched", unpatched)):
        (tmp_path / f"{name}.json").write_text(json.dumps(found, ensure_ascii=False, indent=1))
    different = [id for id in casts if patched[id] != unpatched[id]]
    assert not different, [(patched[id], unpatched[id]) for id in different]


def answers(
    data: Path, monkeypatch: pytest.MonkeyPatch, casts: dict[str, Cast], kept: tuple[str, ...]
) -> dict[str, Any]:
    """What the shoppers saw of an engine with these of its patches, or all."""
    original = launcher._programs
    with monkeypatch.context() as patch:
        module = " ".join(["tests.dialogues.unpatched_engine", *kept])

        def programs(procfile: str, *ports: Any) -> dict[str, dict[str, str]]:
            return original(procfile.replace(ENGINE, module), *ports)

        patch.setattr(launcher, "_programs", programs)
        with running_stack(data, proxied=True) as running, all_played(running, casts) as played:
            return {id: comparable(future.result(), casts[id]) for id, future in played.items()}


def comparable(seen: Answers, made: Cast) -> Any:
    """What is the same in every installation, besides the words."""
    known = json.dumps(made.load, ensure_ascii=False)

    def plain(text: str) -> str:
        text = OTHERWISE.sub("<number>", MOMENT.sub("<moment>", ADDRESS.sub("<address>", text)))
        return ID.sub(lambda found: found[0] if found[0] in known else "<id>", text)

    def same(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: same(value) for key, value in part.items() if key != "ticket_id"}
        if isinstance(part, list):
            return [same(one) for one in part]
        return plain(part) if isinstance(part, str) else part

    messages, reasons = seen
    return [same(shown(message)) for message in messages], reasons


def shown(message: Message) -> dict[str, Any]:
    return {key: message[key] for key in SHOWN if key in message}

"""Every dialogue of the files beside this one, each a test.

Those that are selected are played ahead, several at a time; the tests wait for theirs. Dialogues that trouble
the shop come after the others, one by one, as the actions' circuit breaker is everybody's.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.dialogues.format import Dialogue, read
from bot.dialogues.given import Cast, cast, load
from tests.dialogues.runner import Answers, Mismatch, play, recovered
from tests.stack import Running

AT_ONCE = 4

DIALOGUES = {
    id: dialogue
    for path in sorted(Path(__file__).parent.glob("*.yml"))
    for id, dialogue in read(path).items()
}
# Also the order in which they are reported.
IDS = sorted(DIALOGUES, key=lambda id: DIALOGUES[id].troubled)


@pytest.fixture(scope="module")
def played(stage: Running, request: pytest.FixtureRequest) -> Iterator[dict[str, "Future[Answers]"]]:
    calls = [getattr(item, "callspec", None) for item in request.session.items]
    selected = {call.params.get("dialogue_id") for call in calls if call}
    with all_played(stage, {id: cast(DIALOGUES[id]) for id in IDS if id in selected}) as played:
        yield played


@contextmanager
def all_played(stage: Running, casts: dict[str, Cast]) -> Iterator[dict[str, "Future[Answers]"]]:
    """Play the dialogues of these ids, with these taking part."""
    load(stage.settings.shop_database, casts)
    with ThreadPoolExecutor(AT_ONCE) as many, ThreadPoolExecutor(1) as alone:
        calm = {
            id: many.submit(play, stage, DIALOGUES[id], made)
            for id, made in casts.items()
            if not DIALOGUES[id].troubled
        }

        def play_alone(dialogue: Dialogue, made: Cast) -> Answers:
            for future in calm.values():
                future.exception()
            recovered(stage)
            return play(stage, dialogue, made)

        troubled = {
            id: alone.submit(play_alone, DIALOGUES[id], made)
            for id, made in casts.items()
            if DIALOGUES[id].troubled
        }
        yield {**calm, **troubled}
        for pool in (many, alone):
            pool.shutdown(wait=False, cancel_futures=True)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("dialogue_id", IDS)
def test_dialogue(played: dict[str, "Future[Answers]"], dialogue_id: str) -> None:
    wrong = played[dialogue_id].exception()
    if isinstance(wrong, Mismatch):
        pytest.fail(str(wrong), pytrace=False)
    played[dialogue_id].result()

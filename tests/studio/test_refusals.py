"""Why a training was refused, as an admin reads it."""

from pathlib import Path

import pytest

from bot.data_faults import Fault, kept
from bot.settings import ROOT
from bot.studio.files import Repository
from bot.studio.training.models import Training
from bot.studio.training.refusals import Reason, reason
from bot.studio.training.sentences import sentences
from tests.studio.files.small import lay

# As Rasa 3.6 says it (tests/engine/test_training.py).
CONTRADICTING = (
    "Contradicting rules or stories found 🚨 - the prediction of the action 'utter_greet' in rule 'Greet' is "
    "contradicting with rule(s) 'Other, Gone' which predicted action 'action_listen'. Please update your sto…"
)


@pytest.fixture
def files(tmp_path: Path) -> Repository:
    root = lay(tmp_path)
    story = "  - {rule: Greet, steps: []}\n  - {rule: Other, steps: []}\n"
    (root / "data/stories/two.yml").write_text(f"rules:\n{story}")
    return Repository(root, ROOT)


def test_what_the_data_check_found_is_said_in_the_readers_language(files: Repository) -> None:
    found = [Fault("intent_unused", place="domain.yml:3", intent="greet"), Fault("first_change")]
    failed = Training(commit_id=files.head(), failure="refused", detail="\n".join(map(kept, found)))
    told = reason(sentences("zh"), failed, files).said.split("\n")
    assert told[0].startswith("domain.yml:3：没有规则或故事用到意图 greet。") and len(told) == 2
    assert reason(sentences("en"), failed, files) == Reason("\n".join(found))


def test_rules_that_contradict_each_other_are_named_with_their_files(files: Repository) -> None:
    failed = Training(commit_id=files.head(), failure="refused", detail=CONTRADICTING)
    told = reason(sentences("zh"), failed, files)
    assert "规则“Greet”（data/stories/two.yml）、规则“Other”（data/stories/two.yml）、“Gone”" in told.said
    assert told.words == CONTRADICTING


def test_other_words_are_told_as_they_are(files: Repository) -> None:
    failed = Training(commit_id="0" * 40, failure="broken", detail="MemoryError")
    assert reason(sentences("zh"), failed, files) == Reason("MemoryError")
    failed = Training(commit_id="0" * 40, failure="refused", detail=CONTRADICTING)
    assert "“Greet”、“Other”、“Gone”" in reason(sentences("zh"), failed, files).said

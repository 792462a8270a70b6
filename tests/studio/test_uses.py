"""Who uses what, of a little bot and of the project itself."""

from pathlib import Path

import pytest

from bot.settings import ROOT
from bot.studio.files import Repository
from bot.studio.files.folder import found
from bot.studio.uses import Kind, Uses, uses
from tests.studio.files.small import git
from tests.studio.teaching.little import lay_little


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return lay_little(tmp_path / "bot")


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Uses:
    folder = lay_little(tmp_path_factory.mktemp("used") / "bot")
    return uses(Repository(folder, code=folder).look(), folder)


class CheckedOut:
    """The project's own files, read where they lie: the studio writes nothing into the checkout."""

    def __init__(self) -> None:
        self._texts = {path: file.read_text(encoding="utf-8") for path, file in found(ROOT).items()}

    def files(self, under: str = "") -> list[str]:
        return sorted(path for path in self._texts if path.startswith(f"{under}/" if under else ""))

    def text(self, path: str) -> str:
        return self._texts[path]


def told(used: Uses, kind: Kind, name: str) -> set[tuple[str, str]]:
    return {(use.by, use.name) for use in used.of(kind, name)}


def test_an_intent_is_used_by_rules_stories_slots_buttons_topics_and_wording(used: Uses) -> None:
    assert told(used, "intent", "greet") == {
        ("rule", "Hello"),
        ("story", "Hello or thanks"),
        ("slot", "handled"),
    }
    assert told(used, "intent", "order_status") == {
        ("rule", "Order"),
        ("story", "Hello or thanks"),
        ("topic", "faq/return_days"),
        ("response", "utter_greet"),
        ("response", "utter_bye"),
        ("wording", "wishes"),
    }


def test_an_entity_a_slot_a_form_and_what_asks_for_it(used: Uses) -> None:
    assert told(used, "entity", "order_no") == {
        ("slot", "order_no"),
        ("intent", "order_status"),
        ("story", "Hello or thanks"),
        ("code", "ActionOrderStatus.run"),
    }
    assert told(used, "slot", "order_no") == {
        ("form", "order_form"),
        ("story", "Hello or thanks"),
        ("response", "utter_order_paid"),
        ("code", "ActionOrderStatus.run"),
    }
    assert told(used, "form", "order_form") == {
        ("rule", "Order"),
        ("rule", "Order told"),
        ("code", "ValidateOrderForm"),
    }
    assert told(used, "response", "utter_ask_order_no") == {("form", "order_form")}
    assert told(used, "action", "validate_order_form") == {
        ("form", "order_form"),
        ("code", "ValidateOrderForm"),
    }


def test_examples_are_counted_by_intent_and_found_by_line(used: Uses) -> None:
    (product,) = used.of("entity", "product")
    assert (product.by, product.name, product.count) == ("examples", "order_status", 1)
    assert (product.path, product.line) == ("data/nlu/order_status.yml", 6)


def test_what_the_code_puts_together_may_be_it(used: Uses) -> None:
    (paid,) = used.of("response", "utter_order_paid")
    assert paid.maybe and paid.path == "actions/order_status.py"
    (run,) = [use for use in used.of("action", "action_order_status") if use.by == "code"]
    assert not run.maybe and run.name == "ActionOrderStatus.name"


def test_a_policy_is_used_by_answers_and_topics(used: Uses) -> None:
    assert told(used, "policy", "dispatch_hours") == {
        ("response", "utter_order_paid"),
        ("topic", "faq/return_days"),
    }
    assert used.of("policy", "same_day") == ()


def test_one_name_may_be_several_things_and_strange_ones_are_none(used: Uses) -> None:
    assert [thing.kind for thing in used.called("order_no")] == ["entity", "slot"]
    for strange in ("", "../x", "<b>", "action_listen", "requested_slot"):
        assert used.called(strange) == [], strange


def test_all_of_a_kind_are_listed_in_the_order_of_the_files(used: Uses) -> None:
    assert [thing.name for thing in used.all("intent")] == ["greet", "order_status", "thanks"]
    assert [thing.line for thing in used.all("intent")] == [3, 4, 5]


def test_files_that_cannot_be_read_hide_nothing_else(folder: Path) -> None:
    repository = Repository(folder, code=folder)
    repository.look()
    (folder / "data/wording.yml").write_text("a: [\n", encoding="utf-8")
    (folder / "data/stories/thanks.yml").write_text("- 1\n", encoding="utf-8")
    git(folder, "add", "-A", "data")
    git(folder, "commit", "-qm", "broken")
    used = uses(repository.look(), folder)
    assert ("rule", "Hello") in told(used, "intent", "greet")
    assert used.of("intent", "thanks") == ()


def test_all_that_the_project_names_is_used() -> None:
    used = uses(CheckedOut(), ROOT)
    for kind in ("intent", "response", "action", "form"):
        idle = [thing.name for thing in used.all(kind) if not thing.uses]
        assert idle in ([], ["nlu_fallback"]), (kind, idle)
    assert {use.by for use in used.of("intent", "coupon_promo")} >= {"rule", "topic", "config", "wording"}
    assert {use.by for use in used.of("policy", "dispatch_hours")} >= {"response", "code"}
    assert len(used.all("policy")) > 40

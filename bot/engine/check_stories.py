"""``python -m bot.engine.check_stories``: do the rules and stories contradict each other? Trains nothing.

Rasa's own checks, as they go before a training: of the rules (RulePolicy) and of the stories among each other
(``rasa data validate stories``). Their messages are for people who know Rasa; what they found is told
instead, as lines of JSON on standard output: ``step`` as each begins, at the end ``found``, or ``failed``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

from bot.engine.environment import log_from, prepare
from bot.engine.without_tensorflow import leave_out


def main() -> int:
    parser = argparse.ArgumentParser(prog="bot.engine.check_stories", description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="folder of config.yml, domain.yml and data/")
    options = parser.parse_args()
    # Where nobody reads any more, the next line ends this process.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    out, sys.stdout = sys.stdout, sys.stderr

    def tell(**facts: object) -> None:
        print(json.dumps(facts, ensure_ascii=False), file=out, flush=True)

    tell(step="loading")
    prepare()
    # Of Rasa only what checks is used: no component of the model.
    leave_out(["rasa.core.policies.rule_policy.RulePolicy"])
    os.chdir(options.root)
    from rasa.shared.exceptions import RasaException

    try:
        found = _found(tell)
    except (RasaException, OSError, ValueError) as error:
        tell(failed=" ".join(str(error).split())[:400])
        return 1
    tell(found=found)
    return 0


def _found(tell: Any) -> list[dict[str, Any]]:
    """What contradicts, of the files of the working directory."""
    from rasa.core.policies.rule_policy import InvalidRule, RulePolicy
    from rasa.core.training.story_conflict import _get_previous_event, find_story_conflicts
    from rasa.engine.graph import ExecutionContext, GraphSchema
    from rasa.engine.storage.resource import Resource
    from rasa.shared.core.generator import TrainingDataGenerator

    from bot.engine.graph import _Files, _Importer

    log_from(logging.ERROR)
    tell(step="reading")
    found: list[dict[str, Any]] = []

    class Recording(RulePolicy):
        """Tells what it finds in parts instead of a text."""

        def _check_prediction(
            self, tracker: Any, predicted_action_name: Any, gold_action_name: Any, prediction_source: Any
        ) -> list[str]:
            given = (tracker, predicted_action_name, gold_action_name, prediction_source)
            messages: list[str] = super()._check_prediction(*given)
            if messages:
                # What is predicted says nothing where two rules have taken the same place.
                others = {
                    (name, action)
                    for name, action in self._rules_sources[prediction_source]
                    if action != gold_action_name
                }
                found.append(
                    {
                        "what": "contradiction",
                        "kind": "rule" if tracker.is_rule_tracker else "story",
                        "name": tracker.sender_id,
                        "action": gold_action_name,
                        "others": sorted(others),
                    }
                )
            return messages

        @staticmethod
        def _error_messages_from_fingerprints(
            action_name: Any,
            missing_fingerprint_slots: Any,
            fingerprint_active_loops: Any,
            rule_name: Any,
        ) -> list[str]:
            given = (action_name, missing_fingerprint_slots, fingerprint_active_loops, rule_name)
            messages = RulePolicy._error_messages_from_fingerprints(*given)
            if messages:
                found.append(
                    {
                        "what": "incomplete",
                        "kind": "rule",
                        "name": rule_name,
                        "action": action_name,
                        "slots": sorted(missing_fingerprint_slots),
                        "loop": bool(fingerprint_active_loops),
                    }
                )
            return messages

    importer = _Importer(_Files())
    policies = importer.get_config().get("policies") or []
    domain, stories = importer.get_domain(), importer.get_stories()
    tell(step="rules")
    trackers = TrainingDataGenerator(stories, domain=domain, augmentation_factor=0).generate()
    rules = [tracker for tracker in trackers if tracker.is_rule_tracker]
    told = [tracker for tracker in trackers if not tracker.is_rule_tracker]
    given = next((each for each in policies if each.get("name") == "RulePolicy"), {})
    config = {**RulePolicy.get_default_config(), **{k: v for k, v in given.items() if k != "name"}}
    policy = Recording(config, None, Resource("check"), ExecutionContext(GraphSchema({})))
    if config["restrict_rules"]:
        for rule in rules:
            with contextlib.suppress(InvalidRule):
                policy._check_rule_restriction([rule])
                continue
            found.append({"what": "messages", "kind": "rule", "name": rule.sender_id})
    for check in (
        lambda: policy._check_for_incomplete_rules(rules, domain),
        lambda: policy._create_lookup_from_trackers(rules, told, domain),
        lambda: policy._analyze_rules(rules, trackers, domain),
    ):
        # What each of them found is noted; the next one finds something else.
        with contextlib.suppress(InvalidRule):
            check()
    tell(step="stories")
    history = [each["max_history"] for each in policies if each.get("max_history")]
    # As many turns as the policy that sees most of them.
    for conflict in find_story_conflicts(told, domain, max(history, default=None)):
        kind, name = _get_previous_event(conflict._sliced_states[-1])
        found.append(
            {
                "what": "conflict",
                "after": name,
                "after_kind": kind,
                "actions": {
                    action: sorted(set(names)) for action, names in conflict._conflicting_actions.items()
                },
            }
        )
    return found


if __name__ == "__main__":
    sys.exit(main())

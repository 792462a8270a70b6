"""The data check passes the project and finds each kind of defect, planted in small data."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.data_check import problems

SMALL = {
    "domain.yml": """
intents: [greet, order_status]
actions: [action_order_status, validate_order_form]
slots: {}
forms: {order_form: {required_slots: [order_no]}}
responses:
  utter_greet: [{text: 您好, buttons: [{title: 查订单, payload: /order_status}]}]
  utter_ask_order_no: [{text: 请告诉我订单号}]
  utter_order_paid: [{text: 已付款}]
""",
    "data/nlu/greet.yml": "nlu: [{intent: greet, examples: '- 你好'}]\n",
    "data/nlu/order_status.yml": "nlu: [{intent: order_status, examples: '- 查订单'}]\n",
    "data/nlu/faq/returns.yml": """
nlu: [{intent: faq/return_postage, examples: '- 退货运费谁出'}]
responses: {utter_faq/return_postage: [{text: 质量问题由我们承担}]}
""",
    "data/wording.yml": "readings: {order_status: 查订单}\n",
    "data/policies.yml": "dispatch_hours: 48\n",
    "data/stories/greet.yml": "rules: [{rule: a, steps: [{intent: greet}, {action: utter_greet}]}]\n",
    "data/stories/order_status.yml": """
rules:
- {rule: b, steps: [{intent: order_status}, {action: order_form}, {action: action_order_status}]}
""",
    "data/stories/faq.yml": "rules: [{rule: c, steps: [{intent: faq}, {action: utter_faq}]}]\n",
    "actions/order_status.py": """
class ValidateOrderForm:
    def name(self):
        return "validate_order_form"

class ActionOrderStatus:
    def name(self):
        return "action_order_status"

    def act(self, say, status, topic):
        say(response=f"utter_order_{status}", payload=f"/faq/{topic}")
""",
}


@pytest.fixture
def small(tmp_path: Path) -> Path:
    for name, text in SMALL.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def test_the_project_is_in_order() -> None:
    assert problems() == []


def test_the_small_data_is_in_order(small: Path) -> None:
    assert problems(small) == []


def put(name: str, text: str) -> Callable[[Path], object]:
    return lambda root: (root / name).write_text(text, encoding="utf-8")


def change(name: str, old: str, new: str) -> Callable[[Path], object]:
    assert old in SMALL[name]
    return put(name, SMALL[name].replace(old, new))


def drop(name: str) -> Callable[[Path], object]:
    return lambda root: (root / name).unlink()


@pytest.mark.parametrize(
    ("plant", "file", "name"),
    [
        pytest.param(
            put("data/nlu/greet.yml", "nlu: []\n"),
            "domain.yml",
            "intent greet has no example",
            id="no example",
        ),
        pytest.param(
            change("data/nlu/greet.yml", "nlu: [", "nlu: [{intent: thanks, examples: '- 谢谢'}, "),
            "data/nlu/greet.yml",
            "intent thanks is not in domain.yml",
            id="intent only in data",
        ),
        pytest.param(
            put("data/stories/greet.yml", "rules: []\n"),
            "domain.yml",
            "no rule or story uses intent greet",
            id="intent without a rule",
        ),
        pytest.param(
            change("data/stories/greet.yml", "intent: greet", "intent: great"),
            "data/stories/greet.yml",
            "intent great is not in domain.yml",
            id="rule for an unknown intent",
        ),
        pytest.param(
            change("data/stories/greet.yml", "utter_greet", "utter_great"),
            "data/stories/greet.yml",
            "no response utter_great",
            id="rule with an unknown response",
        ),
        pytest.param(
            change("actions/order_status.py", 'f"utter_order_{status}"', '"utter_order_lost"'),
            "actions/order_status.py",
            "no response utter_order_lost",
            id="code with an unknown response",
        ),
        pytest.param(
            change("domain.yml", "  utter_greet:", "  utter_bye: [{text: 再见}]\n  utter_greet:"),
            "domain.yml",
            "response utter_bye is never used",
            id="unused response",
        ),
        pytest.param(
            change("data/nlu/faq/returns.yml", "utter_faq/return_postage", "utter_faq/return_period"),
            "data/nlu/faq/returns.yml",
            "topic faq/return_postage has no answer",
            id="topic without an answer",
        ),
        pytest.param(
            change("data/nlu/faq/returns.yml", "intent: faq/return_postage", "intent: faq/return_period"),
            "data/nlu/faq/returns.yml",
            "answer utter_faq/return_postage has no questions",
            id="answer without questions",
        ),
        pytest.param(
            change("data/nlu/faq/returns.yml", "'- 退货运费谁出'", "''"),
            "data/nlu",
            "topic faq/return_postage has no question",
            id="topic without a question",
        ),
        pytest.param(
            change("domain.yml", "[action_order_status,", "[action_order_status, action_lost,"),
            "domain.yml",
            "action action_lost has no class",
            id="action without a class",
        ),
        pytest.param(
            change("domain.yml", ", validate_order_form", ""),
            "actions/order_status.py",
            "action validate_order_form is not in domain.yml",
            id="class without an action",
        ),
        pytest.param(
            change("data/stories/order_status.yml", "action: order_form", "action: action_lost"),
            "data/stories/order_status.yml",
            "action action_lost is not in domain.yml",
            id="rule with an unknown action",
        ),
        pytest.param(
            change("data/nlu/order_status.yml", "'- 查订单'", '"- 查订单\\n- 你好！"'),
            "data/nlu/order_status.yml",
            "of order_status is also under greet",
            id="near duplicate across intents",
        ),
        pytest.param(
            change("domain.yml", "payload: /order_status", "payload: /order_state"),
            "domain.yml",
            "payload /order_state names no intent",
            id="button of an unknown intent",
        ),
        pytest.param(
            change("domain.yml", "payload: /order_status", "payload: /faq/lost"),
            "domain.yml",
            "payload /faq/lost names no FAQ topic",
            id="button of an unknown topic",
        ),
        pytest.param(
            change("actions/order_status.py", "/faq/{topic}", "/lost/{topic}"),
            "actions/order_status.py",
            "names no intent",
            id="payload of an unknown intent in code",
        ),
        pytest.param(
            change("data/wording.yml", "order_status", "order_state"),
            "data/wording.yml",
            "reading order_state",
            id="reading of an unknown intent",
        ),
        pytest.param(
            change("data/nlu/faq/returns.yml", "质量问题由我们承担", "'{retrun_days} 天内由我们承担'"),
            "data/nlu/faq/returns.yml",
            "utter_faq/return_postage says {retrun_days}",
            id="answer with an unknown policy",
        ),
        pytest.param(
            change("domain.yml", "text: 已付款", "text: '{title} 已付款'"),
            "domain.yml",
            "utter_order_paid says {title}",
            id="response with a value that no action gives",
        ),
        pytest.param(
            change("domain.yml", "slots: {}", "slots: {dispatch_hours: {type: any}}"),
            "data/policies.yml",
            "dispatch_hours has the name of a slot",
            id="policy with a slot's name",
        ),
        pytest.param(
            put("data/policies.yml", "return_days: 7\n"),
            "data/policies.yml",
            "dispatch_hours must be there",
            id="policy missing that an action needs",
        ),
        pytest.param(
            put("data/stories/returns.yml", "rules: []\n"),
            "data/stories/returns.yml",
            "one stem per capability",
            id="rules without language data",
        ),
        pytest.param(
            put("actions/returns.py", ""),
            "actions/returns.py",
            "data/nlu/returns.yml",
            id="module of no stem",
        ),
        pytest.param(
            put("data/nlu/greet.yml", "nlu: [{"), "data/nlu/greet.yml", "cannot be read", id="broken YAML"
        ),
        pytest.param(
            put("actions/order_status.py", "def"),
            "actions/order_status.py",
            "cannot be read",
            id="broken code",
        ),
        pytest.param(drop("domain.yml"), "domain.yml", "cannot be read", id="no domain"),
    ],
)
def test_a_planted_defect_is_found(
    small: Path, plant: Callable[[Path], object], file: str, name: str
) -> None:
    plant(small)
    assert any(file in problem and name in problem for problem in problems(small)), problems(small)

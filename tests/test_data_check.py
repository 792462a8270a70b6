"""The data check passes the project and finds each kind of defect, planted in small data."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.data_check import Example, examples, problems
from bot.data_faults import said
from bot.data_files import Unreadable
from bot.data_near import measured, repeated
from tests.laying import lay

ROOT = Path(__file__).resolve().parent.parent

SMALL = {
    "config.yml": "pipeline: [{name: NgramIntentClassifier}]\npolicies: [{name: RulePolicy}]\n",
    "domain.yml": """
intents: [greet, order_status]
entities: [product]
actions: [action_order_status, validate_order_form]
slots: {}
forms: {order_form: {required_slots: [order_no]}}
responses:
  utter_greet: [{text: 您好, buttons: [{title: 查订单, payload: /order_status}]}]
  utter_ask_order_no: [{text: 请告诉我订单号}]
  utter_order_paid: [{text: 已付款}]
""",
    "data/nlu/greet.yml": """
nlu:
- intent: greet
  examples: |
    - 你好
    - 有人在吗
""",
    "data/nlu/order_status.yml": "nlu: [{intent: order_status, examples: '- 查订单'}]\n",
    "data/nlu/faq/returns.yml": """
nlu: [{intent: faq/return_postage, metadata: {intent: order_status}, examples: '- 退货运费谁出'}]
responses: {utter_faq/return_postage: [{text: 质量问题由我们承担}]}
""",
    "data/wording.yml": "readings: {order_status: 查订单}\n",
    "data/replies.yml": """
variables: {order_no: 订单号}
replies:
  general:
  - {shortcut: sd, title: 稍等, text: 请您稍等}
  - {shortcut: cf, title: 催发货, text: "订单 {order_no} 会在 {dispatch_hours} 小时内发出"}
""",
    "data/policies.yml": "dispatch_hours: 48\nself_service_limit: 2000\n",
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
        say(wording()["readings"])
""",
}


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return lay(tmp_path, SMALL)


def test_the_project_is_in_order() -> None:
    assert problems(ROOT) == []


def test_the_small_data_is_in_order(small: Path) -> None:
    assert problems(small) == []


def put(name: str, text: str) -> Callable[[Path], object]:
    return lambda root: (root / name).write_text(text, encoding="utf-8")


def change(name: str, old: str, new: str) -> Callable[[Path], object]:
    assert old in SMALL[name]
    return put(name, SMALL[name].replace(old, new))


def encode(name: str, encoding: str) -> Callable[[Path], object]:
    return lambda root: (root / name).write_bytes(SMALL[name].encode(encoding))


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
            change("data/nlu/greet.yml", "nlu:", "nlu:\n- {intent: thanks, examples: '- 谢谢'}"),
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
            "data/nlu/faq/returns.yml:2",
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
            change("data/stories/greet.yml", "{action: utter_greet}", "{slot_was_set: [{shoe: 42}]}"),
            "data/stories/greet.yml:1",
            "slot shoe is not in domain.yml",
            id="rule with an unknown slot",
        ),
        pytest.param(
            change("data/nlu/order_status.yml", "'- 查订单'", '"- 查订单\\n- 你好！"'),
            "data/nlu/order_status.yml",
            "of order_status is also under greet (“你好”, data/nlu/greet.yml:5)",
            id="one example under two intents",
        ),
        pytest.param(
            change("data/nlu/greet.yml", "有人在吗", "退货运费，谁出？"),
            "data/nlu/greet.yml:6",
            "of greet is also under faq/return_postage",
            id="one example under an intent and a topic",
        ),
        pytest.param(
            change("data/nlu/greet.yml", "有人在吗", "[羽绒服](goods)还有吗"),
            "data/nlu/greet.yml:6",
            "entity goods is not in domain.yml",
            id="unknown entity",
        ),
        pytest.param(
            change("data/nlu/greet.yml", "有人在吗", '[羽绒服]{"entity": "goods", "value": "大衣"}还有吗'),
            "data/nlu/greet.yml:6",
            "entity goods is not in domain.yml",
            id="unknown entity with a value",
        ),
        pytest.param(
            change("data/nlu/greet.yml", "有人在吗", "[羽绒服]{entity: product}还有吗"),
            "data/nlu/greet.yml:6",
            "{entity: product} cannot be read",
            id="broken mark of an entity",
        ),
        pytest.param(
            change("data/nlu/greet.yml", "nlu:", "nlu:\n- {lookup: goods, examples: '- 羽绒服'}"),
            "data/nlu/greet.yml:3",
            "lookup goods is no entity",
            id="lookup of an unknown entity",
        ),
        pytest.param(
            change("data/nlu/greet.yml", "nlu:", "nlu:\n- {synonym: 大衣, examples: '- 羽绒服'}"),
            "data/nlu/greet.yml:3",
            "synonym 大衣 is no entity's value",
            id="synonym of no entity",
        ),
        pytest.param(
            change("data/nlu/greet.yml", "    - 有人在吗", "\n    有人在吗"),
            "data/nlu/greet.yml:7",
            "“有人在吗” is no example",
            id="line without a dash",
        ),
        pytest.param(
            change("data/nlu/greet.yml", "- 有人在吗", "-"),
            "data/nlu/greet.yml:6",
            "“-” is no example",
            id="dash without a line",
        ),
        pytest.param(
            change("data/nlu/greet.yml", "    - 你好\n    - 有人在吗\n", ""),
            "data/nlu/greet.yml:3",
            "intent greet has no example",
            id="intent with empty examples",
        ),
        pytest.param(
            change("data/nlu/greet.yml", "examples: |", "examples:"),
            "data/nlu/greet.yml:4",
            "begin with `examples: |`",
            id="examples as a list",
        ),
        pytest.param(
            change("data/nlu/greet.yml", "intent: greet", "intnet: greet"),
            "data/nlu/greet.yml:3",
            "names no intent",
            id="block of no kind",
        ),
        pytest.param(
            change("data/nlu/greet.yml", "nlu:", "nul:"),
            "data/nlu/greet.yml:1",
            "there is no `nlu`",
            id="file without nlu",
        ),
        pytest.param(
            put("data/nlu/greet.yml", "# none\n"), "data/nlu/greet.yml:1", "is empty", id="empty file"
        ),
        pytest.param(
            put("data/stories/greet.yml", ""), "data/stories/greet.yml:1", "is empty", id="empty rules"
        ),
        pytest.param(
            encode("data/nlu/greet.yml", "gb18030"),
            "data/nlu/greet.yml:5",
            "is not UTF-8, perhaps GBK",
            id="GBK",
        ),
        pytest.param(
            encode("data/nlu/greet.yml", "utf-16"), "data/nlu/greet.yml:1", "written in UTF-16", id="UTF-16"
        ),
        pytest.param(
            change("data/nlu/faq/returns.yml", "intent: order_status", "intent: order_state"),
            "data/nlu/faq/returns.yml:2",
            "faq/return_postage counts as intent order_state",
            id="topic of an unknown intent",
        ),
        pytest.param(
            change("data/nlu/faq/returns.yml", "metadata: {intent: order_status}, ", ""),
            "data/nlu/faq/returns.yml:2",
            "faq/return_postage counts as intent None",
            id="topic of no intent",
        ),
        pytest.param(
            change("domain.yml", "[greet, order_status]", "7"),
            "domain.yml:2",
            "`intents` must hold a list",
            id="domain of the wrong shape",
        ),
        pytest.param(put("config.yml", "recipe: a\n"), "config.yml:1", "no `pipeline`", id="no pipeline"),
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
            put("data/wording.yml", "readings: {order_status: 查订单}\nseen: [见]\n"),
            "data/wording.yml:2",
            "no action reads seen",
            id="words that nothing reads",
        ),
        pytest.param(
            put("data/wording.yml", "readings: {order_status: 查订单}\nquestions: [么?, 吗]\n"),
            "data/wording.yml:2",
            "cannot be read",
            id="list that Rasa's reader cannot read",
        ),
        pytest.param(
            change("data/nlu/faq/returns.yml", "质量问题由我们承担", "'{retrun_days} 天内由我们承担'"),
            "data/nlu/faq/returns.yml",
            "utter_faq/return_postage says {retrun_days}",
            id="answer with an unknown policy",
        ),
        *(
            pytest.param(
                change("domain.yml", "{text: 已付款}", f"{{text: 已付款, {wrong}}}"),
                "domain.yml:10",
                why,
                id=wrong,
            )
            for wrong, why in {
                "metadata: {since: 2026-02-30}": "since “2026-02-30” is no day. Write it as",
                "metadata: {until: 双十一}": "utter_order_paid: until “双十一” is no day",
                "metadata: {since: 2026-11-11, until: 2026-11-01}": "until 2026-11-01 is before since",
                "until: 2026-11-11": "has until beside its text. Write it as `metadata: {until: 2026-11-11}`",
            }.items()
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
            put("data/nlu/greet.yml", "nlu:\n- intent: [\n"),
            "data/nlu/greet.yml:3",
            "cannot be read",
            id="YAML",
        ),
        pytest.param(
            put("actions/order_status.py", "\ndef"),
            "actions/order_status.py:2",
            "cannot be read",
            id="broken code",
        ),
        pytest.param(
            change("data/replies.yml", "{order_no}", "{order_number}"),
            "data/replies.yml:6",
            "the reply says {order_number}, which nothing fills in",
            id="reply with an unknown variable",
        ),
        pytest.param(
            change("data/replies.yml", "shortcut: cf", "shortcut: SD"),
            "data/replies.yml:6",
            "shortcut sd is already taken at data/replies.yml:5",
            id="doubled shortcut",
        ),
        pytest.param(
            change("data/replies.yml", "shortcut: cf", "shortcut: 12"),
            "data/replies.yml:6",
            "the reply has no shortcut",
            id="shortcut that is a number",
        ),
        pytest.param(drop("domain.yml"), "domain.yml", "cannot be read", id="no domain"),
    ],
)
def test_a_planted_defect_is_found(
    small: Path, plant: Callable[[Path], object], file: str, name: str
) -> None:
    plant(small)
    found = problems(small)
    assert any(file in problem and name in problem for problem in found), found
    # Each can be said in Chinese.
    assert [each for each in found if said(each, "zh") == each] == []


def test_a_byte_order_mark_does_no_harm(small: Path) -> None:
    encode("data/nlu/greet.yml", "utf-8-sig")(small)
    assert problems(small) == []


def test_examples_know_their_lines(small: Path) -> None:
    change("data/nlu/greet.yml", "有人在吗", "[羽绒服](product)还有吗")(small)
    read = {example.text: (example.intent, example.place) for example in examples(small)}
    assert read["羽绒服还有吗"] == ("greet", "data/nlu/greet.yml:6")
    assert read["退货运费谁出"] == ("faq/return_postage", "data/nlu/faq/returns.yml:2")


def example(line: int, text: str, names_topic: bool = False) -> Example:
    return Example("order_status", text, f"a.yml:{line}", names_topic)


@pytest.mark.parametrize(
    ("texts", "place"),
    [
        (["昨天买的羽绒服发货了没有", "昨天买的羽绒服，发货了没有？"], "a.yml:2"),
        (["昨天买的羽绒服发货了没有", "昨天买的羽绒服发货了沒有"], "a.yml:2"),
        (["昨天买的羽绒服发货了没", "昨天买的羽绒服发货了没有"], "a.yml:2"),
        (["昨天买的羽绒服发货了没有", "前天买的运动鞋发货了没有"], None),
        (["发货了没有", "发货了没"], None),
    ],
)
def test_a_repeated_example_is_found_once(texts: list[str], place: str | None) -> None:
    found = [*repeated(example(line, text) for line, text in enumerate(texts, start=1))]
    assert [each.partition(": ")[0] for each in found] == ([place] if place else [])


def test_a_topics_first_question_is_kept() -> None:
    [found] = repeated([example(1, "退回去的运费由谁来承担呢"), example(2, "退回去的运费由谁来承担", True)])
    assert found.startswith("a.yml:1: ")


def test_a_measured_row_is_found_but_not_told(tmp_path: Path) -> None:
    table = tmp_path / "set.tsv"
    table.write_text(
        "question\tlabel\n我想找人工\thuman_agent\n昨天拍的羽绒服发货没\torder_status\n", "utf-8"
    )
    lines = [
        example(1, "昨天拍的羽绒服发货没？"),
        example(2, "昨天拍的羽绒服发货了没"),
        example(3, "羽绒服发货没"),
    ]
    found = [*measured(lines, table)]
    assert [each.partition(": ")[0] for each in found] == ["a.yml:1", "a.yml:2"]
    assert all("line 3 of" in each and "昨天" not in each for each in found)


@pytest.mark.parametrize("content", ["label\ngreet\n", "", "question\n我想找人工\n".encode("gb18030")])
def test_a_wrong_table_is_told(tmp_path: Path, content: str | bytes) -> None:
    table = tmp_path / "set.tsv"
    table.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(Unreadable, match=r"set\.tsv"):
        [*measured([], table)]

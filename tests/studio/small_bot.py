"""A small bot's files, and what can be spoilt in them; models of it are trained in a second or two."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from bot.launcher import ENGINE_PYTHON
from bot.settings import ROOT
from tests.engine import tiny
from tests.laying import lay


def _without(lines: str, *words: str) -> str:
    """The lines that hold none of the words."""
    return "".join(
        line for line in lines.splitlines(keepends=True) if not any(word in line for word in words)
    )


DOMAIN = (
    _without(tiny.DOMAIN, "actions:", "utter_rules")
    + """  utter_ask_order_no: [{text: 请告诉我订单号。}]
forms:
  order_form: {required_slots: [order_no]}
"""
).replace(
    "slots:\n",
    """slots:
  asked_before: {type: bool, influence_conversation: false, mappings: [{type: custom}]}
""",
)
RULES = """
version: "3.1"
rules:
- {rule: greet, steps: [{intent: greet}, {action: utter_greet}]}
- {rule: order, steps: [{intent: order_status}, {action: order_form}, {active_loop: order_form}]}
- rule: order told
  condition: [{active_loop: order_form}]
  steps: [{action: order_form}, {active_loop: null}, {action: utter_card}]
- {rule: faq, steps: [{intent: faq}, {action: utter_faq}]}
- {rule: outside, steps: [{intent: out_of_scope}, {action: utter_unsure}]}
- {rule: unsure, steps: [{intent: nlu_fallback}, {action: utter_unsure}]}
"""
CASES = {
    "greet": ["你好", "您好", "您好呀", "在吗", "早上好", "早上好呀", "哈喽", "哈喽在吗"],
    "order_status": [
        "我的订单发货了吗",
        "查一下我的订单状态",
        "我的单子处理了没有",
        "我买的东西发出去了吗",
        "帮我看看我的订单",
        "订单现在到哪一步了",
        "查订单状态",
        "退货运费谁出",
    ],
    "out_of_scope": ["今天天气怎么样", "帮我写作业"],
}
DIALOGUES = """
- name: A greeting is returned
  turns:
  - say: 你好
    text: 您好
    buttons: 查订单
- name: Asked for an order, its number is wanted
  turns:
  - say: 我的订单发货了吗
    text: 订单号
- name: Written in traditional characters, it is read too
  turns:
  - say: 退貨運費誰出
    text: 承擔運費
- name: Waits in the queue, which is not the engine's
  turns:
  - say: 转人工
    handoff: asked_for_human
  - say: 你好
"""


def emptied(files: dict[str, str]) -> None:
    """Of the greetings only one is left."""
    gone = (f"    - {said}\n" for said in ("你好", "您好呀", "在吗", "早上好", "哈喽"))
    files["data/nlu/all.yml"] = _without(files["data/nlu/all.yml"], *gone)


def without_slot(files: dict[str, str]) -> None:
    files["domain.yml"] = _without(files["domain.yml"], "asked_before")


def without_form(files: dict[str, str]) -> None:
    domain, _, _ = files["domain.yml"].partition("forms:")
    files["domain.yml"] = _without(domain, "utter_ask_order_no")
    begin, _, rest = files["data/stories/all.yml"].partition("- {rule: order,")
    _, _, end = rest.partition("- {rule: faq")
    answered = "- {rule: order, steps: [{intent: order_status}, {action: utter_card}]}\n"
    files["data/stories/all.yml"] = f"{begin}{answered}- {{rule: faq{end}"


def without_intent(files: dict[str, str]) -> None:
    domain = _without(files["domain.yml"], "utter_greet")
    files["domain.yml"] = domain.replace("intents: [greet, ", "intents: [")
    files["data/stories/all.yml"] = files["data/stories/all.yml"].replace(
        "- {rule: greet, steps: [{intent: greet}, {action: utter_greet}]}\n", ""
    )
    begin, _, rest = files["data/nlu/all.yml"].partition("- intent: greet")
    _, _, end = rest.partition("- intent: order_status")
    files["data/nlu/all.yml"] = f"{begin}- intent: order_status{end}"


def rude(files: dict[str, str]) -> None:
    files["domain.yml"] = files["domain.yml"].replace("{text: 您好, ", "{text: 喂, ")


def contradicting(files: dict[str, str]) -> None:
    files["data/stories/all.yml"] += "- {rule: again, steps: [{intent: greet}, {action: utter_unsure}]}\n"


def good() -> dict[str, str]:
    """The files of the small bot as they should be."""
    return {
        "config.yml": tiny.CONFIG,
        "domain.yml": DOMAIN,
        "data/nlu/all.yml": tiny.NLU,
        "data/stories/all.yml": RULES,
        "data/policies.yml": "dispatch_hours: 48\nself_service_limit: 2000\nreturn_days: 7\n",
        "words.txt": "运费险 500 n\n",
        "couriers.yml": "顺丰速运: [顺丰, sf]\n",
        "catalogue.txt": "云朵抱枕\n",
    }


def write_tests(folder: Path, dialogues: str = DIALOGUES) -> None:
    """Write the cases and dialogues that prove the small bot, as its owner would."""
    rows = [f"{text}\t{label}\n" for label, said in CASES.items() for text in said]
    lay(
        folder,
        {
            "tests/nlu_cases/cases.tsv": "text\tlabel\n" + "".join(rows),
            **({"tests/dialogues/small.yml": dialogues} if dialogues else {}),
        },
    )


def train(projects: Mapping[str, Path], models: Path) -> dict[str, str]:
    """Train a model of each project, in one process; what training refused, by name."""
    code = """
import sys
from pathlib import Path
from bot.engine.train import TrainingFailed, train
for name, root, models in zip(*[iter(sys.argv[1:])] * 3):
    try:
        train(Path(models) / f"{name}.tar.gz", Path(root))
    except TrainingFailed as why:
        print(f"REFUSED {name} {why}".replace("\\n", " "), flush=True)
"""
    named = [part for name, root in projects.items() for part in (name, str(root), str(models))]
    done = subprocess.run(
        [str(ENGINE_PYTHON), "-c", code, *named],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    refused = [line.split(" ", 2) for line in done.stdout.splitlines() if "REFUSED" in line]
    return {name: why for _, name, why in refused}

"""A small bot's files, and git as its own command line tells it."""

import subprocess
from pathlib import Path

from tests import laying

SMALL = {
    "config.yml": "# what it understands with\npipeline: [{name: N}]\npolicies: [{name: RulePolicy}]\n",
    "domain.yml": """version: "3.1"

intents:   # in the order of the pages
- greet
- order_status: {use_entities: []}   # needs an order

entities: [product, date]
actions: [action_order_status]
slots: {}
responses:
  # ---- saying hello ----
  utter_greet:
  - text: 您好
    buttons: &both
    - {title: 查订单, payload: /order_status}
  - text: "在的"   # short
  utter_bye:
  - text: '再见'
    buttons: *both
""",
    "data/nlu/greet.yml": """version: "3.1"
nlu:
# how people say hello
- intent: greet
  examples: |
    - 你好
    - 有人在吗
    - hello

""",
    "data/nlu/order_status.yml": """nlu:
  - intent: order_status
    examples: |
      - 查订单
      - 我[昨天](date)买的到哪了
      - [云感跑鞋]{"entity": "product", "value": "跑鞋"}发货了吗
""",
    "data/nlu/faq/returns.yml": """nlu:
- intent: faq/return_postage
  metadata:
    intent: order_status   # counts as
  examples: |
    - 退货运费谁出
    - 退货要邮费吗

- intent: faq/return_days
  metadata:
    intent: order_status
  examples: |
    - 几天内能退

responses:
  utter_faq/return_postage:
  - text: 质量问题由我们承担
  utter_faq/return_days:
  # as the law has it
  - text: |-
      七天内
      无理由
""",
    "data/nlu/lexicon/colours.yml": "# colours\n黑色: [黑款, 纯黑,\n  炭黑]\n白色: [白款]  # few\n",
    "data/nlu/lexicon/jieba/words.txt": "运费险 200 n\n仅退款 200 v\n",
    "data/intents.yml": "titles:\n  greet: 打招呼\n",
    "data/policies.yml": '# numbers\ndispatch_hours: 48\nself_service_limit: 2000\nsame_day: "16:00"\n',
    "data/stories/greet.yml": """rules:
- rule: Hello
  steps:
  - intent: greet
  - action: utter_greet   # first
  - action: utter_bye

stories:
- story: Hello twice
  steps:
  - intent: greet
  - action: utter_greet
""",
    "data/stories/order_status.yml": """rules:
- {rule: Order, steps: [{intent: order_status}, {action: action_order_status}]}
""",
    "data/stories/faq.yml": "rules: [{rule: Faq, steps: [{intent: faq}, {action: utter_faq}]}]\n",
    "actions/order_status.py": """
class ActionOrderStatus:
    def name(self):
        return "action_order_status"
""",
}


def lay(root: Path) -> Path:
    """Write the files below ``root``."""
    return laying.lay(root, SMALL)


def git(root: Path, *arguments: str) -> str:
    """What git's command line says."""
    who = ["-c", "user.name=Dev", "-c", "user.email=dev@shop.example", "-c", "core.quotePath=false"]
    done = subprocess.run(["git", *who, *arguments], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout

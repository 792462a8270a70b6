"""A small shop's bot with rules and stories in several files, which Rasa's checks find nothing wrong with."""

from pathlib import Path

import pytest

from bot.studio.files import Repository, Snapshot
from bot.studio.files.authors import Author
from bot.studio.stories.known import Known, known
from tests import laying

LI, WANG = Author("李姐", "li"), Author("王五", "wang")
ORDER_STATUS = """version: "3.1"

rules:
# asked for at the beginning
- rule: Which order
  steps:
  - intent: order_status   # in any words
  # then the form
  - action: order_form
  - active_loop: order_form

- rule: The order is known
  condition:
  - active_loop: order_form
  steps:
  - action: order_form
  - active_loop: null
  - slot_was_set:
    - requested_slot: null
  - action: utter_sent

stories:
- story: Asks and says thanks
  steps:
  - intent: order_status
  - action: order_form
  - active_loop: order_form
  - active_loop: null
  - slot_was_set:
    - requested_slot: null
  - action: utter_sent
  - or:
    - intent: thanks
    - intent: greet
  - action: utter_greet
"""
FILES = {
    "config.yml": """recipe: default.v1
language: zh
pipeline: [{name: KeywordIntentClassifier}]
policies:
- {name: RulePolicy, enable_fallback_prediction: false}
- {name: MemoizationPolicy, max_history: 6}
""",
    "domain.yml": """version: "3.1"
intents: [greet, order_status, thanks, faq]
entities: [order_no]
slots:
  order_no: {type: text, mappings: [{type: from_entity, entity: order_no}]}
forms:
  order_form: {required_slots: [order_no]}
responses:
  utter_greet: [{text: 您好，请问有什么可以帮您？}]
  utter_sent: [{text: 已经发货了。}]
  utter_ask_order_no: [{text: 请告诉我订单号。}]
""",
    "data/nlu/greet.yml": "nlu:\n- intent: greet\n  examples: |\n    - 你好\n    - 在吗\n",
    "data/nlu/thanks.yml": "nlu:\n- intent: thanks\n  examples: |\n    - 谢谢\n",
    "data/nlu/order_status.yml": "nlu:\n- intent: order_status\n  examples: |\n    - 我的订单发货了吗\n",
    "data/nlu/faq/returns.yml": """nlu:
- intent: faq/return_days
  metadata: {intent: order_status}
  examples: |
    - 几天内能退
responses:
  utter_faq/return_days: [{text: 七天内。}]
""",
    "data/intents.yml": "titles: {greet: 打招呼, order_status: 查订单, thanks: 道谢}\n",
    "data/policies.yml": "dispatch_hours: 48\nself_service_limit: 2000\n",
    "data/stories/greet.yml": """rules:
- rule: Hello
  steps:
  - intent: greet
  - action: utter_greet
""",
    "data/stories/thanks.yml": """rules:
- {rule: Thanks, steps: [{intent: thanks}, {action: utter_greet}]}
""",
    "data/stories/faq.yml": "rules:\n- rule: Faq\n  steps:\n  - intent: faq\n  - action: utter_faq\n",
    "data/stories/order_status.yml": ORDER_STATUS,
}


def lay(root: Path) -> Path:
    """Write the files below ``root``."""
    return laying.lay(root, FILES)


@pytest.fixture
def bot_dir(tmp_path: Path) -> Path:
    return lay(tmp_path / "bot")


@pytest.fixture
def files(bot_dir: Path) -> Repository:
    return Repository(bot_dir)


@pytest.fixture
def now(files: Repository) -> Snapshot:
    return files.look()


@pytest.fixture
def names(now: Snapshot) -> Known:
    return known(now)

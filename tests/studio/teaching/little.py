"""A little bot with a form, slots, an entity in its examples, and code that fills an answer."""

from pathlib import Path

from tests import laying
from tests.studio.files.small import lay

MORE = {
    "domain.yml": """version: "3.1"
intents:   # in the order of the pages
- greet
- order_status: {use_entities: [order_no]}   # needs an order
- thanks
entities: [product, date, order_no]
slots:
  # the order spoken of
  order_no: {type: text, mappings: [{type: from_entity, entity: order_no}]}
  # never in hand after a greeting
  handled:
    type: any
    mappings: [{type: from_intent, value: 1, not_intent: greet}]
forms:
  order_form: {required_slots: [order_no]}
actions: [action_order_status, validate_order_form]
responses:
  # ---- saying hello ----
  utter_greet:
  - text: 您好
    buttons: &both
    - {title: 查订单, payload: /order_status}
  - text: "在的"   # short
    image: https://shop.example/hello.png
  utter_bye:
  - text: '再见'
    buttons: *both
  utter_thanks:
  - text: 不客气
  # ---- orders ----
  utter_ask_order_no:
  - text: 请告诉我订单号
  utter_order_paid:
  - text: 「{title}」已付款，{dispatch_hours} 小时内发出
  - text: 「{title}」已付款（{order_no}）
    channel: wechat
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
    "data/nlu/thanks.yml": "nlu:\n- intent: thanks\n  examples: |\n    - 谢谢\n    - 多谢啦\n",
    "data/nlu/faq/returns.yml": """version: "3.1"
nlu:
- intent: faq/return_days
  metadata:
    intent: order_status
  examples: |
    - 几天内能退

responses:
  utter_faq/return_days:
  - text: 七天内，{dispatch_hours} 小时内处理
""",
    "data/intents.yml": "titles:\n  greet: 打招呼\n  thanks: 道谢\n  faq: 常见问题\n",
    "data/wording.yml": "readings:\n  order_status: 查订单\nwishes:\n  order_status: [订单]\n",
    "data/nlu/lexicon/places.yml": "北京市: [北京, 帝都]\n南京市: [南京]\n",
    "data/nlu/lexicon/reasons.yml": "wrong_size: [太大, 太小]\n",
    "data/nlu/lexicon/festivals.yml": '"11-11": [双十一]\n',
    "data/nlu/lexicon/catalogue.txt": "云感跑鞋\n保温杯\n",
    "data/stories/greet.yml": """rules:
- rule: Hello
  steps:
  - intent: greet
  - action: utter_greet   # first
  - action: utter_bye
""",
    "data/stories/thanks.yml": """rules:
- rule: Thanks
  steps:
  - intent: thanks
  - action: utter_thanks
""",
    "data/stories/order_status.yml": """rules:
- rule: Order
  steps:
  - intent: order_status
  - action: order_form
  - active_loop: order_form
- rule: Order told
  condition:
  - active_loop: order_form
  steps:
  - action: order_form
  - active_loop: null
  - slot_was_set: [requested_slot: null]
  - action: action_order_status

stories:
- story: Hello or thanks
  steps:
  - or:
    - intent: greet
    - intent: order_status
      entities: [order_no]
  - slot_was_set: [order_no: "1"]
  - action: utter_bye
""",
    "actions/order_status.py": '''
"""order_status"""


class ValidateOrderForm:
    form = "order_form"


class ActionOrderStatus:
    def name(self):
        return "action_order_status"

    def run(self, say, tracker, status):
        words = wording()["readings"], wording()["wishes"]
        say.utter_message(response=f"utter_order_{status}", title="x", order=tracker.get_slot("order_no"))
''',
}


def lay_little(root: Path) -> Path:
    """Write the files below ``root``; they pass the data check."""
    return laying.lay(lay(root), MORE)

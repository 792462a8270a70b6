"""The files of a tiny shop that is trained in a second; for both environments."""

from pathlib import Path

NLU = """
version: "3.1"
nlu:
- intent: greet
  examples: |
    - 你好
    - 您好呀
    - 在吗
    - 早上好
    - 哈喽
    - 嗨 有人吗
- intent: order_status
  examples: |
    - 我的订单发货了吗
    - 查一下订单状态
    - 订单到哪一步了
    - 单子处理了没有
    - 我买的东西发出去了吗
    - 帮我看看订单
- intent: out_of_scope
  examples: |
    - 今天天气怎么样
    - 股票会涨吗
    - 帮我写作业
    - 明天会下雨吗
    - 世界杯谁赢了
    - 给我讲讲量子力学
- intent: faq/return_postage
  metadata: {intent: order_status}
  examples: |
    - 退货运费谁出
    - 退回去的邮费谁承担
    - 退货要自己付运费吗
    - 寄回来的快递费算谁的
    - 退货包邮吗
    - 有没有运费险
- intent: faq/invoice_how
  metadata: {intent: order_status}
  examples: |
    - 怎么开发票
    - 发票在哪里申请
    - 可以开电子发票吗
    - 开票怎么操作
    - 我要报销怎么弄发票
    - 能开专票吗
responses:
  utter_faq/return_postage:
  - text: 质量问题我们承担运费。
  utter_faq/invoice_how:
  - text: 订单完成后可以申请电子发票。
"""
DOMAIN = """
version: "3.1"
session_config: {session_expiration_time: 0, carry_over_slots_to_new_session: true}
intents: [greet, order_status, out_of_scope, faq, nlu_fallback]
entities: [order_no]
slots:
  order_no: {type: text, influence_conversation: false, mappings: [{type: from_entity, entity: order_no}]}
actions: [action_order_status]
responses:
  utter_greet: [{text: 您好, buttons: [{title: 查订单, payload: /order_status}]}]
  utter_unsure: [{text: 没太明白您的意思。}]
  utter_rules: [{text: "「{title}」{return_days} 天内可退，{dispatch_hours} 小时内发出。"}]
  utter_card: [{text: 您的订单, custom: {card: {kind: order, order_no: "1"}}}]
"""
RULES = """
version: "3.1"
rules:
- {rule: greet, steps: [{intent: greet}, {action: utter_greet}]}
- {rule: order, steps: [{intent: order_status}, {action: utter_card}, {action: action_order_status}]}
- {rule: faq, steps: [{intent: faq}, {action: utter_faq}]}
- {rule: silence, steps: [{intent: out_of_scope}, {action: action_listen}]}
- {rule: unsure, steps: [{intent: nlu_fallback}, {action: utter_unsure}]}
"""
ACTIONS = """
class ActionOrderStatus:
    def name(self):
        return "action_order_status"

    def act(self, say):
        say(response="utter_rules", title="云朵抱枕")
"""
CONFIG = """
recipe: default.v1
language: zh
assistant_id: test
pipeline:
- {name: bot.engine.nlu.normalizer.Normalizer}
- {name: bot.engine.nlu.tokenizer.LexiconTokenizer, lexicon: words.txt}
- {name: bot.engine.nlu.entities.EntityFinder, couriers: couriers.yml, catalogue: catalogue.txt}
- {name: bot.engine.nlu.features.NgramFeaturizer}
- {name: bot.engine.nlu.intent_classifier.NgramIntentClassifier, wrong_limit: 0.1}
- {name: bot.engine.nlu.faq.FaqRetrieval, threshold: 0.2}
- {name: bot.engine.nlu.gate.ConfidenceGate}
policies:
- {name: RulePolicy, enable_fallback_prediction: false}
"""


def write_project(root: Path) -> None:
    """Write the tiny shop's files under ``root``."""
    for name, content in {
        "config.yml": CONFIG,
        "domain.yml": DOMAIN,
        "data/nlu/all.yml": NLU,
        "data/stories/all.yml": RULES,
        "data/policies.yml": "dispatch_hours: 48\nself_service_limit: 2000\nreturn_days: 7\n",
        "actions/all.py": ACTIONS,
        "words.txt": "运费险 500 n\n",
        "couriers.yml": "顺丰速运: [顺丰, sf]\n",
        "catalogue.txt": "云朵抱枕\n",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")

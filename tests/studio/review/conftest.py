"""Conversations that the bot got wrong, and a small bot whose files the inbox writes into."""

from collections.abc import Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from sqlalchemy import Engine, select

from bot.conversations.steps import Reply
from bot.conversations.store import Store
from bot.handoff.routing import Routing
from bot.settings import ROOT
from bot.staff.sessions import Staff
from bot.studio.files import Repository
from bot.studio.review.collecting import Collector
from bot.studio.review.due import Why
from bot.studio.review.known import Known
from bot.studio.review.models import Item
from tests import laying

ADMIN = Staff(4, "admin", "管理员", "admin")
OFFERED = Reply(
    "您是想问下面哪一个呢？",
    buttons=[
        {"title": "查物流到哪了", "payload": "/logistics_track"},
        {"title": "转人工", "payload": "/human_agent"},
    ],
)
FILES = {
    "config.yml": "recipe: default.v1\nlanguage: zh\npipeline:\n- name: A\npolicies:\n- name: B\n",
    "domain.yml": """\
version: "3.1"
intents:
- logistics_track
- return_policy
- product_info
- faq
- out_of_scope
- nlu_fallback
entities:
- order_no
- product
""",
    "data/intents.yml": "titles:\n  out_of_scope: 超出服务范围\nareas:\n  goods: 商品\n",
    "data/policies.yml": (ROOT / "data" / "policies.yml").read_text(encoding="utf-8"),
    "data/wording.yml": """\
readings:
  logistics_track: 查物流到哪了
  return_policy: 退换规则
  product_info: 商品咨询
""",
    "data/nlu/logistics_track.yml": """\
version: "3.1"
nlu:
# Where is it?
- intent: logistics_track
  examples: |
    - 我的快递到哪了
    - 包裹怎么还没到
""",
    "data/nlu/return_policy.yml": """\
version: "3.1"
nlu:
- intent: return_policy
  examples: |
    - 退货的邮费算谁的
""",
    "data/nlu/product_info.yml": """\
version: "3.1"
nlu:
- intent: product_info
  examples: |
    - 这个是什么面料
""",
    "data/nlu/out_of_scope.yml": """\
version: "3.1"
nlu:
- intent: out_of_scope
  examples: |
    - 明天上海下雨吗
""",
    "data/nlu/faq/goods.yml": """\
version: "3.1"
nlu:
- intent: faq/genuine
  metadata:
    intent: product_info
  examples: |
    - 是正品吗
responses:
  utter_faq/genuine:
  - text: 都是正品。
""",
}


@pytest.fixture
def bot_dir(tmp_path: Path) -> Path:
    return small_bot(tmp_path / "bot")


@pytest.fixture
def repository(bot_dir: Path) -> Repository:
    return Repository(bot_dir)


@pytest.fixture
def known(bot_dir: Path) -> Known:
    return Known(bot_dir)


@pytest.fixture
def desk(database: Engine) -> Store:
    return Store(database, desk_rules=Routing())


def small_bot(root: Path) -> Path:
    """A folder with the files of a bot that knows a few sentences."""
    return laying.lay(root, FILES)


def begun(store: Store, customer: str | None = None) -> str:
    return store.begin("web", customer, None).id


def said(
    store: Store,
    conversation: str,
    text: str,
    intent: str = "nlu_fallback",
    read: Sequence[tuple[str, float]] = (("logistics_track", 0.4),),
    reply: Reply | None = None,
    **more: Any,
) -> int:
    """The shopper says something, the bot reads it so and answers; the message's seq."""
    seq = store.receive(conversation, token_hex(6), text)
    turn = store.claim_turn("test", 30)
    assert turn and turn.seq == seq
    ranking = [{"name": name, "confidence": confidence} for name, confidence in read]
    understanding = {"intent": intent, "ranking": ranking}
    assert store.finish_turn(turn, [reply or Reply("好的")], understanding, "m1", more.get("handoff"))
    return seq


def collected(store: Store, collector: Collector | None = None) -> list[Item]:
    """What the inbox holds after all that was said is collected."""
    collector = collector or Collector(store)
    while collector.look():
        pass
    with store.reading() as session:
        return list(session.scalars(select(Item).order_by(Item.id)))


def whys(items: Sequence[Item]) -> dict[int, Why]:
    return {item.seq: Why(item.why) for item in items}

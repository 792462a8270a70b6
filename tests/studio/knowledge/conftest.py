"""A small bot whose knowledge is edited."""

from pathlib import Path

import pytest

from tests import laying
from tests.studio.files.conftest import files as files
from tests.studio.files.small import lay

AREA, OTHER = "data/nlu/faq/returns.yml", "data/nlu/faq/goods.yml"
POLICIES = """# 改完保存，几秒内生效。

# ---- 发货 ----
# 多少小时内发出（整数）
dispatch_hours: 48
# 默认快递、加急快递
usual_courier: 中通
express_courier: 顺丰

# ---- 退货 ----
# 几天内能退
return_days: 7
self_service_limit: 2000
same_day: "16:00"
"""
GOODS = """version: "3.1"
nlu:
- intent: faq/genuine
  metadata:
    intent: greet
  examples: |
    - 是正品吗
    - 有没有防伪码
responses:
  utter_faq/genuine:
  - text: 都是正品，{return_days} 天内可退。
    buttons:
    - {title: 查订单, payload: /order_status}
  - text: 假一赔三，{usual_courier}发货。
  - text: 支持专柜验货。
    buttons:
    - {title: 打招呼, payload: /greet}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return knowing(tmp_path / "bot")


def knowing(root: Path) -> Path:
    """The files of a small bot with two areas of topics and policies."""
    titles = "titles:\n  greet: 打招呼\n  order_status: 查订单进度\nareas:\n  goods: 商品\n"
    more = {"data/policies.yml": POLICIES, OTHER: GOODS, "data/intents.yml": titles}
    return laying.lay(lay(root), more)

"""Canned replies: found by a few letters, filled without a trace of braces, current without a restart."""

import os
from pathlib import Path

import pytest

from bot import followed
from bot.handoff import replies
from bot.handoff.replies import Replies

VALUES = {
    "name": "林晓",
    "agent": "小王",
    "order_no": "2026112200000017",
    "product": "龙井茶",
    "courier": "中通",
    "tracking_no": "ZT1",
}

FILE = """
variables: {order_no: 订单号, product: 商品}
replies:
  general: [{shortcut: sd, title: 稍等, text: 请您稍等}]
  after_sales:
    - {shortcut: th, title: 怎么退货, text: "退货有 {return_days} 天"}
    - {shortcut: thsd, title: 已收到, text: 您退货的包裹到了}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "replies.yml"
    path.write_text(FILE, encoding="utf-8")
    return path


def rewrite(path: Path, text: str) -> None:
    """Write it so that the change is seen, however coarse the file system's clock is."""
    before = path.stat().st_mtime
    path.write_text(text, encoding="utf-8")
    os.utime(path, (before + 2, before + 2))


def test_every_reply_of_the_project_is_filled_whole() -> None:
    for reply in replies.canned():
        filled = replies.fill(reply.text, VALUES)
        assert not set("{}【】") & set(filled), filled


def test_what_is_not_known_stays_for_the_agent() -> None:
    assert replies.fill("订单 {order_no}，{return_days} 天内", {"order_no": None}).startswith(
        "订单 【订单号】，"
    )
    assert replies.fill("{nothing}{}{ order_no }", {}) == "【nothing】【】【订单号】"


def test_a_value_is_never_a_template() -> None:
    assert replies.fill("「{product}」", {"product": "{agent}茶", "agent": "小王"}) == "「{agent}茶」"


@pytest.mark.parametrize(
    ("words", "shortcuts"),
    [
        ("th", ["th", "thsd"]),
        ("THS", ["thsd"]),
        ("退货", ["th", "thsd"]),
        ("退货 包裹", ["thsd"]),
        ("没有的", []),
        ("  ", ["sd", "th", "thsd"]),
    ],
)
def test_search_finds_the_best_first(path: Path, words: str, shortcuts: list[str]) -> None:
    assert [each.shortcut for each in Replies(path).search(words)] == shortcuts


def test_new_wording_is_there_at_once_and_a_broken_file_changes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followed, "LOOK_SECONDS", 0.0)
    live = Replies(path)
    live.canned()
    rewrite(path, FILE.replace("请您稍等", "请稍候"))
    assert live.canned()[0].text == "请稍候"
    rewrite(path, "replies: {general: 5}")
    assert live.canned()[0].text == "请稍候"
    path.unlink()
    assert live.canned()[0].text == "请稍候"

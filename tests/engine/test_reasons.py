"""Why goods go back, by the shop's own phrases."""

import pytest
from rasa.shared.utils.io import read_yaml_file

from bot.engine.fingerprint import ROOT
from bot.engine.nlu.normalizer import normalize
from bot.engine.nlu.reasons import Reasons, reason_spellings

PHRASES = read_yaml_file(ROOT / "data" / "nlu" / "lexicon" / "reasons.yml")


@pytest.fixture(scope="module")
def reasons() -> Reasons:
    return Reasons(reason_spellings(PHRASES))


def test_no_phrase_has_two_meanings() -> None:
    said = [(normalize(phrase), code) for code, phrases in PHRASES.items() for phrase in phrases]
    by_phrase: dict[str, set[str]] = {}
    for phrase, code in said:
        by_phrase.setdefault(phrase, set()).add(code)
    assert {phrase: codes for phrase, codes in by_phrase.items() if len(codes) > 1} == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("就是不喜歡了", ["no_longer_wanted"]),
        ("买错咗", ["no_longer_wanted"]),
        ("大了", ["wrong_size"]),
        ("袖子短了点", ["wrong_size"]),
        ("跟店里照片不一样", ["not_as_described"]),
        ("没用两天就坏啦", ["quality"]),
        ("噪音太大", ["quality"]),
        ("瓶子漏了", ["damaged"]),
        ("里面漏了两包", ["missing"]),
        ("少个充电头", ["missing"]),
        ("你们是不是发错货了", ["wrong_item"]),
        ("显示签收但是没收到", ["not_received"]),
        ("其它", ["other"]),
        # Two reasons are two; a vague one gives way to any other.
        ("衣服太小，还开线", ["wrong_size", "quality"]),
        ("不想要了，太大了", ["wrong_size"]),
        # It has happened, although what follows is a question.
        ("坏了能退吗", ["quality"]),
    ],
)
def test_reasons(reasons: Reasons, text: str, found: list[str]) -> None:
    assert [value.value for value in reasons.find(normalize(text))] == found


@pytest.mark.parametrize(
    "text",
    [
        "质量怎么样",
        "会不会太大",
        "不是质量问题",
        "非质量问题退货",
        "没坏",
        "没有什么异味",
        "掉色吗",
        "坏了没有",
        "色差大不大",
        "合不合适",
        "是不是正品",
        "有没有配件",
        "如果尺码不合适",
        "不喜欢可以退吗",
        "万一碎了怎么办",
        "评论都说掉毛",
        "不要太大的",
        "时间太长了",
        "钱少了",
        "多少件包邮",
        "优惠券不能用",
        "退款还没收到",
        "没收到你们的短信",
        "我刚才发错了",
        "寄错地址了",
        "门牌号漏了",
        "S号断了？",
        "鞋子偏大还是偏小",
        "联系不上",
        "quality",
    ],
)
def test_what_is_no_reason(reasons: Reasons, text: str) -> None:
    assert list(reasons.find(normalize(text))) == []

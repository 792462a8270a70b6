"""Suggested replies: the shop's written answers, and what colleagues said, without a trace of anybody."""

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from bot import followed
from bot.conversations.models import Conversation
from bot.conversations.privacy import Privacy
from bot.conversations.store import Store
from bot.handoff import past_answers, suggestions
from bot.handoff.faq import Faq
from bot.handoff.impersonal import impersonal
from bot.handoff.suggestions import Suggestions
from bot.settings import ROOT
from bot.validity import today

ASKED = "这款羊毛衫放进洗衣机里搅会不会缩水呀"
ANSWER = "建议您用冷水手洗，平铺晾干，这样不容易缩水。"


@pytest.fixture(scope="module")
def faq() -> Faq:
    return Faq()


@pytest.fixture
def suggested(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Suggestions]:
    monkeypatch.setattr(suggestions, "LEARN_SECONDS", -1.0)
    yield Suggestions(store)


def talk(
    store: Store, *said: str, answer: str = ANSWER, customer: str | None = None, agent: str = "小王"
) -> str:
    """A conversation in which an agent answers the last of what the shopper said."""
    conversation = store.begin("web", "c1" if customer else None, customer).id
    store.take(conversation, 7, agent)
    for text in said:
        store.receive(conversation, uuid4().hex, text)
    store.say(conversation, 7, agent, answer, uuid4().hex)
    return conversation


def past(suggested: Suggestions, text: str = ASKED) -> list[str]:
    return [each.text for each in suggested.for_(text) if each.kind == "past"]


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("我这边想开一张公司抬头的票，要怎么弄", "invoice_howto"),
        ("鞋子买大了能给我换小一号不", "exchange_rules"),
        ("退的钱大概哪天能回到我卡上", "refund_time"),
        ("花呗分 6 期行吗", "instalments"),
        ("够多少钱就不收邮费了", "free_shipping_threshold"),
        ("包裹显示已经签收，可我根本没拿到", "signed_not_received"),
        ("密码想不起来了登不上", "password_reset"),
        ("两张券一起用可以吗", "coupon_stacking"),
    ],
)
def test_the_written_answer_is_among_the_suggestions(faq: Faq, question: str, topic: str) -> None:
    assert f"faq/{topic}" in [found.topic for found in faq.find(question)]


@pytest.mark.parametrize(
    "talk", ["哈哈哈哈", "好的谢谢", "嗯嗯", "今天天气真不错", "", "???", "\0\ud800", '" OR *']
)
def test_small_talk_and_nonsense_find_nothing(faq: Faq, talk: str) -> None:
    assert faq.find(talk) == []


def test_a_suggestion_is_filled_as_the_shopper_gets_it(suggested: Suggestions) -> None:
    best = suggested.for_("满多少包邮")[0]
    assert best.kind == "faq" and best.title == "满多少包邮"
    assert not set("{}【】") & set(best.text)


def test_a_suggestion_is_worded_as_the_bot_words_it_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followed, "LOOK_SECONDS", 0.0)
    path = tmp_path / "data" / "nlu" / "faq" / "logistics.yml"
    path.parent.mkdir(parents=True)
    before = (ROOT / "data" / "nlu" / "faq" / "logistics.yml").read_text(encoding="utf-8")
    path.write_text(before, encoding="utf-8")
    faq, moments = Faq(tmp_path), iter(range(1_000_000, 1_000_100))

    def answers(variations: str) -> dict[str, str]:
        name = "utter_faq/free_shipping_threshold"
        text = re.sub(rf"\n  {name}:\n  - text: [^\n]*\n", f"\n  {name}: {variations}\n", before)
        path.write_text(text, encoding="utf-8")
        os.utime(path, (moment := next(moments), moment))
        asked = {channel: faq.find("满多少包邮", channel=channel) for channel in ("web", "wechat")}
        return {
            channel: each.answer
            for channel, found in asked.items()
            for each in found
            if each.topic == "faq/free_shipping_threshold"
        }

    over = f"metadata: {{until: {today() - timedelta(days=1)}}}"
    assert answers("[{text: 可以}]") == {"web": "可以", "wechat": "可以"}
    assert answers("[{text: 可以}, {text: 点菜单, channel: wechat}]") == {"web": "可以", "wechat": "点菜单"}
    assert answers(f"[{{text: 免费, {over}}}, {{text: 六元}}]") == {"web": "六元", "wechat": "六元"}
    assert answers(f"[{{text: 免费, {over}}}]") == {}
    assert answers("[{text: 六}]") == {"web": "六", "wechat": "六"} == answers("[{text: 七")


def test_endless_text_is_looked_at_but_not_all_of_it(suggested: Suggestions) -> None:
    assert suggested.for_("满多少包邮？" + "x" * 2_000_000)[0].title == "满多少包邮"


def test_what_was_answered_to_nearly_the_same_is_suggested_at_once(
    store: Store, suggested: Suggestions
) -> None:
    assert past(suggested) == []
    talk(store, "请问羊毛衫放进洗衣机会不会缩水呀")
    assert past(suggested) == [ANSWER]
    assert past(suggested, "羊毛衫有什么颜色") == []


def test_an_answer_given_often_is_suggested_once(store: Store, suggested: Suggestions) -> None:
    for _ in range(3):
        talk(store, ASKED)
    assert past(suggested) == [ANSWER]


def test_only_answers_of_agents_are_learned(store: Store, suggested: Suggestions) -> None:
    conversation = store.begin("web", None, None).id
    store.receive(conversation, "a", ASKED)
    store.take(conversation, 7, "小王")  # a notice follows the question
    store.say(conversation, 7, "小王", "您好，请讲。", "b")
    assert past(suggested) == []


@pytest.mark.parametrize(
    "answer",
    [
        "您的手机号是 138 1234 5678，我记下了。",
        "已经按订单２０２６１１２２００００００１７处理了。",
        "一三八零零一三八，是这个号码吗？",
        "给您退了 299 元，请注意查收。",
        "已经寄到文三路十八号了。",
        "地址是幸福小区三栋对吗？",
        "包裹到杭州了，您再等等。",
        "寄到朝阳区的那件已经发了。",
        "林女士，衣服建议手洗。",
        "收件人改成陈秋月了。",
        "好的，已经帮李梅改好了。",
        "晓晓您好，建议手洗。",
        "好的，阿依古丽收，衣服建议手洗。",
        "我是小王，衣服建议手洗。",
        "您加我微信 wxid_a1，我发洗涤说明。",
        "说明在 http://a.cn/x 里。",
    ],
)
def test_what_is_one_customers_own_is_told(faq: Faq, answer: str) -> None:
    assert not impersonal(answer, ["林晓晓", "小王"], ["帮我改成阿依古丽收"], faq.vocabulary())


@pytest.mark.parametrize(
    "answer",
    [
        ANSWER,
        "退款会原路退回您付款的账户，一般两三天就到。",
        "包裹已经在路上了，您耐心等一下。",
        "这批是上个月生产的，保质期十八个月。",
        "可以放在备注里，仓库看到会一起打包的。",
    ],
)
def test_what_could_be_said_to_anybody_is_told(faq: Faq, answer: str) -> None:
    assert impersonal(answer, ["林晓晓", "小王"], ["帮我改成阿依古丽收"], faq.vocabulary())


def test_nothing_of_another_customer_is_suggested(store: Store, suggested: Suggestions) -> None:
    hers = "帮我改成阿依古丽收"
    talk(store, hers, ASKED, answer="好的，阿依古丽收，建议手洗。")
    talk(store, ASKED, answer="晓晓您好，建议手洗。", customer="林晓晓")
    talk(store, ASKED, answer="我是小王，建议手洗。")
    assert past(suggested) == []


def test_what_was_erased_is_suggested_no_more(store: Store, suggested: Suggestions, tmp_path: Path) -> None:
    conversation = talk(store, ASKED)
    assert past(suggested)
    Privacy(store, tmp_path).erase(Conversation.id == conversation, by="test")
    assert past(suggested) == []


def test_memory_is_bounded_and_the_latest_stay(
    store: Store, suggested: Suggestions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past_answers, "KEPT", 2)
    talk(store, ASKED)
    assert past(suggested)
    for text in ("有没有大一点的箱子可以选", "杯子的盖子会不会漏水呢"):
        talk(store, text, answer="可以的，您放心选。")
    assert past(suggested) == []
    assert past(suggested, "杯子的盖子会不会漏水呢") == ["可以的，您放心选。"]

"""Why goods go back: phrases of a dictionary, unless they are denied, supposed or asked about."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.nlu.names import Names, Spellings, spellings
from bot.engine.nlu.values import COUNTED, NUMBER, Pattern, Value, find, without_overlaps

REASON = "reason"

# These say little: any other reason in the message is the better one.
_VAGUE = {"no_longer_wanted", "other"}

# 坏咯, 碎啦, 买错咗
_PARTICLE = re.compile(
    r"(?<=[\u4e00-\u9fff])[啦咯喽嘞咧叻咗哒]|(?<=[错坏烂破碎大小长短紧松漏少多悔要发线色到])[乐勒]"
)

_SOME = rf"(?=\s?(?:{NUMBER}|几|半)?\s?[{COUNTED}颗粒])"
_WORN = (
    "衣服|裤子|裙子|鞋子?|外套|上衣|帽子|戒指|腰围?|袖子|裤腿|肩膀?|胸围?|领口|码数?|尺[码寸]|号|穿着?|穿起来"
    "|有点|稍微|还是|都|真的?|感觉"
)
_PATTERNS = [
    Pattern(
        REASON,
        re.compile(rf"(?<![多至减最不稍介])(?:少|漏|缺)(?:[发装给寄配放])?了?{_SOME}"),
        lambda _: "missing",
    ),
    Pattern(
        REASON,
        re.compile(rf"(?:只|就|才)(?:收到|[发寄来给])了?(?=(?:{NUMBER}|半)[{COUNTED}])"),
        lambda _: "missing",
    ),
    Pattern(
        REASON,
        re.compile(rf"(?:^|(?<=[,。!;、 ]))(?:{_WORN})*[大小长短紧松肥宽窄]了(?=$|[,。!;、~ 点些一两半])"),
        lambda _: "wrong_size",
    ),
    Pattern(REASON, re.compile(r"不太?想要(?=$|[,。!;~ ])"), lambda _: "no_longer_wanted"),
    # The message is nothing but the word.
    Pattern(REASON, re.compile(r"^\W*(?:选|就)?(?:其[他它]|别的|以上都不是)[的吧]?\W*$"), lambda _: "other"),
]

# Of a message without end only what is near is looked at.
_NEAR = 24
_BREAK = re.compile(r"[,，。.;:!?~…、\n]")
_SOFT_BREAK = re.compile(r"[,，。.;:!~…、\n ]")

# Before the phrase: it is not so, or only thought of.
_DENIED = re.compile(
    r"(?:没有?|无|不要(?!了)|(?<!是)不|(?<!除)非|(?<!特)别|未|唔|冇|勿|莫|木有)"
    r"(?:是|有|因为|由于|会|说|太|怎么|啥|什么|任何|算|觉得|嫌|发现|存在|出现|属于|很|明显|大|的|\s)*$"
    r"|(?:(?<!是)不是|并非|除了|不存在)[^是]{0,6}$"
)
_SUPPOSED = re.compile(
    r"如果|要是|万一|假如|若|倘|除非|会不会|是否|有没有|有无|怕(?!是)|担心|听说|据说|评[价论]|有人说|网上说|网友"
    r"|哪些|怎样算|怎么算|什么算|算不算|防止|避免|以免|[大小长短紧松宽窄肥]还是$"
)
# Behind it.
_DOUBTED = re.compile(r"[了的]?(?:吗|\?|还是|是吧|没有?\W*$|不\W*$|(?:的话|的?时候))")
# 合不合适, 色差大不大, 有没有配件
_OR_NOT = re.compile(r"(.)[不没]\1")
# In its clause: a question, which 了 turns into one about what to do ("坏了能退吗").
_ASKED = re.compile(
    r"[吗?]|嘛$|(?<![这那怎多什要])么|怎么[样办退换算处弄赔]|如何|谁|多久|几天|能不能|可不可以|行不行|咋[办样整弄]|多少|哪|什么"
)

_ALSO = r"(?:怎么|为什么|实在|真的?|突然|老是|一直|到现在|至今|有些?点?|也|都|还|就|又|是|好像)*$"
# What the words of a reason may also be said of, before them or behind them.
_MONEY_AND_NEWS = (
    "退款|退的钱|钱|款|短信|验证码|发票|邮件|通知|电话|券|积分|红包|差价|补偿|回[复信应]|消息|返现|密码"
    "|信息|提示"
)
_TYPED = "地址|门牌|号码?|手机|电话|名字?|写|打|填"
_NOT_GOODS = {
    "no_longer_wanted": re.compile(rf"(?:态度|服务|客服|快递员|发票|方案|短信|电话){_ALSO}"),
    "wrong_size": re.compile(
        r"(?:时间|时长|[雨风雪]|年[纪龄]|孩子|宝宝|娃|人|胃口|力度|优惠|折扣|差[距别价异]|音量|压力|风险|等|工作量|脾气|胆子"
        rf"|面积|房间|字|影响|信号|金额|方案|这样|日子|价[格钱]|态度|预算|补偿|抓|要|赶|联){_ALSO}"
    ),
    "quality": re.compile(
        r"(?:券|红包|积分|码|账号|链接|页面|网页|app|网站|小程序|系统|支付|付款|花呗|余额|礼品卡|会员卡?|活动|猫|狗|心情|态度"
        rf"|脾气|天气|网络?|信息|发票|图片?|卖|[货号]){_ALSO}",
        re.IGNORECASE,
    ),
    "damaged": re.compile(rf"(?:{_TYPED}|说|忘|看|突|(?<!给)我){_ALSO}"),
    "wrong_item": re.compile(
        rf"(?:(?<![给跟帮])我|刚刚?才?|地址|单号?|订单号?|电话|号码|图片?|照片|截图|消息|链接){_ALSO}"
    ),
    "missing": re.compile(rf"(?:{_TYPED}|钱|金额|价格|优惠|退款?的?|积分|评[价论]|库存|人|时间|选择){_ALSO}"),
    "not_received": re.compile(rf"(?:{_MONEY_AND_NEWS}){_ALSO}"),
}
_NOT_GOODS_BEHIND = {
    "wrong_item": re.compile(r"了?(?:地[址方点]|小区|城市|驿站|楼|人家)"),
    "not_received": re.compile(rf"(?:任何|你们?|商家|这个|什么|过|的)*(?:{_MONEY_AND_NEWS})"),
}


class Reasons:
    """Finds reasons; ``phrases`` as `reason_spellings` returns them."""

    def __init__(self, phrases: Spellings) -> None:
        self._names = Names(phrases)

    def find(self, text: str) -> Iterator[Value]:
        """Give each reason in normalized ``text`` once; a vague one only where there is no other."""
        text = _PARTICLE.sub("了", text)
        found = without_overlaps([*find(_PATTERNS, text), *self._names.find(text)])
        held = [value for value in found if _holds(text, value)]
        telling = [value for value in held if value.value not in _VAGUE] or held[:1]
        firsts = {value.value: value for value in reversed(telling)}
        yield from reversed(firsts.values())


def reason_spellings(phrases: dict[str, list[str] | None]) -> Spellings:
    """Return what the reasons in ``phrases`` (code → phrases) may be typed as; nobody types a code."""
    return {text: named for text, named in spellings(REASON, phrases).items() if text not in phrases}


def _holds(text: str, value: Value) -> bool:
    """Tell whether ``text`` claims the reason."""
    before = _BREAK.split(text[max(0, value.start - _NEAR) : value.start])[-1]
    phrase = text[value.start : value.end]
    after = _SOFT_BREAK.split(text[value.end : value.end + _NEAR])[0]
    if _OR_NOT.search(before[-1:] + phrase + after):
        return False
    if _DENIED.search(before) or _SUPPOSED.search(before) or _DOUBTED.match(after):
        return False
    if (not_goods := _NOT_GOODS.get(value.value)) and not_goods.search(before):
        return False
    if (not_goods := _NOT_GOODS_BEHIND.get(value.value)) and not_goods.match(after):
        return False
    if value.value in ("wrong_size", "not_as_described", "no_longer_wanted") and "是不是" in before:
        return False
    return "了" in phrase + after[:1] or phrase.endswith("的") or not _ASKED.search(before + phrase + after)

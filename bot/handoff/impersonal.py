"""Whether words may leave the conversation in which they were said.

What could belong to one customer alone, a number, a name, an address, keeps them there. It is decided on the
side of silence: most of what agents say is said to one person.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import cache

from ruamel.yaml import YAML

from bot.settings import ROOT

from .faq import bigrams

LONGEST = 300  # characters; a long answer tells one customer's story

_SURNAMES = set(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭"
    "陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍"
    "庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁"
    "陳張劉黃趙吳孫馬許鄭謝韓馮鄧蕭葉蘇呂盧鐘譚陸賈韋鄒賀顧龔錢嚴湯溫"
)
_PAIR = re.compile(r"[\u4e00-\u9fff]{2}")
# Written as one word, with what people put between the digits.
_NUMBER = re.compile(r"\d{3}|(?:\d[\s.,·_–—-]{0,3}){4}|[零〇一二三四五六七八九幺]{4}")
_ADDRESS = re.compile(
    r"@|://|www\.|微信号|QQ号"
    r"|[\da-z零〇一二三四五六七八九十百]\s*-?\s*(?:号|號|栋|棟|幢|座|楼|樓|单元|單元|室|弄|层|層|户|巷)(?!码|線|线)"
    r"|[\u4e00-\u9fff](?:街|巷|胡同|大道|小区|小區|花园|花園|大厦|大廈|公寓|广场|廣場|村|镇|鎮|乡|鄉|新苑|宿舍|县|縣)"
    r"|[\u4e00-\u9fff]{2}(?<![小社园專专地市])[区區](?![别別分间間域])"
    r"|[\u4e00-\u9fff]{2}(?<!原)(?<!一)(?<!半)(?<!网)(?<!线)路(?![上途线由])",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"先生|女士|小姐|太太|阿姨|叔叔|奶奶|爷爷|大哥|大姐|同学"
    r"|(?:收件人|收货人|联系人|姓名|名字|抬头|昵称|账号)[^，。；！？\n]{0,4}?(?:是|为|叫|改成|改为|换成|写成|[::])"
    r"|欧阳|上官|司马|诸葛|皇甫|令狐|慕容|司徒|尉迟|端木"
)


def impersonal(text: str, names: Iterable[str | None], hers: Iterable[str], known: Collection[str]) -> bool:
    """Whether the text says nothing about one person.

    Args:
        names: of those who talked with each other.
        hers: what the customer herself said before.
        known: the words of the shop (``Faq.vocabulary``).
    """
    plain = unicodedata.normalize("NFKC", text)
    if len(plain) > LONGEST or any(each.search(plain) for each in (_NUMBER, _ADDRESS, _NAMED)):
        return False
    if any(part in plain for name in names for part in _parts(name or "")):
        return False
    if any(place in plain for place in _places()):
        return False
    # What the shop does not say by itself, and she has brought in, or is no Chinese, or may be a name.
    own = {word for word in bigrams(plain) if word not in known}
    said = {word for text in hers for word in bigrams(text)}
    return not (
        own & said
        or any(word.isascii() and not word.isdigit() for word in own)
        or any(_may_be_named(plain, at, known) for at in range(len(plain) - 1))
    )


def _may_be_named(text: str, at: int, known: Collection[str]) -> bool:
    """Whether a surname stands here that is part of no known word."""
    before, after = text[max(0, at - 1) : at + 1], text[at : at + 2]
    return (
        text[at] in _SURNAMES and bool(_PAIR.fullmatch(after)) and after not in known and before not in known
    )


def _parts(name: str) -> set[str]:
    """The name, and the given name by itself."""
    name = name.strip("* ")
    return {part for part in (name, name[1:], name[-2:]) if len(part) > 1}


@cache
def _places() -> list[str]:
    places = YAML(typ="safe").load(ROOT / "data" / "nlu" / "lexicon" / "places.yml")
    return [name for place, short in places.items() for name in (place, *short)]

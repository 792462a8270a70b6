"""Where a parcel shall go, found in what a shopper types.

Parts of an address are told apart by how they are written, as masking and courier both rest on it.
Nothing of it is ever logged.
"""

import re
from dataclasses import dataclass

PHONE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?(1[3-9]\d)[- ]?(\d{4})[- ]?(\d{4})(?!\d)")
_LABEL = r"(?:(?:新的?)?(?:收件|收货|联系|送货)?(?:人|方式)?的?(?:手机号码|手机号|手机|电话号码|电话|号码))"
_PHONE_LABEL = re.compile(rf"{_LABEL}[是为:改成换到\s]*$")
_ORDER_NO = re.compile(r"(?:订单号?)?[是:]?\s*(?<!\d)\d{16}(?!\d)\s*(?:的订单|这单|的)?")

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭"
    "陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤林温康施文牛樊葛邢安齐易乔伍"
    "庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁"
    "上官司马诸葛皇甫令狐慕容"
)
_NAME = rf"(?!单元|谢谢|麻烦)[{_SURNAMES}][\u4e00-\u9fff·]{{1,3}}|[\u4e00-\u9fff]{{1,3}}(?:先生|女士|小姐)"
_NAMED = re.compile(
    r"(?:收件人|收货人|联系人|姓名|名字)(?:的?(?:姓名|名字))?(?:改成|改为|换成|是|为|写|叫|:|\s)*"
    rf"(?P<name>{_NAME}|[A-Za-z][A-Za-z .]{{1,30}})"
)
_ALONE = re.compile(rf"^(?:{_NAME})收?$")

# Province, city, district; what is called 小区 or 园区 is none.
_REGION = re.compile(
    r"(?:[\u4e00-\u9fff]{2,8}?(?:省|自治区|特别行政区))?\s*"
    r"(?:[\u4e00-\u9fff]{2,8}?(?:市|自治州|州|地区|盟))?\s*"
    r"(?:[\u4e00-\u9fff]{1,8}?(?:(?<![小社园校厂])区|县|旗|市))?"
)
_PROVINCE = re.compile(
    "(?:河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾)省?"
    "|(?:内蒙古|西藏)(?:自治区)?|广西(?:壮族自治区)?|宁夏(?:回族自治区)?|新疆(?:维吾尔自治区)?"
)
# A house: a number with what it counts, or a building that has a name.
_HOUSE = re.compile(
    r"[\dA-Za-z一二三四五六七八九十]+\s*-?\s*(?:号|栋|幢|座|楼|单元|室|弄|层|组|户|门)|\d+-\d+|\d{3,4}$"
    r"|^(?![我咱俺你他她])[\u4e00-\u9fff]{2,}?"
    r"(?:小区|花园|大厦|公寓|广场|大学|学院|中学|小学|学校|医院|公司|中心|驿站|村|苑|宿舍|酒店|银行|超市|厂)"
)
# What stands before an address, the last one counting.
_LEAD = re.compile(
    r".*(?:改成|改到|改为|改寄到?|换成|换到|换为|寄到|送到|发到|寄往|发往|送去|寄去|搬到|地址|是|到)\s*[:,]?\s*"
)
_TAIL = re.compile(
    r"[,;.!?~\s]*(?:这个地址|这里|这边|那边|那里|可以吗?|可不可以|行吗?|行不行|好吗?|谢谢你?您?|麻烦了?|了|吧|吗|呢|哈|哦|啊|收|我的?)*[,;.!?~\s]*$"
)
_BREAK = re.compile(r"[,;:\n/|]+|\s{2,}|(?:收货|收件|详细|新|所在)?(?:地址|地区)(?=[是为在:])")


@dataclass
class Typed:
    """What of an address was typed; each part may be lacking."""

    region: str = ""
    street: str = ""
    name: str = ""
    phone: str = ""

    @property
    def text(self) -> str:
        return self.region + self.street


def typed(text: str, places: tuple[str, ...] = ()) -> Typed:
    """Part what a shopper typed.

    Args:
        text: with width folded.
        places: spellings of places in it, which count as a region without 市 as well.
    """
    found = Typed()
    rest = _ORDER_NO.sub(" ", text)
    if phone := PHONE.search(rest):
        found.phone = "".join(phone.groups())
        rest = f"{_PHONE_LABEL.sub('', rest[: phone.start()])}\n{rest[phone.end() :]}"
    if name := _NAMED.search(rest):
        found.name = _TAIL.sub("", name["name"]).strip()
        rest = f"{rest[: name.start()]}\n{rest[name.end() :]}"
    parts: list[str] = []
    for part in filter(None, map(str.strip, _BREAK.split(rest))):
        words = part.split()
        ends = dict.fromkeys((words[0], words[-1]))
        alone = [word for word in ends if _ALONE.match(word) and not _HOUSE.search(word)]
        # A name stands beside a phone or an address, in words of its own.
        if not found.name and alone and (found.phone or len(words) > 1 or parts):
            found.name = alone[-1].removesuffix("收")
            part = " ".join(word for word in words if word != alone[-1])
        parts.append(part)
    for part in parts:
        _take_place(found, part, places)
    return found


def _take_place(found: Typed, part: str, places: tuple[str, ...]) -> None:
    """Add what ``part`` says of region and street."""
    words = _TAIL.sub("", _after_lead(part)).split(" ")
    # "送到我单位 长沙市…": it begins with the word that names the region.
    begins = [" ".join(words[at:]) for at in range(len(words))]
    place = next((each for each in begins if _region(each, places)), begins[0])
    region = _region(place, places)
    street = place[len(region) :].strip()
    if region and not found.region:
        found.region = re.sub(r"\s", "", region)
        found.street = street if len(street) > 1 else found.street
    elif is_house(street) and not region:
        found.street += street


def _region(place: str, places: tuple[str, ...]) -> str:
    match = _REGION.match(place)
    written = match[0] if match else ""
    named = max((each for each in places if place.startswith(each)), key=len, default="")
    return max(written, named, key=len)


def _after_lead(part: str) -> str:
    """The part from where the address begins."""
    lead = _LEAD.match(part)
    return part[lead.end() :] if lead and part[lead.end() :] else part


def is_province(region: str) -> bool:
    """Whether the region lacks its city."""
    return bool(_PROVINCE.fullmatch(region))


def is_house(street: str) -> bool:
    """Whether a courier finds the door by it."""
    return bool(_HOUSE.search(street))

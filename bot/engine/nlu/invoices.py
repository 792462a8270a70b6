"""What an invoice is made out to: its title and tax number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.nlu.values import Pattern, Value, find

# GB 32100-2015: no I, O, S, V, Z.
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_SAID_TAX = r"(?:税号|识别号|信用代码)[^\dA-Za-z]{0,6}"

_NAME = r"[\u4e00-\u9fffA-Za-z\d()·&]"
_COMPANY = re.compile(rf"{_NAME}{{2,40}}?(?:有限(?:责任)?公司(?:{_NAME}{{2,12}}?分公司)?|[律会计]+师事务所)")
# What stands before a title. 抬头 and no verb: what follows is a question about titles.
_LEAD = (
    r"(?:(?:抬头|名称|单位|发票|开票|专票|普票)\s?(?:就|要|请|帮我)?(?:[是写开填叫]成?|[为用给:]|改[成为]?|换[成为]?)+"
    r"|[开写改换]成|[改换]为|开给|名称|[写填]的?是)\s?(?:(?:我们|我)?单位)?\s?"
)
_ORGANISATION = re.compile(
    rf"{_LEAD}(?P<v>{_NAME}{{2,30}}?(?:集团|公司|[大中小]学|学[校院]|医院|幼儿园|研究[院所]|工作室|合作社|银行"
    r"|委员会|经营部|商行|中心|协会|出版社)(?:附属[\u4e00-\u9fff]{2,8})?)"
)
# 抬头：张三
_TITLE = re.compile(
    rf"(?:抬头|公司名称?|单位名称?)(?:就|要|请|帮我)?(?:[是为写填叫]成?|改[成为]|换[成为]|:)+\s?(?P<v>{_NAME}{{2,40}})"
)
_PERSON = re.compile(r"(?P<v>个人)(?=的?(?:抬头|发票|普票|电子))")
_PERSON_AFTER = re.compile(r"(?:抬头|开|写|开给)[是为写开:]{0,2}\s?(?P<v>个人)")

# Words before a company's name that cannot be told from it by their characters.
_BEFORE_COMPANY = re.compile(
    rf"^.*{_LEAD}|^(?:[你您]好|我们?|你们?|您|请|麻烦|帮忙?|可以|能|想|要|给|把|发?票|抬头|单位|开具?|是|叫|的|就|在|公司[是叫])+"
)
_NO_NAME = re.compile(
    r"什么|怎么?|哪|谁|错|[吗呢的了]$|公司抬头|不|没|改|能|可以|自己|我|你|他|她|那张|别|以前|原来|随便|姓名"
)


def find_invoices(text: str) -> Iterator[Value]:
    """Give invoice titles and tax numbers in normalized ``text``, overlaps included.

    A tax number is a unified social credit code with the right check character, or an older number of
    15 or 20 digits where the message says that it is one.
    """
    yield from find(_TAX_NUMBERS, text)
    yield from _titles(text)


def is_credit_code(code: str) -> bool:
    """Tell whether the last of the 18 characters is the check character of the others (GB 32100-2015)."""
    if len(code) != 18 or not set(code) <= set(_ALPHABET):
        return False
    total = sum(_ALPHABET.index(char) * pow(3, place, 31) for place, char in enumerate(code[:17]))
    return _ALPHABET[-total % 31] == code[17]


def _code(match: re.Match[str]) -> str | None:
    code = re.sub(r"[ -]", "", match["v"]).upper()
    return code if is_credit_code(code) else None


_TAX_NUMBERS = [
    Pattern(
        "tax_no", re.compile(r"(?<![\dA-Za-z])(?P<v>[\dA-Za-z](?:[ -]?[\dA-Za-z]){17})(?![\dA-Za-z])"), _code
    ),
    Pattern(
        "tax_no",
        re.compile(rf"{_SAID_TAX}(?P<v>\d{{20}}|\d{{15}}|\d{{14}}[Xx])(?![\dA-Za-z])"),
        lambda match: match["v"].upper(),
    ),
]


def _titles(text: str) -> Iterator[Value]:
    for match in _COMPANY.finditer(text):
        before = _BEFORE_COMPANY.match(match[0])
        yield from _named(text, match.start() + (before.end() if before else 0), match.end())
    for pattern in (_ORGANISATION, _TITLE):
        for match in pattern.finditer(text):
            yield from _named(text, *match.span("v"))
    for pattern in (_PERSON, _PERSON_AFTER):
        for match in pattern.finditer(text):
            yield Value("invoice_title", "个人", *match.span("v"))


def _named(text: str, start: int, end: int) -> Iterator[Value]:
    name = text[start:end]
    if len(name) >= 2 and not _NO_NAME.search(name):
        yield Value("invoice_title", name, start, end)

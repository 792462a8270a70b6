import pytest

from bot.engine.nlu.invoices import find_invoices, is_credit_code
from bot.engine.nlu.values import without_overlaps

# Published codes of known companies.
CODES = ["9144030071526726XG", "914403001922038216", "91110000802100433B", "91350100M000100Y43"]


@pytest.mark.parametrize("code", CODES)
def test_check_character(code: str) -> None:
    assert is_credit_code(code)
    wrong = [code[:place] + ("2" if code[place] != "2" else "3") + code[place + 1 :] for place in range(18)]
    assert not any(map(is_credit_code, wrong))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("帮我开杭州星河科技有限公司的发票", ["杭州星河科技有限公司"]),
        ("抬头:杭州星河科技有限公司,税号91350100M000100Y43", ["杭州星河科技有限公司", "91350100M000100Y43"]),
        ("我们是华为技术有限公司", ["华为技术有限公司"]),
        ("用友网络科技股份有限公司", ["用友网络科技股份有限公司"]),
        ("发票抬头改成北京德和律师事务所", ["北京德和律师事务所"]),
        ("抬头写上海市实验小学", ["上海市实验小学"]),
        ("发票开给成都市第一人民医院", ["成都市第一人民医院"]),
        ("抬头:张三", ["张三"]),
        ("发票抬头是个人", ["个人"]),
        ("开个人的发票", ["个人"]),
        ("抬头写错了", []),
        ("抬头怎么写", []),
        ("能开公司抬头吗", []),
        ("你们公司能开发票吗", []),
        ("快递公司说没有发票", []),
        ("税号 9135 0100 m000 100y 43", ["91350100M000100Y43"]),
        ("91350100M000100Y44", []),
        ("纳税人识别号:110108551385082", ["110108551385082"]),
        ("110108551385082", []),
    ],
)
def test_title_and_tax_number(text: str, found: list[str]) -> None:
    assert [value.value for value in without_overlaps(find_invoices(text))] == found

import pytest

from bot.engine.nlu.money import find_money
from bot.engine.nlu.values import without_overlaps


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("1,234.5元", ["123450"]),
        ("¥30", ["3000"]),
        ("30块", ["3000"]),
        ("三十块", ["3000"]),
        ("两百五", ["25000"]),
        ("12块8", ["1280"]),
        ("三块五毛", ["350"]),
        ("99块9能少点吗", ["9990"]),
        ("5块一斤", ["500"]),
        ("五毛", ["50"]),
        ("1.2k", ["120000"]),
        ("1.2万", ["1200000"]),
        ("满300减50", ["30000", "5000"]),
        ("花了128", ["12800"]),
        ("一块钱", ["100"]),
        ("一块发货吧", []),
        ("两块手表", []),
        ("4K显示器", []),
        ("20000毫安的", []),
        ("减两件", []),
        ("打了两折", []),
        ("三百多人买", []),
        ("2026112000012345元旦到", []),
    ],
)
def test_money(text: str, fen: list[str]) -> None:
    assert [value.value for value in without_overlaps(find_money(text))] == fen

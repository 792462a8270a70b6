import pytest

from bot.engine.nlu.names import Names, catalogue, spellings
from bot.engine.nlu.tokenizer import segmenter
from bot.engine.nlu.values import without_overlaps

PRODUCTS = [
    "声海 X2 真无线蓝牙耳机",
    "轻暖短款羽绒服",
    "雪岭长款羽绒服",
    "明前龙井礼盒",
    "云朵抱枕 大号",
    "Nova手机壳（黑色）",
]


@pytest.fixture(scope="module")
def names() -> Names:
    return Names(
        spellings("courier", {"邮政EMS": ["ems"], "中通快递": ["中通"]})
        | catalogue(PRODUCTS, segmenter("").lcut)
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("声海X2真无线蓝牙耳机到了吗", ["声海 X2 真无线蓝牙耳机"]),
        ("我的蓝牙耳机呢", ["声海 X2 真无线蓝牙耳机"]),
        ("耳机", ["声海 X2 真无线蓝牙耳机"]),
        # Two products end so: the words themselves, which a search of the shop understands.
        ("羽绒服掉毛", ["羽绒服"]),
        ("短款羽绒服掉毛", ["轻暖短款羽绒服"]),
        ("龙井还有吗", ["明前龙井礼盒"]),
        ("抱枕", ["云朵抱枕 大号"]),
        ("NOVA 手机壳", ["Nova手机壳(黑色)"]),
        ("礼盒装可以吗", []),
        ("大号有吗", []),
        ("中通快递和EMS", ["中通快递", "邮政EMS"]),
        ("items", []),
        ("", []),
    ],
)
def test_names(names: Names, text: str, found: list[str]) -> None:
    assert [
        value.value.replace("（", "(").replace("）", ")") for value in without_overlaps(names.find(text))
    ] == found


def test_what_many_products_share_names_none() -> None:
    many = Names(catalogue([f"星光{number}号台灯" for number in range(30)], segmenter("").lcut))
    assert list(many.find("台灯")) == []
    assert [value.value for value in without_overlaps(many.find("星光7号台灯"))] == ["星光7号台灯"]


def test_a_large_catalogue_is_found_in_little_time() -> None:
    from time import perf_counter

    names = Names({f"货品{number:06d}": ("product", f"货品{number:06d}") for number in range(100_000)})
    started = perf_counter()
    for number in range(200):
        assert [v.value for v in names.find(f"你好，昨天买的货品{number:06d}发货了吗，急用")] == [
            f"货品{number:06d}"
        ]
    assert (perf_counter() - started) / 200 < 0.002

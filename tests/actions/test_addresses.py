"""The parts of an address, found in what a shopper types."""

import pytest

from actions.addresses import Typed, is_house, typed


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("我想改一下地址", Typed()),
        ("能不能改到我妈妈家", Typed()),
        ("改到杭州市西湖区", Typed("杭州市西湖区")),
        ("阳光小区3栋", Typed("", "阳光小区3栋")),
        ("电话换成 138 1234 5678", Typed(phone="13812345678")),
        ("收件人改成王建国", Typed(name="王建国")),
        (
            "地址改成浙江省杭州市西湖区文三路 5 号 3 单元 201,张三 13812345678",
            Typed("浙江省杭州市西湖区", "文三路 5 号 3 单元 201", "张三", "13812345678"),
        ),
        (
            "王小明,13800138000,江苏省苏州市虎丘区星湖街328号",
            Typed("江苏省苏州市虎丘区", "星湖街328号", "王小明", "13800138000"),
        ),
        (
            "收货人:李雷\n手机号码:13800138000\n所在地区:浙江省宁波市鄞州区\n详细地址:首南街道泰康中路500号",
            Typed("浙江省宁波市鄞州区", "首南街道泰康中路500号", "李雷", "13800138000"),
        ),
        (
            "寄到公司吧:广东省深圳市南山区科技园南区 R2-A 栋 6 楼,谢谢",
            Typed("广东省深圳市南山区", "科技园南区 R2-A 栋 6 楼"),
        ),
        (
            "订单2026112000012345写错了 应该是武汉市洪山区珞喻路1037号韵苑12栋",
            Typed("武汉市洪山区", "珞喻路1037号韵苑12栋"),
        ),
        ("改成天津市南开区卫津路94号可以吗", Typed("天津市南开区", "卫津路94号")),
    ],
)
def test_the_parts_of_an_address_are_told_apart(text: str, found: Typed) -> None:
    assert typed(text) == found


def test_a_place_counts_without_its_suffix() -> None:
    assert typed("改到北京望京街10号院2号楼", ("北京",)) == Typed("北京", "望京街10号院2号楼")


@pytest.mark.parametrize(
    ("street", "found"),
    [("文三路 478 号", True), ("阳光小区", True), ("3-201", True), ("珞喻路", False), ("我家小区", False)],
)
def test_a_house_is_known_by_its_number_or_name(street: str, found: bool) -> None:
    assert is_house(street) is found

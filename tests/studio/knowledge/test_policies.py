"""The shop's numbers: grouped as their file is, with who says them; changed together, and by two at once."""

import pytest

from bot.studio.files import Repository
from bot.studio.files.lexicon import policies as values
from bot.studio.knowledge import policies
from bot.studio.knowledge.editing import CannotEdit
from bot.studio.knowledge.policies import Change
from tests.studio.files.conftest import LI, WANG

from .conftest import POLICIES

FILE = "data/policies.yml"


def test_the_form_is_as_the_file(files: Repository) -> None:
    groups = policies.groups(files.look())
    assert [(each.title, [entry.label for entry in each.entries]) for each in groups] == [
        ("发货", ["多少小时内发出（整数）", "默认快递、加急快递"]),
        ("退货", ["几天内能退"]),
    ]
    couriers = groups[0].entries[1].policies
    assert [(each.name, each.value, each.whole) for each in couriers] == [
        ("usual_courier", "中通", False),
        ("express_courier", "顺丰", False),
    ]
    assert groups[0].entries[0].policies[0].whole
    assert [each.value for each in groups[1].entries[0].policies] == ["7", "2000", "16:00"]
    assert policies.labels(files.look())["return_days"] == "几天内能退"


def test_who_says_a_number(files: Repository) -> None:
    with files.edit(LI, "快捷回复") as draft:
        draft.write(
            "data/replies.yml",
            "replies:\n  general:\n  - {shortcut: th, title: 退货, text: '{return_days} 天内可退'}\n",
        )
        draft.write(
            "domain.yml", draft.text("domain.yml").replace("'再见'", "'再见，{return_days} 天内都可以来'")
        )
    groups = policies.groups(files.look())
    users = {each.name: each.users for group in groups for entry in group.entries for each in entry.policies}
    assert [(each.kind, each.name, each.title) for each in users["return_days"]] == [
        ("topic", "faq/genuine", "是正品吗"),
        ("response", "utter_bye", "utter_bye"),
        ("reply", "th", "退货"),
    ]
    assert users["express_courier"] == ()


def test_several_are_one_change(files: Repository) -> None:
    changes = {
        "return_days": Change("7", " 15 "),
        "same_day": Change("16:00", "17:30"),
        "usual_courier": Change("中通", "中通"),
    }
    commit = policies.save(files, LI, changes, "数字")
    assert commit == files.head()
    expected = POLICIES.replace("return_days: 7", "return_days: 15").replace('"16:00"', '"17:30"')
    assert (files.root / FILE).read_text() == expected
    assert policies.save(files, LI, {"return_days": Change("15", "15")}, "数字") is None


@pytest.mark.parametrize(
    ("why", "name", "value"),
    [
        ("empty", "return_days", " "),
        ("long", "return_days", "七" * 201),
        ("wrong", "return_days", "{return_days}"),
        ("wrong", "return_days", "7}"),
        ("wrong", "return_days", "7\n8"),
        ("wrong", "return_days", "7\u202e8"),
        ("no_number", "dispatch_hours", "两天"),
        ("no_policy", "nope", "1"),
    ],
)
def test_what_no_policy_can_be(files: Repository, why: str, name: str, value: str) -> None:
    head = files.head()
    with pytest.raises(CannotEdit) as refused:
        policies.save(files, LI, {"usual_courier": Change("中通", "韵达"), name: Change("7", value)}, "数字")
    assert refused.value.why == why and files.head() == head


def test_two_admins(files: Repository) -> None:
    policies.save(files, WANG, {"return_days": Change("7", "10")}, "数字")
    # Another number, though it stands on the next line.
    policies.save(files, LI, {"self_service_limit": Change("2000", "3000")}, "数字")
    with pytest.raises(CannotEdit) as refused:
        policies.save(files, LI, {"return_days": Change("7", "15")}, "数字")
    assert (refused.value.why, refused.value.values["now"]) == ("changed", "10")
    assert policies.save(files, LI, {"return_days": Change("7", "10")}, "数字") is None
    assert (values(files.look())["return_days"], values(files.look())["self_service_limit"]) == ("10", "3000")

"""data/wording.yml while it is edited, and the one text of several that is suggested."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from bot import followed
from bot.data_files import Unreadable
from bot.followed import ROOT
from bot.validity import today
from bot.wordings import Variation, Wordings, text_for, words


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(followed, "LOOK_SECONDS", 0.0)
    (tmp_path / "data" / "nlu" / "lexicon").mkdir(parents=True)
    return tmp_path


_moments = iter(range(1_000_000, 2_000_000))


def write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (moment := next(_moments), moment))


def test_what_a_folder_leaves_out_is_as_in_the_project(folder: Path) -> None:
    said, projects = words(folder), words(ROOT).now()
    assert said.now() == projects
    write(folder / "data" / "wording.yml", "lapsed: 结束了\n")
    first = said.now()
    assert first == {**projects, "lapsed": "结束了"} and hash(first) != hash(projects)


@pytest.mark.parametrize(
    "broken",
    [
        "lapsed: [结束了]\n",
        "readings:\n",
        "about_me: {coupon_promo: ['我(的券']}\n",
        "lapsed: '结束\n",
        "",
    ],
)
def test_what_code_could_not_use_changes_nothing(folder: Path, broken: str) -> None:
    write(folder / "data" / "wording.yml", "lapsed: 结束了\n")
    said = words(folder)
    before = said.now()
    write(folder / "data" / "wording.yml", broken)
    assert said.now() is before
    with pytest.raises(Unreadable):
        words(folder)


def test_responses_of_every_file_but_the_lexicon(folder: Path) -> None:
    for number, name in enumerate(
        ("domain.yml", "data/nlu/a.yml", "data/nlu/faq/b.yml", "data/nlu/lexicon/c.yml")
    ):
        write(folder / name, f"responses: {{utter_{number}: [{{text: 您好}}]}}\n")
    assert list(Wordings(folder).now()) == ["utter_0", "utter_1", "utter_2"]


def test_the_first_text_that_fits_is_suggested() -> None:
    over = {"until": (today() - timedelta(days=1)).isoformat()}
    wordings: list[Variation] = [
        {"text": "双十一", "metadata": over},
        {"text": "金卡", "condition": [{"type": "slot", "name": "level", "value": "gold"}]},
        {"text": "点右上角"},
        {"text": "点菜单", "channel": "wechat"},
        {"text": "平时"},
    ]
    assert [text_for(wordings, channel) for channel in ("web", "wechat")] == ["点右上角", "点菜单"]
    assert text_for(wordings[:2], "web") is None


def test_an_offer_is_suggested_for_as_long_as_it_lasts() -> None:
    days = {"since": today().isoformat(), "until": today().isoformat()}
    usual: list[Variation] = [{"text": "平时"}, {"text": "点菜单", "channel": "wechat"}]
    offer = {"text": "双十一", "metadata": days}
    said = [*usual, offer]
    assert [text_for(said, channel) for channel in ("web", "wechat", "wecom")] == [
        "双十一",
        "点菜单",
        "双十一",
    ]
    assert text_for([*said, {**offer, "text": "点优惠", "channel": "wechat"}], "wechat") == "点优惠"
    assert text_for([*usual, {**offer, "metadata": {"since": "2999-01-01"}}], "web") == "平时"

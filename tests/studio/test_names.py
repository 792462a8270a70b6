"""The studio and the desk are called the same wherever somebody is led to them."""

import re

from bot.settings import ROOT
from bot.staff import texts


def called(path: str, key: str, language: str) -> str:
    return texts.load(ROOT / path)[language](key)


def test_the_studio_has_one_name() -> None:
    for language in texts.LANGUAGES:
        brand = called("bot/studio/texts/shell.yml", "studio", language)
        assert called("bot/desk/texts.yml", "studio", language) == brand
        assert called("bot/staff/texts.yml", "to_studio", language) == brand


def test_the_shop_leads_to_both_by_their_names() -> None:
    page = (ROOT / "bot/shop/page.html").read_text("utf-8")
    links = dict(re.findall(r'<a href="\{\{ settings\.office \}\}/(\w+)"[^>]*>([^<]+)</a>', page))
    assert links["studio"] == called("bot/studio/texts/shell.yml", "studio", "zh")
    assert links["desk"] == called("bot/staff/texts.yml", "lead", "zh")
    assert links["desk"].endswith(called("bot/studio/texts/shell.yml", "desk", "zh"))
    assert called("bot/desk/texts.yml", "title", "zh").endswith(links["desk"])

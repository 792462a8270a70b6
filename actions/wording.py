"""The pieces of text of data/wording.yml, and times and orders put into words."""

import json
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache, lru_cache
from typing import Any

from actions.backend.contract import Order
from actions.turn import HUMAN, NO_THANKS
from bot.faq_titles import FaqTitles
from bot.followed import Followed
from bot.settings import settings
from bot.wordings import Words, words

# China has one time zone and no summer time, whatever zone the shop's server keeps.
CHINA = timezone(timedelta(hours=8))


def wording() -> Words:
    """The whole of data/wording.yml as it is now."""
    return _wording().now()


@cache
def _wording() -> Followed[Any, Words]:
    return words(settings.bot_dir)


def button(name: str, payload: str) -> dict[str, str]:
    """A button with the title that data/wording.yml gives for ``name``."""
    return {"title": wording()["buttons"][name], "payload": payload}


def choice(value: str, title: str, entity: str = "choice") -> dict[str, str]:
    """A button that answers with a value, as an entity of the message."""
    return {"title": title, "payload": f"/inform{json.dumps({entity: value}, ensure_ascii=False)}"}


def human_offer() -> list[dict[str, str]]:
    """The buttons that offer a colleague."""
    return [button("human", HUMAN), button("no_thanks", NO_THANKS)]


def says(kind: str, text: str) -> bool:
    """Whether the text has one of the words of ``kind`` in data/wording.yml."""
    return bool(words_of(kind).search(text.lower()))


def words_of(*kinds: str) -> re.Pattern[str]:
    """The words of ``kinds`` in data/wording.yml."""
    return _compiled(wording(), kinds)


@lru_cache
def _compiled(words: Words, kinds: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(either(word for kind in kinds for word in words[kind]))


def either(words: Iterable[str]) -> str:
    """A regular expression of ``words``; longest first, or a short one would cut a longer one in two."""
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


def lines(told: Iterable[str]) -> str:
    """A list for the shopper's eye, one line each."""
    return "\n".join(wording()["line"].format(told=one) for one in told)


def money(fen: int) -> str:
    """An amount for the shopper's eye: ``¥1,234.50``."""
    return f"¥{fen / 100:,.2f}"


def moment(at: datetime) -> str:
    """A moment for the shopper's eye: ``今天 14:05`` or ``11月20日 14:05``."""
    days = (at.astimezone(CHINA).date() - _today()).days
    return _told(at, "moments", days)


def day(at: datetime) -> str:
    """A day for the shopper's eye: ``今天下午``, ``后天`` or ``11月25日``."""
    local = at.astimezone(CHINA)
    days = (local.date() - _today()).days
    if days == 0:
        parts: dict[int, str] = wording()["parts_of_today"]
        return next(name for until, name in sorted(parts.items()) if local.hour < until)
    return _told(at, "days", days)


def expected(at: datetime | None, what: str = "parcel") -> str:
    """The clause that tells when a ``parcel``, or ``money``, is expected; nothing when that is unknown."""
    return str(wording()["expected"][what].format(day=day(at))) if at else ""


def order_title(order: Order) -> str:
    """What the shopper calls the order: its first item, and how many pieces there are."""
    count = sum(item.qty for item in order.items)
    form = "order_title_several" if count > 1 else "order_title"
    name = order.items[0].name if order.items else order.no
    return str(wording()[form].format(name=name, count=count))


def order_button(order: Order) -> str:
    return str(wording()["order_button"].format(title=order_title(order), status=order.status_text))


def faq_title(topic: str) -> str | None:
    """What a FAQ topic is called: its first question; None for an unknown topic."""
    return _faq_titles().now().get(f"faq/{topic}")


@cache
def _faq_titles() -> FaqTitles:
    # The studio adds topics while we run.
    return FaqTitles(settings.bot_dir)


def _today() -> date:
    return datetime.now(UTC).astimezone(CHINA).date()


def _told(at: datetime, kind: str, days: int) -> str:
    # strftime may not take Chinese characters under a C locale, so only the codes pass through it.
    words = str(wording()[kind].get(days, wording()[kind]["else"]))
    local = at.astimezone(CHINA)
    for code in ("%m", "%d", "%H", "%M"):
        words = words.replace(code, local.strftime(code))
    return words

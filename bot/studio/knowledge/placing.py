"""Where a new topic belongs that a sentence asks for: with the topics that are nearest to it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from bot.studio.files import Files, language

from . import topics


@dataclass(frozen=True)
class Place:
    """A file of topics, without folder and suffix, and the intent that a topic in it counts as."""

    area: str
    intent: str


def likeliest(files: Files, near: Iterable[str]) -> Place | None:
    """The place by the first intent or topic (``faq/…``), nearest first, that tells one.

    A topic's is its own; that of an intent is where most topics are that count as it.
    """
    listed = language.topics(files)
    places = {each.name: Place(topics.area(each), each.intent) for each in listed}
    common = Counter((each.intent, topics.area(each)) for each in listed)
    for (intent, area), _ in reversed(common.most_common()):
        places[intent] = Place(area, intent)
    return next((places[name] for name in near if name in places), None)

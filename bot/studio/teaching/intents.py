"""Intents and their examples: listed, searched, and changed, each change one commit.

An example is addressed by its text, as it is written: whoever was slower is told that it is not there any
more, and two who add to the same intent are both kept.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bot.conversations.store import Store
from bot.data_check import MADE_BY_ENGINE, folded, plain
from bot.data_files import Unreadable, mapping, parse
from bot.insights.models import Reading
from bot.insights.periods import Period
from bot.settings import ROOT
from bot.studio.cannot import Cannot
from bot.studio.files import Author, Draft, Files, Repository, Snapshot, language, near, stories, yaml_edit
from bot.studio.files.language import Example
from bot.studio.files.near import Near
from bot.studio.files.stories import Told
from bot.studio.review import segments, words
from bot.studio.uses import Use, Uses, uses

from . import doings
from .clashes import Clash, Clashes
from .vocabulary import vocabulary

WORDING, RULES = "data/wording.yml", "data/stories"
AT_ONCE = 200
"""Examples that may be added, moved or removed in one change."""
LONGEST_TITLE, LONGEST_ANSWER = 40, 2000
_NAME = re.compile(r"[a-z][a-z0-9_]{2,50}")
# As the data check and Rasa read them: [7号](date), [7号](date:7), [7号]{"entity": "date"}
_MARK = re.compile(r'\[([^\[\]]+)\](?:\((\w+)(?::[^()]+)?\)|\{[^{}]*"entity"\s*:\s*"(\w+)"[^{}]*\})')
# What lists in chats and tables begin a line with.
_BULLET = re.compile(r"^(?:[-—•·*]+|\d{1,3}[.、)）])\s*")


@dataclass(frozen=True)
class Row:
    """An intent, as the list shows it."""

    name: str
    title: str
    examples: int
    topics: int
    """FAQ topics that count as it."""
    meant: int
    """Services in which shoppers meant it."""
    uses: tuple[Use, ...]


@dataclass(frozen=True)
class Looked:
    """A sentence on its way to be an example."""

    text: str
    """As it would be written."""
    words: list[str]
    near: list[Near]


@dataclass(frozen=True)
class Added:
    """What became of sentences that were to be added."""

    written: list[str]
    already: list[str]
    """They are examples of it, or were given twice."""
    elsewhere: list[tuple[str, Example]]
    """They say the same as an example of another intent."""


@dataclass(frozen=True)
class NewIntent:
    """An intent to be made, with the rule that answers it."""

    name: str
    title: str
    examples: Sequence[str]
    action: str = ""
    """What the rule does, an action or a response that there is; empty: it says ``answer``."""
    answer: str = ""


@dataclass(frozen=True)
class Removal:
    """What keeps an intent from being removed, or else what goes with it."""

    uses: tuple[Use, ...]
    rules: tuple[Told, ...]
    """Rules and stories about nothing else."""
    responses: tuple[str, ...]
    """Answers that only these rules say."""


# ---- reading ----


def titles(files: Files) -> dict[str, str]:
    """What people call each intent and FAQ topic."""
    called = {**_content(files, language.TITLES).get("titles", {}), **_readings(files)}
    found = {each.name: str(called.get(each.name) or each.name) for each in language.intents(files)}
    return found | {
        each.name: each.questions[0].plain if each.questions else each.name for each in language.topics(files)
    }


def offered(files: Files, intent: str) -> bool:
    """Whether its title stands on a button for shoppers, where the bot asks back what they mean."""
    return intent in _readings(files)


def entities(files: Files) -> list[str]:
    """What can be marked in an example."""
    given = _content(files, language.DOMAIN).get("entities") or []
    return [str(next(iter(each), "")) if isinstance(each, dict) else str(each) for each in given]


def meant(store: Store, period: Period) -> dict[str, int]:
    """In how many services shoppers meant each intent or topic, and the bot was sure of it."""
    query = (
        select(Reading.intent, func.count())
        .where(Reading.began_at >= period.start, Reading.began_at < period.end, Reading.wording.is_(None))
        .group_by(Reading.intent)
    )
    with store.reading() as session:
        return {intent: int(count) for intent, count in session.execute(query)}


def listed(files: Files, used: Uses, meant: Mapping[str, int], asked: str = "") -> list[Row]:
    """The intents as domain.yml lists them; those whose name, title or example has what is ``asked`` for."""
    called = titles(files)
    topics: dict[str, int] = {}
    for topic in language.topics(files):
        topics[topic.intent] = topics.get(topic.intent, 0) + 1
    sought = folded(asked) if asked.strip() else ""
    having = {each.intent for each in language.examples(files) if sought and sought in folded(each.plain)}
    return [
        Row(
            *(each.name, called[each.name], each.examples, topics.get(each.name, 0)),
            *(meant.get(each.name, 0), used.of("intent", each.name)),
        )
        for each in language.intents(files)
        if not sought or sought in folded(f"{each.name} {called[each.name]}") or each.name in having
    ]


def found(files: Files, intent: str, asked: str = "") -> list[Example]:
    """The examples of an intent, of these those that say what is ``asked`` for."""
    sought = folded(asked) if asked.strip() else ""
    return [each for each in language.examples(files, intent) if sought in folded(each.plain)]


def look(files: Snapshot, text: str, intent: str, but: str | None = None) -> Looked:
    """A sentence's words, and the examples it would repeat; of these not ``but``, which it is made from."""
    sentence = fit(text)
    like = near.conflicts(files, sentence, intent)
    others = [
        each for each in like if but is None or (each.example.intent, each.example.text) != (intent, but)
    ]
    return Looked(sentence, segments.cut(plain(sentence), vocabulary(files)), others)


def parts(sentence: str) -> list[tuple[str, str]]:
    """An example in parts: each a text, and the entity it is marked as; empty where it is none."""
    found, at = [], 0
    for mark in _MARK.finditer(sentence):
        found += [(sentence[at : mark.start()], ""), (mark[1], mark[2] or mark[3])]
        at = mark.end()
    return [part for part in [*found, (sentence[at:], "")] if part[0]]


def fit(text: str) -> str:
    """A line as an example can hold it: without signs that are not seen, and without a list's bullet."""
    return _BULLET.sub("", words.visible(text[: language.LONGEST])).strip()


# ---- examples ----


def add(
    files: Repository, author: Author, summary: str, intent: str, texts: Sequence[str]
) -> tuple[Added, str | None]:
    """Add sentences to an intent, but for those that are there; and the commit, None where nothing was new.

    Raises:
        Cannot, Trouble (of the files): nothing was written.
    """
    given = [sentence for text in texts if (sentence := fit(text))]
    if not given:
        raise Cannot("no_sentence", text="")
    if len(given) > AT_ONCE:
        raise Cannot("too_many", most=AT_ONCE)
    with files.edit(author, summary) as draft:
        _known(draft, intent)
        known = entities(draft)
        for sentence in given:
            _check(sentence, known)
        added = _sorted(draft, intent, given)
        for sentence in added.written:
            language.add_example(draft, intent, sentence)
    return added, draft.commit


def replace(files: Repository, author: Author, summary: str, intent: str, old: str, new: str) -> str | None:
    """Let an example be another; the commit, None where nothing changed.

    Raises:
        Cannot, Trouble (of the files): nothing was written.
    """
    sentence = fit(new)
    with files.edit(author, summary) as draft:
        _known(draft, intent)
        _check(sentence, entities(draft))
        _there(draft, intent, [old])
        if sentence != old:
            if any(each.text == sentence for each in language.examples(draft, intent)):
                raise Cannot("already", text=sentence[:40])
            wanted = folded(plain(sentence))
            for each in language.examples(draft):
                if each.intent != intent and folded(each.plain) == wanted:
                    raise Cannot(
                        "elsewhere", text=sentence[:40], name=titles(draft).get(each.intent, each.intent)
                    )
            language.replace_example(draft, intent, old, sentence)
    return draft.commit


def remove(files: Repository, author: Author, summary: str, intent: str, texts: Sequence[str]) -> str | None:
    """Remove examples, given as they are written, from an intent.

    Raises:
        Cannot, Trouble (of the files): nothing was written.
    """
    with files.edit(author, summary) as draft:
        _known(draft, intent)
        _leaves_some(draft, intent, texts)
        for text in texts:
            language.remove_example(draft, intent, text)
    return draft.commit


def move(
    files: Repository, author: Author, summary: str, intent: str, to: str, texts: Sequence[str]
) -> str | None:
    """Move examples, given as they are written, to another intent or topic; what is there is not doubled.

    Raises:
        Cannot, Trouble (of the files): nothing was written.
    """
    with files.edit(author, summary) as draft:
        _known(draft, intent)
        if to == intent or not language.examples(draft, to):
            raise Cannot("unknown", name=to)
        _leaves_some(draft, intent, texts)
        there = {each.text for each in language.examples(draft, to)}
        for text in texts:
            language.remove_example(draft, intent, text)
            if text not in there:
                language.add_example(draft, to, text)
    return draft.commit


def _sorted(draft: Draft, intent: str, given: Sequence[str]) -> Added:
    """Which of the sentences are new, there already, or under another intent."""
    known = {folded(each.plain): each for each in reversed(language.examples(draft))}
    mine = {folded(each.plain) for each in language.examples(draft, intent)}
    added = Added([], [], [])
    for sentence in given:
        said = folded(plain(sentence))
        if said in mine:
            added.already.append(sentence)
        elif said in known:
            added.elsewhere.append((sentence, known[said]))
        else:
            added.written.append(sentence)
            mine.add(said)
    return added


def _check(sentence: str, known: Collection[str]) -> None:
    """
    Raises:
        Cannot: it is no sentence that can be learned from.
    """
    bare = _MARK.sub(r"\1", sentence)
    for found in _MARK.finditer(sentence):
        if (entity := found[2] or found[3]) not in known:
            raise Cannot("no_entity", name=entity)
    if not any(map(str.isalnum, bare)) or "[" in bare or "]" in bare:
        raise Cannot("no_sentence", text=bare[:40])
    if len(bare) > words.LONGEST_EXAMPLE:
        raise Cannot("too_long", text=bare[:40], most=words.LONGEST_EXAMPLE)


def _known(files: Files, intent: str) -> None:
    if all(each.name != intent for each in language.intents(files)):
        raise Cannot("unknown", name=intent)


def _there(files: Files, intent: str, texts: Sequence[str]) -> None:
    there = {each.text for each in language.examples(files, intent)}
    gone = [text for text in texts if text not in there]
    if gone:
        raise Cannot("gone", text=gone[0][:40])


def _leaves_some(files: Files, intent: str, texts: Sequence[str]) -> None:
    if not 0 < len(texts) <= AT_ONCE:
        raise Cannot("too_many", most=AT_ONCE)
    _there(files, intent, texts)
    if len({*texts}) >= len(language.examples(files, intent)):
        raise Cannot("last_one")


# ---- intents ----


def set_title(files: Repository, author: Author, summary: str, intent: str, title: str) -> str | None:
    """Let an intent be called otherwise: by the staff and, where the bot offers it, on shoppers' buttons.

    Raises:
        Cannot, Trouble (of the files): nothing was written.
    """
    title = words.visible(title)
    if not 0 < len(title) <= LONGEST_TITLE:
        raise Cannot("title", most=LONGEST_TITLE)
    with files.edit(author, summary) as draft:
        _known(draft, intent)
        if offered(draft, intent):
            text = draft.text(WORDING)
            draft.write(WORDING, yaml_edit.set_text(WORDING, text, ("readings", intent), title))
        else:
            language.set_title(draft, intent, title)
    return draft.commit


def new(files: Repository, author: Author, summary: str, wanted: NewIntent) -> str | None:
    """Make an intent, with its examples and the rule that answers it.

    Raises:
        Cannot, Trouble (of the files): nothing was written.
    """
    given = [*dict.fromkeys(sentence for text in wanted.examples if (sentence := fit(text)))]
    title, answer = words.visible(wanted.title), wanted.answer.strip()
    if not _NAME.fullmatch(wanted.name):
        raise Cannot("name")
    if not 0 < len(title) <= LONGEST_TITLE:
        raise Cannot("title", most=LONGEST_TITLE)
    if not 0 < len(given) <= AT_ONCE:
        raise Cannot("no_sentence" if not given else "too_many", text="", most=AT_ONCE)
    if not wanted.action and not 0 < len(answer) <= LONGEST_ANSWER:
        raise Cannot("no_answer", most=LONGEST_ANSWER)
    with files.edit(author, summary) as draft:
        known = entities(draft)
        for sentence in given:
            _check(sentence, known)
        action = wanted.action or f"utter_{wanted.name}"
        taken = {each.name for each in language.intents(draft)} | {*draft.files()}
        path = f"{RULES}/{wanted.name}.yml"
        if taken & {wanted.name, path, f"{language.NLU}/{wanted.name}.yml"}:
            raise Cannot("taken", name=wanted.name)
        if wanted.action and wanted.action not in doings.names(draft):
            raise Cannot("unknown", name=wanted.action)
        if not wanted.action and action in language.responses(draft):
            raise Cannot("taken", name=action)
        sentences = _sorted(draft, wanted.name, given)
        if sentences.elsewhere:
            called = titles(draft)
            raise Clashes(
                [Clash(text, at.intent, called.get(at.intent, at.intent)) for text, at in sentences.elsewhere]
            )
        language.add_intent(draft, wanted.name, sentences.written, title)
        if not wanted.action:
            language.set_response(draft, action, [answer])
        rule = yaml_edit.scalar(f"{wanted.name}: {title}")
        stories.add(draft, path, f"- rule: {rule}\n  steps:\n  - intent: {wanted.name}\n  - action: {action}")
    return draft.commit


def removal(files: Files, intent: str, code: Path = ROOT) -> Removal:
    """What keeps the intent from being removed; where nothing does, what goes with it.

    Args:
        code: where the actions lie.
    """
    used = uses(files, code)
    own = tuple(each for each in stories.told(files) if _about(each) == {intent})
    ruled = {(each.kind, each.name) for each in own}
    keeps = tuple(use for use in used.of("intent", intent) if (use.by, use.name) not in ruled)
    said = {
        str(step["action"])
        for told in own
        for step in told.steps
        if isinstance(step, dict) and "action" in step
    }
    responses = tuple(
        name
        for name in sorted(said)
        if name in language.responses(files)
        and all((use.by, use.name) in ruled for use in used.of("response", name))
    )
    return Removal(keeps, own, responses)


def drop(files: Repository, author: Author, summary: str, intent: str, code: Path = ROOT) -> str | None:
    """Remove an intent that nothing uses, with its examples, its own rules, and what only these say.

    Args:
        code: where the actions lie.

    Raises:
        Cannot, Trouble (of the files): nothing was written.
    """
    if intent in MADE_BY_ENGINE:
        raise Cannot("in_use", count=1)
    with files.edit(author, summary) as draft:
        _known(draft, intent)
        going = removal(draft, intent, code)
        if going.uses:
            raise Cannot("in_use", count=len(going.uses))
        for told in going.rules:
            stories.remove(draft, told.kind, told.name)
        for name in going.responses:
            language.remove_response(draft, name)
        _forget(draft, intent)
    return draft.commit


def _forget(draft: Draft, intent: str) -> None:
    """Take an intent's examples, its names and its entry in domain.yml out of the files."""
    for path in {each.path for each in language.examples(draft, intent)}:
        while (number := _number(yaml_edit.value(path, draft.text(path), ("nlu",)), intent)) is not None:
            draft.write(path, yaml_edit.remove_item(path, draft.text(path), ("nlu", number)))
        left = yaml_edit.value(path, draft.text(path))
        if not any(isinstance(left.get(name), list | dict) for name in ("nlu", "responses")):
            draft.remove(path)
    for path, section in ((language.TITLES, "titles"), (WORDING, "readings")):
        named = _content(draft, path).get(section)
        if isinstance(named, dict) and intent in named:
            draft.write(path, yaml_edit.remove_item(path, draft.text(path), (section, intent)))
    domain = draft.text(language.DOMAIN)
    listed = yaml_edit.value(language.DOMAIN, domain, ("intents",))
    names = [next(iter(each), "") if isinstance(each, dict) else each for each in listed]
    way = ("intents", names.index(intent))
    draft.write(language.DOMAIN, yaml_edit.remove_item(language.DOMAIN, domain, way))


def _number(blocks: Any, intent: str) -> int | None:
    for number, block in enumerate(blocks if isinstance(blocks, list) else ()):
        if isinstance(block, dict) and block.get("intent") == intent:
            return number
    return None


def _about(told: Told) -> set[str]:
    """The intents that a rule or a story has."""
    steps = [step for step in told.steps if isinstance(step, dict)]
    steps += [each for step in steps for each in step.get("or") or () if isinstance(each, dict)]
    return {str(step["intent"]).partition("/")[0] for step in steps if "intent" in step}


def _readings(files: Files) -> dict[Any, Any]:
    named = _content(files, WORDING).get("readings")
    return named if isinstance(named, dict) else {}


def _content(files: Files, path: str) -> dict[Any, Any]:
    try:
        return mapping(parse(path, files.text(path)), path) if path in files.files() else {}
    except Unreadable:
        return {}

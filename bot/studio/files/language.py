"""The bot's language data, read from and written into its files: intents, examples, FAQ topics, answers.

Readers take a snapshot or a draft. Writers take a draft, change the lines they must, and leave all others.
An example is one line; entities are marked as Rasa does: ``[7号](date)``, ``[7号]{"entity": "date"}``.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from bot import data_check, validity
from bot.data_faults import Fault
from bot.data_files import Unreadable, entries, line_of, lines, mapping, parse

from . import yaml_edit
from .snapshot import Draft, Files
from .troubles import Refused

NLU, FAQ, DOMAIN, TITLES = "data/nlu", "data/nlu/faq", "domain.yml", "data/intents.yml"
LONGEST = 1000
"""Characters of an example."""
HEAD = 'version: "3.1"\n'
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Example:
    """One line of training data."""

    intent: str
    """With its topic where it has one: ``faq/return_days``."""
    text: str
    """As written, with its annotations."""
    plain: str
    """As the shopper would write it."""
    path: str
    line: int
    """From 1."""


@dataclass(frozen=True)
class Intent:
    """An intent of domain.yml."""

    name: str
    examples: int
    line: int
    """In domain.yml, from 1."""


@dataclass(frozen=True)
class Variation:
    """One text of a response; which of several is said: see bot/validity.py."""

    text: str
    channel: str = ""
    """The one channel it is for; empty: all."""
    since: date | None = None
    """The first day it may be said, in the shop; None: at once."""
    until: date | None = None
    """The last day it may be said; None: without end."""


@dataclass(frozen=True)
class Response:
    """What the bot says under one name."""

    name: str
    variations: tuple[Variation, ...]
    path: str
    line: int


@dataclass(frozen=True)
class Topic:
    """A question with a written answer."""

    name: str
    """``faq/return_days``"""
    intent: str
    """As which intent it counts."""
    questions: tuple[Example, ...]
    answers: tuple[Variation, ...]
    path: str
    line: int
    answer_path: str
    answer_line: int


# ---- reading ----


def examples(files: Files, intent: str | None = None) -> list[Example]:
    """All lines of training data in the order of the files, or those of one intent or topic."""
    found = (each for path in _nlu(files) for each in _examples(path, files.text(path)))
    return [each for each in found if intent in (None, each.intent)]


def intents(files: Files) -> list[Intent]:
    """The intents of domain.yml in their order, each with its number of examples, topics not counted."""
    counted: dict[str, int] = {}
    for each in examples(files):
        counted[each.intent] = counted.get(each.intent, 0) + 1
    return [
        Intent(each.name, counted.get(each.name, 0), int(each.place.rpartition(":")[2]))
        for each in entries(_read(DOMAIN, files.text(DOMAIN)), "intents", DOMAIN)
    ]


def topics(files: Files) -> list[Topic]:
    """All FAQ topics in the order of the files."""
    said = responses(files)
    nothing = Response("", (), "", 0)
    found = []
    for path in _nlu(files):
        asked: dict[str, list[Example]] = {}
        for each in _examples(path, files.text(path)):
            asked.setdefault(each.intent, []).append(each)
        for name, counts_as, line in _topic_blocks(path, files.text(path)):
            answer = said.get(f"utter_{name}", nothing)
            found.append(
                Topic(
                    *(name, counts_as, tuple(asked.get(name, ())), answer.variations),
                    *(path, line, answer.path, answer.line),
                )
            )
    return found


def responses(files: Files) -> dict[str, Response]:
    """What the bot says, by name, in domain.yml and beside the questions."""
    found: dict[str, Response] = {}
    for path in [DOMAIN, *_nlu(files)]:
        for each in _responses(path, files.text(path)):
            found.setdefault(each.name, each)
    return found


def _nlu(files: Files) -> list[str]:
    return [p for p in files.files(NLU) if p.endswith(".yml") and "/lexicon/" not in p]


def _read(path: str, text: str) -> dict[Any, Any]:
    """The file's content; nothing where it cannot be read: what waits to be mended hides nothing else."""
    try:
        return mapping(parse(path, text), path)
    except Unreadable:
        return {}


@lru_cache(maxsize=512)
def _examples(path: str, text: str) -> tuple[Example, ...]:
    try:
        return tuple(_each_example(path, _read(path, text)))
    except Unreadable:
        return ()


def _each_example(path: str, content: dict[Any, Any]) -> Iterator[Example]:
    for block in entries(content, "nlu", path):
        if isinstance(block.value, dict) and "intent" in block.value:
            for line, place in lines(block.value, "examples", block.place):
                raw = line.removeprefix("-").strip()
                number = int(place.rpartition(":")[2])
                yield Example(str(block.value["intent"]), raw, data_check.plain(raw), path, number)


@lru_cache(maxsize=512)
def _topic_blocks(path: str, text: str) -> tuple[tuple[str, str, int], ...]:
    found = []
    for block in entries(_read(path, text), "nlu", path):
        if isinstance(block.value, dict) and "/" in str(block.value.get("intent", "")):
            metadata = block.value.get("metadata")
            counts_as = metadata.get("intent") if isinstance(metadata, dict) else None
            line = int(block.place.rpartition(":")[2])
            found.append((str(block.value["intent"]), str(counts_as or ""), line))
    return tuple(found)


@lru_cache(maxsize=512)
def _responses(path: str, text: str) -> tuple[Response, ...]:
    content = _read(path, text).get("responses")
    found = []
    for name, variations in (content if isinstance(content, dict) else {}).items():
        given = (
            [each for each in variations if isinstance(each, dict)] if isinstance(variations, list) else []
        )
        found.append(Response(str(name), tuple(map(_told, given)), path, line_of(content, name)))
    return tuple(found)


def _told(variation: dict[Any, Any]) -> Variation:
    try:
        since, until = validity.days(variation)
    except validity.WrongDays:
        # The data check tells of it.
        since = until = None
    return Variation(str(variation.get("text", "")), str(variation.get("channel") or ""), since, until)


# ---- examples ----


def as_line(text: str) -> str:
    """A message as an example can hold it: its line breaks and runs of spaces become one space."""
    return " ".join(text.split())


def annotated(plain: str, marks: Sequence[tuple[int, int, str, str | None]] = ()) -> str:
    """An example as it is written, from what a shopper wrote and the entities in it.

    Args:
        marks: start, end, entity, and the value it stands for if that is not the text itself.

    Raises:
        Refused: the marks overlap or mark nothing, or the text has brackets that would read as a mark.
    """
    at, parts = 0, []
    for start, end, entity, meant in sorted(marks):
        marked = plain[start:end]
        if start < at or not marked.strip() or end > len(plain) or set("[]") & set(marked):
            raise Refused([Fault("marks_overlap")])
        if not _NAME.fullmatch(entity) or set("()\n") & set(meant or ""):
            raise Refused([Fault("mark_wrong", entity=entity, meant=meant)])
        parts += [plain[at:start], f"[{marked}]({entity}:{meant})" if meant else f"[{marked}]({entity})"]
        at = end
    written = "".join([*parts, plain[at:]])
    if data_check.plain(written) != plain:
        raise Refused([Fault("brackets", text=plain[:80])])
    return written


def add_example(draft: Draft, intent: str, text: str) -> None:
    """Add an example to an intent or a topic, as the last; ``text`` as it is to be written.

    Raises:
        Refused: there is no such intent in the files, it has this example already, or it is no line.
    """
    add_examples(draft, intent, [text])


def add_examples(draft: Draft, intent: str, texts: Sequence[str]) -> None:
    """Add several examples to an intent or a topic, all or none, as the last; each as it is to be written.

    Raises:
        Refused: there is no such intent in the files, or some are no lines or its examples already; all of
            these are named.
    """
    there = {each.text for each in examples(draft, intent)}
    fresh, wrong = dict[str, None](), []
    for each in texts:
        try:
            text = _line(each)
        except Refused as refused:
            wrong += refused.problems
            continue
        if text in there or text in fresh:
            wrong.append(Fault("example_there", text=text[:80], intent=intent))
        fresh[text] = None
    if wrong:
        raise Refused(wrong)
    path, keys = _block(draft, intent)
    if fresh:
        added = "\n".join(f"- {each}" for each in fresh)
        _change(draft, path, yaml_edit.add_line, (*keys, "examples"), added)


def remove_example(draft: Draft, intent: str, text: str) -> None:
    """Remove an example, given as it is written, from an intent or a topic.

    Raises:
        Refused: it is not there.
    """
    _replace(draft, intent, text, None)


def replace_example(draft: Draft, intent: str, text: str, new: str) -> None:
    """Let an example of an intent or a topic, given as it is written, be another.

    Raises:
        Refused: it is not there, or the new one is no line, or an example already.
    """
    new = _line(new)
    if new != text.strip() and any(each.text == new for each in examples(draft, intent)):
        raise Refused([Fault("example_there", text=new[:80], intent=intent)])
    _replace(draft, intent, text, f"- {new}")


def move_example(draft: Draft, text: str, intent: str, to: str) -> None:
    """Move an example, given as it is written, to another intent or topic.

    Raises:
        Refused: it is not there, or already there too, or there is no such intent.
    """
    remove_example(draft, intent, text)
    add_example(draft, to, text)


def replace_examples(draft: Draft, intent: str, given: Mapping[str, str | None]) -> None:
    """Let several examples of an intent or a topic be others; as quick for many as for one.

    Args:
        given: by an example as it is written, what it is to be; None: it goes.

    Raises:
        Refused: one is not there, or what it is to be is no line or an example already, or none is left.
    """
    left = {old: None if new is None else _line(new) for old, new in given.items()}
    there = {each.text for each in examples(draft, intent)} - left.keys()
    for each in filter(None, left.values()):
        if each in there:
            raise Refused([Fault("example_there", text=each[:80], intent=intent)])
        there.add(each)
    for path, keys in _blocks(draft, "intent", intent):
        written = str(yaml_edit.value(path, draft.text(path), (*keys, "examples")))
        lines = list[str]()
        for line in written.split("\n"):
            text = line.removeprefix("-").strip()
            if not line.startswith("-") or text not in left:
                lines.append(line)
            elif (new := left.pop(text)) is not None:
                lines.append(f"- {new}")
        if not any(lines):
            raise Refused([Fault("needs_example", intent=intent)])
        _change(draft, path, yaml_edit.set_text, (*keys, "examples"), "\n".join(lines))
    for text in left:
        raise Refused([Fault("example_gone", text=text[:80], intent=intent)])


def _replace(draft: Draft, intent: str, text: str, new: str | None) -> None:
    for path, keys in _blocks(draft, "intent", intent):
        written = yaml_edit.value(path, draft.text(path), (*keys, "examples"))
        for number, line in enumerate(written.split("\n") if isinstance(written, str) else ()):
            if line.startswith("-") and line.removeprefix("-").strip() == text.strip():
                _change(draft, path, yaml_edit.replace_line, (*keys, "examples"), number, new)
                return
    raise Refused([Fault("example_gone", text=text[:80], intent=intent)])


def _line(text: str) -> str:
    text = text.strip()
    if not text or len(text.splitlines()) > 1 or not is_typed(text):
        raise Refused([Fault("example_line")])
    if len(text) > LONGEST:
        raise Refused([Fault("example_long", most=LONGEST)])
    return text


def is_typed(text: str) -> bool:
    """Whether people type such a text: it has no control characters."""
    return all(sign.isprintable() or _joins(sign) for sign in text)


def _joins(sign: str) -> bool:
    """Whether a sign that is not printed belongs into texts: tabs, spaces of any width, joiners in emoji."""
    return sign in "\t\u3000\u00a0\u200d\u200b\u200c\ufe0f" or sign.isspace()


# ---- topics and answers ----


def add_topic(
    draft: Draft,
    path: str,
    topic: str,
    intent: str,
    questions: Sequence[str],
    answers: Sequence[str | Variation],
) -> None:
    """Add a FAQ topic to a file of data/nlu/faq, which is made if it is not there.

    Args:
        topic: its name, ``faq/return_days``.
        intent: as which intent it counts.
        questions: the first names the topic.

    Raises:
        Refused: the name is taken or cannot be one, or there is no question or answer.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*/[a-z0-9_]+", topic):
        raise Refused([Fault("topic_name", topic=topic)])
    if not re.fullmatch(rf"{FAQ}/[\w-]+\.yml", path):
        raise Refused([Fault("no_faq_file", path=path, folder=FAQ)])
    if any(each.name == topic for each in topics(draft)):
        raise Refused([Fault("topic_there", topic=topic)])
    if not questions or not answers:
        raise Refused([Fault("topic_needs", topic=topic)])
    block = [f"- intent: {topic}", "  metadata:", f"    intent: {yaml_edit.scalar(intent)}", "  examples: |"]
    block += [f"    - {_line(each)}" for each in questions]
    if path not in draft.files():
        draft.write(path, HEAD)
    _change(draft, path, yaml_edit.add_item, ("nlu",), "\n".join(block))
    set_response(draft, f"utter_{topic}", answers, path)


def remove_topic(draft: Draft, topic: str) -> None:
    """Remove a FAQ topic with its questions and its answer; its file too where it was the last.

    Raises:
        Refused: there is no such topic.
    """
    found = [each for each in topics(draft) if each.name == topic]
    if not found:
        raise Refused([Fault("topic_gone", topic=topic)])
    for path, keys in reversed(_blocks(draft, "intent", topic)):
        _change(draft, path, yaml_edit.remove_item, keys)
    if found[0].answer_path:
        remove_response(draft, f"utter_{topic}")
    content = yaml_edit.value(found[0].path, draft.text(found[0].path))
    if not any(isinstance(content.get(name), list | dict) for name in ("nlu", "responses")):
        draft.remove(found[0].path)


def set_answer(draft: Draft, topic: str, answers: str | Sequence[str | Variation]) -> None:
    """Let a topic's answer be ``answers``; what else stands beside a text, as buttons, stays with it.

    Raises:
        Refused: there is no such topic, or no text.
    """
    found = next((each for each in topics(draft) if each.name == topic), None)
    if found is None:
        raise Refused([Fault("topic_gone", topic=topic)])
    set_response(draft, f"utter_{topic}", [answers] if isinstance(answers, str) else answers, found.path)


def set_topic_intent(draft: Draft, topic: str, intent: str) -> None:
    """Let a topic count as another intent.

    Raises:
        Refused: there is no such topic.
    """
    path, keys = _block(draft, topic)
    _change(draft, path, yaml_edit.set_text, (*keys, "metadata", "intent"), intent)


def set_response(draft: Draft, name: str, variations: Sequence[str | Variation], path: str = DOMAIN) -> None:
    """Let the bot say one of ``variations`` under ``name``, in order; a new response is written to ``path``.

    Raises:
        Refused: there is no text in one of them, or its last day is before its first.
    """
    wanted = [Variation(each) if isinstance(each, str) else each for each in variations]
    if not wanted or not all(each.text.strip() for each in wanted):
        raise Refused([Fault("response_needs", name=name)])
    if not all(is_typed(each.text) for each in wanted):
        raise Refused([Fault("response_control", name=name)])
    for each in wanted:
        if each.since and each.until and each.until < each.since:
            raise Refused([Fault("response_reversed", name=name, until=each.until, since=each.since)])
    there = responses(draft).get(name)
    if there is None:
        item = "\n".join([f"{yaml_edit.scalar(name)}:", *(_variation(each) for each in wanted)])
        _change(draft, path, yaml_edit.add_item, ("responses",), item)
        return
    path = there.path
    for number, (old, new) in enumerate(zip(there.variations, wanted, strict=False)):
        keys = ("responses", name, number)
        if old.text.rstrip("\n") != new.text.rstrip("\n"):
            _change(draft, path, yaml_edit.set_text, (*keys, "text"), new.text)
        if old.channel != new.channel:
            if new.channel:
                _change(draft, path, yaml_edit.set_text, (*keys, "channel"), new.channel)
            else:
                _change(draft, path, yaml_edit.remove_item, (*keys, "channel"))
        if (old.since, old.until) != (new.since, new.until):
            _set_days(draft, path, keys, new)
    for number in range(len(there.variations) - 1, len(wanted) - 1, -1):
        _change(draft, path, yaml_edit.remove_item, ("responses", name, number))
    for each in wanted[len(there.variations) :]:
        _change(draft, path, yaml_edit.add_item, ("responses", name), _variation(each), False)


def remove_response(draft: Draft, name: str) -> None:
    """Remove what the bot says under ``name``.

    Raises:
        Refused: there is no such response.
    """
    there = responses(draft).get(name)
    if there is None:
        raise Refused([Fault("response_gone", name=name)])
    _change(draft, there.path, yaml_edit.remove_item, ("responses", name))


def _variation(given: Variation) -> str:
    channel = f"\n  channel: {yaml_edit.scalar(given.channel)}" if given.channel else ""
    days = f"\n  {_metadata(given)}" if given.since or given.until else ""
    return f"- text: {yaml_edit.scalar(given.text)}{channel}{days}"


def _metadata(given: Variation) -> str:
    return (
        f"{validity.METADATA}: {{{', '.join(f'{name}: {day}' for name, day in _days(given).items() if day)}}}"
    )


def _days(given: Variation) -> dict[str, date | None]:
    return {validity.SINCE: given.since, validity.UNTIL: given.until}


def _set_days(draft: Draft, path: str, variation: tuple[str | int, ...], new: Variation) -> None:
    """Write the days of a variation that is there; what else its metadata says stays."""
    keys = (*variation, validity.METADATA)
    there = yaml_edit.value(path, draft.text(path), keys)
    if not isinstance(there, dict):
        _change(draft, path, yaml_edit.add_item, variation, _metadata(new))
        return
    wanted = _days(new)
    if not any(wanted.values()) and set(there) <= set(wanted):
        _change(draft, path, yaml_edit.remove_item, keys)
        return
    for name, day in wanted.items():
        if day:
            _change(draft, path, yaml_edit.set_text, (*keys, name), day.isoformat(), False)
        elif name in there:
            _change(draft, path, yaml_edit.remove_item, (*keys, name))


# ---- intents, synonyms ----


def add_intent(draft: Draft, name: str, given: Sequence[str], title: str = "") -> None:
    """Add an intent to domain.yml, its examples to ``data/nlu/NAME.yml`` and its title for the staff's pages.

    A rule or a story that uses it must be added in the same draft.

    Raises:
        Refused: the name is taken or cannot be one, or there is no example.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise Refused([Fault("intent_name", name=name)])
    if any(each.name == name for each in intents(draft)) or f"{NLU}/{name}.yml" in draft.files():
        raise Refused([Fault("intent_there", name=name)])
    if not given:
        raise Refused([Fault("intent_needs", name=name)])
    _change(draft, DOMAIN, yaml_edit.add_item, ("intents",), f"- {name}: {{use_entities: []}}")
    block = [f"- intent: {name}", "  examples: |", *(f"    - {_line(each)}" for each in given)]
    draft.write(f"{NLU}/{name}.yml", HEAD + "nlu:\n" + "\n".join(block) + "\n")
    if title:
        set_title(draft, name, title)


def set_title(draft: Draft, intent: str, title: str) -> None:
    """Let an intent be called ``title`` on the staff's pages."""
    _change(draft, TITLES, yaml_edit.set_text, ("titles", intent), title)


def synonyms(files: Files) -> dict[str, tuple[str, ...]]:
    """What shoppers write for each value of an entity."""
    found: dict[str, tuple[str, ...]] = {}
    for path in _nlu(files):
        for block in entries(_read(path, files.text(path)), "nlu", path):
            if isinstance(block.value, dict) and "synonym" in block.value:
                written = [line.removeprefix("-").strip() for line, _ in lines(block.value, "examples", path)]
                meant = str(block.value["synonym"])
                found[meant] = (*found.get(meant, ()), *written)
    return found


def add_synonym(draft: Draft, meant: str, written: str, path: str = f"{NLU}/inform.yml") -> None:
    """Let ``written`` stand for the entity's value ``meant``; a new value's block is written to ``path``.

    Raises:
        Refused: it is there already, or cannot be written.
    """
    if written in synonyms(draft).get(meant, ()):
        raise Refused([Fault("stands_already", written=written, meant=meant)])
    there = _blocks(draft, "synonym", meant)
    if there:
        _change(draft, there[0][0], yaml_edit.add_line, (*there[0][1], "examples"), f"- {_line(written)}")
    else:
        item = f"- synonym: {yaml_edit.scalar(meant)}\n  examples: |\n    - {_line(written)}"
        _change(draft, path, yaml_edit.add_item, ("nlu",), item)


def remove_synonym(draft: Draft, meant: str, written: str) -> None:
    """Let ``written`` no longer stand for ``meant``; with the last one, its block goes.

    Raises:
        Refused: it is not there.
    """
    for path, keys in _blocks(draft, "synonym", meant):
        text = str(yaml_edit.value(path, draft.text(path), (*keys, "examples")))
        given = [line.removeprefix("-").strip() for line in text.split("\n")]
        if written in given:
            if len([each for each in given if each]) == 1:
                _change(draft, path, yaml_edit.remove_item, keys)
            else:
                number = given.index(written)
                _change(draft, path, yaml_edit.replace_line, (*keys, "examples"), number, None)
            return
    raise Refused([Fault("stands_not", written=written, meant=meant)])


# ---- places ----


def _change(draft: Draft, path: str, how: Any, *given: Any) -> None:
    draft.write(path, how(path, draft.text(path), *given))


def _blocks(draft: Draft, kind: str, name: str) -> list[tuple[str, tuple[str, int]]]:
    """Where the data of an intent, a topic or a synonym stands: file, and way to the block."""
    found = []
    for path in _nlu(draft):
        blocks = _read(path, draft.text(path)).get("nlu")
        for number, block in enumerate(blocks if isinstance(blocks, list) else ()):
            if isinstance(block, dict) and block.get(kind) == name:
                found.append((path, ("nlu", number)))
    return found


def _block(draft: Draft, name: str) -> tuple[str, tuple[str, int]]:
    found = _blocks(draft, "intent", name)
    if not found:
        raise Refused([Fault("no_intent", name=name, folder=NLU)])
    return found[0]

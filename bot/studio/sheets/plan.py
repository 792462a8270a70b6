"""What a sheet would change in the files: all problems first, then the changes; and making them.

A sheet that says from which commit it was made is compared with the files of that commit. What others have
changed since stays, and where both have changed the same, the row is named.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher

from rapidfuzz.fuzz import ratio

from bot.data_check import folded, plain
from bot.data_files import Unreadable, entries, mapping, parse
from bot.studio.files import Author, Draft, Refused, Repository, Snapshot, language, lexicon, near
from bot.studio.files.language import Example, Topic, Variation, as_line
from bot.studio.knowledge.topics import intents

from .columns import CHANNELS, Column, area, normal, short
from .reading import Fault, Table, read
from .topics import LABELS, Given, Line, gathered

LONGEST_ANSWER = 2000
"""Characters."""
PAIRED = 1000
"""Questions of a topic among which a reworded one is recognised."""
NEAREST = 3
"""Intents that are named where one is not known."""
COMPARED = 1000
"""New questions that are compared with what is nearly the same."""

_TOPIC = re.compile(r"faq/[a-z][a-z0-9_]*")
_AREA = re.compile(r"[\w-]{1,40}")
_FILLED = re.compile(r"{(.*?)}")
_MARK = re.compile(r"\[[^\]]+\](?:\((?P<entity>[^:)]+)(?::[^)]+)?\)|(?P<settings>\{[^}]*\}))")


@dataclass(frozen=True)
class Options:
    """What may go: without these, what the sheet lacks stays."""

    questions: bool = False
    topics: bool = False


@dataclass(frozen=True)
class Reworded:
    """A question that is put in the place of another."""

    row: int
    old: str
    """As the file has it."""
    new: str


@dataclass(frozen=True)
class Warned:
    """What an admin should look at; it keeps nothing from being written. Its sentence is ``warning_WHY``."""

    row: int | None
    column: Column | None
    why: str
    values: dict[str, object]


@dataclass
class Change:
    """What becomes of one topic."""

    name: str
    title: str
    """Its first question."""
    area: str
    paths: tuple[str, ...]
    """The files that it lies in."""
    row: int
    new: bool = False
    intent: tuple[str, str] | None = None
    """What it counts as now, and then."""
    answers: tuple[tuple[Variation, ...], tuple[Variation, ...]] | None = None
    added: list[Line] = field(default_factory=list)
    reworded: list[Reworded] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """Questions that go to another topic, as the file has them."""
    removed: list[str] = field(default_factory=list)
    """Questions that go, as the file has them."""
    lacking: list[str] = field(default_factory=list)
    """Questions that the sheet lacks and that stay."""

    def __bool__(self) -> bool:
        return bool(self.intent or self.answers or self.added or self.reworded or self.left or self.removed)


@dataclass
class Plan:
    """What a sheet would change, or why it cannot."""

    at: str
    """The commit that it was compared with."""
    options: Options
    made_from: str | None = None
    """The commit that the sheet was made from, where that is known."""
    unread: list[str] = field(default_factory=list)
    """Headings of columns that mean nothing here."""
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    """Of topics that are new or become another."""
    lacking: int = 0
    """Questions that the sheet lacks and that stay."""
    gone: list[Topic] = field(default_factory=list)
    """Topics that the sheet lacks; they go if that was asked for."""

    @property
    def empty(self) -> bool:
        """Whether nothing would change."""
        return not (self.changes or (self.gone and self.options.topics))

    @property
    def counts(self) -> dict[str, int]:
        """How much would change, by kind."""
        there = [each for each in self.changes if not each.new]
        return {
            "new": len(self.changes) - len(there),
            "answers": sum(each.answers is not None for each in there),
            "intents": sum(each.intent is not None for each in there),
            "added": sum(not line.moved_from for each in there for line in each.added),
            "moved": sum(bool(line.moved_from) for each in self.changes for line in each.added),
            "reworded": sum(len(each.reworded) for each in there),
            "removed": sum(len(each.removed) for each in there),
            "gone": len(self.gone) if self.options.topics else 0,
        }


def compared(
    repository: Repository, content: bytes, name: str, options: Options, at: str | None = None
) -> Plan:
    """What the sheet in a file would change.

    Args:
        name: the file's.
        at: the commit to compare with; None: the files as they are.

    Raises:
        Trouble: the files cannot be read.
    """
    files = repository.at(at) if at else repository.look()
    table, base = read(content, name), None
    if table.made_from:
        # It may have been made elsewhere.
        with suppress(Refused):
            base = repository.at(table.made_from)
    return planned(files, table, options, base)


def make(repository: Repository, author: Author, summary: str, plan: Plan) -> str | None:
    """Make the changes of a plan without faults, as one commit.

    Returns:
        The commit; None where there was nothing to change.

    Raises:
        Conflict: somebody has changed the same since.
        Refused, CannotWrite: the files do not let it be made.
    """
    files = repository.at(plan.at)
    gone = plan.gone if plan.options.topics else []
    paths = {path for change in plan.changes for path in change.paths}
    paths |= {path for topic in gone for path in (topic.path, topic.answer_path) if path}
    with repository.edit(author, summary, {path: files.version(path) for path in paths}) as draft:
        put(draft, plan)
    return draft.commit


def planned(files: Snapshot, table: Table, options: Options, base: Snapshot | None = None) -> Plan:
    """What the sheet would change in ``files``.

    Args:
        base: the files that it was made from; None: not known.
    """
    plan = Plan(files.commit, options, base.commit if base else None, table.unread, list(table.faults))
    if not table.columns:
        return plan
    now = {each.name: each for each in language.topics(files)}
    before = {each.name: each for each in language.topics(base)} if base else now
    used = {each.channel for response in language.responses(files).values() for each in response.variations}
    given, faults = gathered(table.rows, {*CHANNELS, *used} - {""})
    plan.faults += faults
    if not given and not plan.faults:
        plan.faults.append(Fault(None, None, "no_rows"))
    rules = _Rules(files)
    found: dict[str, Change] = {}
    for name, each in given.items():
        if name in now:
            plan.faults += rules.labels(each, now[name])
            # What is in both, though the sheet was made before, was added by hand in both.
            found[name] = _change(plan, each, before.get(name, now[name]), now[name])
        elif name in before:
            if _differs(each, before[name]):
                plan.faults.append(Fault(each.row, "topic", "gone_meanwhile", {"topic": short(name)}))
        else:
            plan.faults += rules.labels(each, None)
            plan.faults += rules.of_new(each)
            found[name] = _new(each)
    plan.gone = [now[name] for name in before if name in now and name not in given]
    # What somebody has changed since is still wanted.
    kept = [each for each in plan.gone if base and _said(each) != _said(before[each.name])]
    plan.gone = [each for each in plan.gone if each not in kept]
    _move(found)
    for name, change in found.items():
        plan.faults += rules.of_texts(given[name], change)
        if options.questions:
            change.removed, change.lacking = change.lacking, []
        plan.lacking += len(change.lacking)
    plan.changes = [each for each in found.values() if each]
    gone = {each.name for each in plan.gone} if options.topics else set[str]()
    stays = _staying(files, found, gone)
    plan.faults += _taken(found, stays)
    plan.faults = _by_place(plan.faults)
    plan.warnings += [
        Warned(each.row, "area", "new_area", {"area": each.area})
        for each in plan.changes
        if each.new and not any(topic.path in each.paths for topic in now.values())
    ]
    for change in plan.changes:
        said = change.answers[1] if change.answers else ()
        if said and all(answer.channel or answer.since or answer.until for answer in said):
            plan.warnings.append(Warned(change.row, "answer", "not_always", {}))
    if not plan.faults:
        plan.warnings += _nearly(files, plan.changes, stays)
    plan.warnings.sort(key=lambda warned: warned.row or 0)
    return plan


def put(draft: Draft, plan: Plan) -> None:
    """Make the changes of a plan without faults.

    Raises:
        Refused: the files do not let it be made any more.
    """
    for change in plan.changes:
        texts = [line.text for line in change.added]
        if change.new:
            answers = change.answers[1] if change.answers else ()
            intent = change.intent[1] if change.intent else ""
            language.add_topic(draft, change.paths[0], change.name, intent, texts, answers)
            continue
        # First what comes, so that no topic is without questions in between.
        language.add_examples(draft, change.name, texts)
        replaced: dict[str, str | None] = {each.old: each.new for each in change.reworded}
        replaced |= dict.fromkeys((*change.left, *change.removed))
        if replaced:
            language.replace_examples(draft, change.name, replaced)
        if change.answers:
            language.set_answer(draft, change.name, change.answers[1])
        if change.intent:
            language.set_topic_intent(draft, change.name, change.intent[1])
    for topic in plan.gone if plan.options.topics else ():
        language.remove_topic(draft, topic.name)


def _by_place(faults: Sequence[Fault]) -> list[Fault]:
    """The faults in the order of the rows, those of one cell as one."""
    places: dict[object, Fault] = {}
    for number, each in enumerate(faults):
        # What is wrong with the file or a row may be many things.
        place = (each.row, each.column) if each.column else number
        first = places.get(place)
        places[place] = replace(first, more=(*first.more, each)) if first else each
    return sorted(places.values(), key=lambda fault: fault.row or 0)


# ---- one topic ----


def _new(given: Given) -> Change:
    name = given.area[1] if given.area else ""
    return Change(
        given.name,
        next(iter(given.questions), short(given.name)),
        *(name, (f"{language.FAQ}/{name}.yml",), given.row, True),
        intent=("", given.intent[1] if given.intent else ""),
        answers=((), tuple(each.variation for each in given.answers)),
        added=list(given.questions.values()),
    )


def _change(plan: Plan, given: Given, before: Topic, now: Topic) -> Change:
    """What becomes of a topic that is there."""
    title = now.questions[0].plain if now.questions else short(now.name)
    paths = tuple({now.path, now.answer_path or now.path})
    change = Change(now.name, title, area(now), paths, given.row)
    if given.intent and given.intent[1] not in (before.intent, now.intent):
        if now.intent != before.intent:
            plan.faults.append(Fault(given.intent[0], "intent", "meanwhile", {"now": now.intent}))
        change.intent = (now.intent, given.intent[1])
    wanted = [each.variation for each in given.answers]
    if wanted and _same(wanted) not in (_same(before.answers), _same(now.answers)):
        if _same(now.answers) != _same(before.answers):
            told = now.answers[0].text[:80] if now.answers else ""
            plan.faults.append(Fault(given.answers[0].row, "answer", "meanwhile", {"now": told}))
        # What is there already stays as it is written.
        written = {_plainly(each): each for each in reversed(now.answers)}
        change.answers = (now.answers, tuple(written.get(_plainly(each), each) for each in wanted))
    if given.questions:
        _questions(change, given, before, now, plan.made_from is not None)
    return change


def _questions(change: Change, given: Given, before: Topic, now: Topic, whole: bool) -> None:
    """What becomes of a topic's questions.

    Args:
        whole: whether the sheet began with all questions of ``before``; else who left some out meant nothing.
    """
    had, has = (
        list(dict.fromkeys(as_line(each.text) for each in topic.questions)) for topic in (before, now)
    )
    written = {as_line(each.text): each.text for each in reversed(now.questions)}
    there = set(has)
    pairs = _reworded(had, list(given.questions)) if whole else {}
    for old, new in pairs.items():
        if old not in there:
            continue
        if new in there:
            change.lacking.append(written[old])
        else:
            change.reworded.append(Reworded(given.questions[new].row, written[old], new))
            there.add(new)
    taken, known = {each.new for each in change.reworded}, {*had, *there}
    change.added = [line for text, line in given.questions.items() if text not in known | taken]
    gone = [text for text in had if text not in given.questions and text not in pairs]
    change.lacking += [written[text] for text in gone if text in there]


def _reworded(had: Sequence[str], has: Sequence[str]) -> dict[str, str]:
    """Which questions stand where others stood; more may have been put in behind them."""
    if max(len(had), len(has)) > PAIRED:
        return {}
    pairs: dict[str, str] = {}
    for kind, first, last, start, end in SequenceMatcher(None, had, has, autojunk=False).get_opcodes():
        if kind == "replace" and last - first <= end - start:
            pairs |= dict(zip(had[first:last], has[start:end], strict=False))
    kept, known = set(had), set(has)
    return {old: new for old, new in pairs.items() if old not in known and new not in kept}


def _differs(given: Given, topic: Topic) -> bool:
    return bool(
        set(given.questions) - {as_line(each.text) for each in topic.questions}
        or (given.answers and _same([each.variation for each in given.answers]) != _same(topic.answers))
    )


def _said(topic: Topic) -> object:
    return {each.text for each in topic.questions}, topic.answers


def _same(answers: Sequence[Variation]) -> list[str]:
    """What answers come to, in whatever order."""
    return sorted(repr(_plainly(each)) for each in answers)


def _plainly(answer: Variation) -> Variation:
    return replace(answer, text=normal(answer.text))


# ---- all topics together ----


def _move(found: Mapping[str, Change]) -> None:
    """Let a question that one topic lacks and another has anew leave the one for the other."""
    lacking = {folded(plain(text)): (change, text) for change in found.values() for text in change.lacking}
    for change in found.values():
        for number, line in enumerate(change.added):
            source, text = lacking.pop(folded(plain(line.text)), (change, ""))
            if source is not change:
                source.lacking.remove(text)
                source.left.append(text)
                change.added[number] = replace(line, moved_from=source.name)


def _staying(files: Snapshot, found: Mapping[str, Change], gone: set[str]) -> dict[str, Example]:
    """What is taught and stays, by its text without signs."""
    goes = {
        (change.name, text)
        for change in found.values()
        for text in (*change.left, *change.removed, *(each.old for each in change.reworded))
    }
    return {
        folded(each.plain): each
        for each in language.examples(files)
        if each.intent not in gone and (each.intent, each.text) not in goes
    }


def _taken(found: Mapping[str, Change], stays: Mapping[str, Example]) -> Iterator[Fault]:
    """New questions that say the same as a sentence under another topic or intent: none could be learned."""
    fresh: dict[str, tuple[str, int]] = {}
    for change in found.values():
        lines = [(line.row, line.text) for line in change.added]
        for row, text in [*lines, *((each.row, each.new) for each in change.reworded)]:
            same = folded(plain(text))
            there, other = stays.get(same), fresh.setdefault(same, (change.name, row))
            if there and there.intent != change.name:
                at = {"text": there.plain[:80], "intent": short(there.intent)}
                yield Fault(row, "question", "same", {**at})
            elif other[0] != change.name:
                yield Fault(row, "question", "same_here", {"other": other[1], "topic": short(other[0])})


def _nearly(files: Snapshot, changes: Sequence[Change], stays: Mapping[str, Example]) -> Iterator[Warned]:
    fresh = [
        (change.name, row, text)
        for change in changes
        for row, text in (
            *((line.row, line.text) for line in change.added if not line.moved_from),
            *((each.row, each.new) for each in change.reworded),
        )
    ]
    for name, row, text in fresh[:COMPARED]:
        for other in near.conflicts(files, plain(text), name):
            example = other.example
            if other.elsewhere and not other.same and stays.get(folded(example.plain)) == example:
                at = {"text": example.plain[:80], "intent": short(example.intent)}
                yield Warned(row, "question", "near", {**at})
                break
    if len(fresh) > COMPARED:
        yield Warned(None, None, "not_compared", {"most": COMPARED})


def _listed(files: Snapshot, key: str) -> set[str]:
    """What domain.yml lists under ``key``."""
    try:
        domain = mapping(parse(language.DOMAIN, files.text(language.DOMAIN)), language.DOMAIN)
        return {each.name for each in entries(domain, key, language.DOMAIN)}
    except Unreadable:
        return set()


class _Rules:
    """What the files let a topic be; what is there already is not judged."""

    def __init__(self, files: Snapshot) -> None:
        self._intents = intents(files)
        self._named: dict[str, set[str]] = {}
        for name, title in self._intents.items():
            for called in (name, title, f"{title}（{name}）"):
                self._named.setdefault(folded(called), set()).add(name)
        self._filled = {*lexicon.policies(files), *_listed(files, "slots")}
        self._entities = _listed(files, "entities")

    def labels(self, given: Given, topic: Topic | None) -> Iterator[Fault]:
        """Find out area and intent of a topic; None: it is not there yet.

        What cannot be is told at its first cell, and is no reason to find fault with the others.
        """
        for column in LABELS:
            told, there = set[str](), list[tuple[int, str, str]]()
            for row, text in given.cells.get(column, ()):
                value = self._area(row, text, topic) if column == "area" else self._intent(row, text, topic)
                if not isinstance(value, Fault):
                    there.append((row, text, value))
                elif text not in told:
                    told.add(text)
                    yield value
            if told:
                given.wrong.add(column)
            if not there:
                continue
            # One cell that was changed is the odd one, whichever it is.
            most = Counter(value for _, _, value in there).most_common(1)[0][0]
            first, written = next((row, text) for row, text, value in there if value == most)
            setattr(given, column, (first, most))
            for row, _, value in there:
                if value != most:
                    yield Fault(row, column, "not_alike", {"other": first, "text": written[:40]})

    def of_new(self, given: Given) -> Iterator[Fault]:
        """Of a topic that is not there yet; its labels are known."""
        if not _TOPIC.fullmatch(given.name):
            yield Fault(given.row, "topic", "topic_name", {"name": short(given.name)[:40]})
        there: dict[Column, object] = {
            "area": given.area,
            "intent": given.intent,
            "question": given.questions,
            "answer": given.answers,
        }
        for column, found in there.items():
            if not found and column not in given.wrong:
                yield Fault(given.row, column, "new_needs")

    def of_texts(self, given: Given, change: Change) -> Iterator[Fault]:
        """Of the questions and answers that are new."""
        for line in change.added:
            if not line.moved_from:
                yield from self._of_question(line.row, line.text)
        for each in change.reworded:
            yield from self._of_question(each.row, each.new)
        if change.answers:
            had = {_plainly(each) for each in change.answers[0]}
            for said in given.answers:
                if said.variation not in had:
                    yield from self._of_answer(said.row, said.variation.text)

    def _area(self, row: int, text: str, topic: Topic | None) -> str | Fault:
        if topic and text != area(topic):
            return Fault(row, "area", "area_fixed", {"area": area(topic)})
        if not topic and not _AREA.fullmatch(text):
            return Fault(row, "area", "area_name", {"area": text[:40]})
        return text

    def _intent(self, row: int, text: str, topic: Topic | None) -> str | Fault:
        """The intent that has this name, or alone has this title."""
        if text in self._intents or (topic and text == topic.intent):
            return text
        found = self._named.get(folded(text), set())
        if len(found) == 1:
            return next(iter(found))
        if found:
            names = tuple(name for name in self._intents if name in found)
            return Fault(row, "intent", "intent_several", {"intent": text[:40], "names": names})
        near = sorted(
            self._intents.items(), key=lambda each: -max(ratio(text[:40], called) for called in each)
        )
        named = tuple(name if name == title else f"{title}（{name}）" for name, title in near[:NEAREST])
        return Fault(row, "intent", "intent", {"intent": text[:40], "near": named})

    def _of_question(self, row: int, text: str) -> Iterator[Fault]:
        bare = plain(text)
        if len(text) > language.LONGEST:
            yield Fault(row, "question", "too_long", {"most": language.LONGEST, "count": len(text)})
        if not language.is_typed(text):
            yield Fault(row, "question", "control")
        if not any(map(str.isalnum, bare)):
            yield Fault(row, "question", "no_words")
        marks = [self._entity(found) for found in _MARK.finditer(text)]
        if set("[]") & set(_MARK.sub("", text)) or None in marks:
            yield Fault(row, "question", "brackets")
        for entity in marks:
            if entity is not None and entity not in self._entities:
                yield Fault(row, "question", "entity", {"entity": entity[:40]})

    def _of_answer(self, row: int, text: str) -> Iterator[Fault]:
        if len(text) > LONGEST_ANSWER:
            yield Fault(row, "answer", "too_long", {"most": LONGEST_ANSWER, "count": len(text)})
        if not language.is_typed(text.replace("\n", "")):
            yield Fault(row, "answer", "control")
        unknown = [name for name in dict.fromkeys(_FILLED.findall(text)) if name not in self._filled]
        if unknown:
            names = tuple(f"{{{name[:40]}}}" for name in unknown[:NEAREST])
            yield Fault(row, "answer", "not_filled", {"names": names})

    @staticmethod
    def _entity(found: re.Match[str]) -> str | None:
        """The entity of a mark; None: it cannot be read."""
        if found["entity"]:
            return found["entity"]
        try:
            return str(json.loads(found["settings"])["entity"])
        except (ValueError, KeyError, TypeError):
            return None

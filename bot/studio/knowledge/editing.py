"""Changes of a topic: all that an admin has done on its page is one change of the files, or none is."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.data_check import folded, plain
from bot.studio.cannot import Cannot
from bot.studio.files import Author, Draft, Files, Repository, Snapshot, language, lexicon, near, yaml_edit
from bot.studio.files.language import FAQ, TITLES, Topic, Variation

from . import saying, topics

LONGEST = 4000
"""Characters of a wording."""
WORDINGS = 20
_NAME = re.compile(r"[a-z][a-z0-9_]{1,50}")
_AREA = re.compile(r"[a-z][a-z0-9_]{1,30}")


class CannotEdit(Cannot):
    """Nothing was changed."""


@dataclass(frozen=True)
class Answer:
    """A wording as it is to be."""

    wording: Variation
    number: int | None = None
    """Which it was among those that the editor was shown; None: a new one."""


@dataclass(frozen=True)
class Wish:
    """What is to become of a topic. Questions are given as they are written, with their annotations."""

    seen: Mapping[str, str | None]
    """Version of each file that the editor was shown."""
    answers: Sequence[Answer] | None = None
    """None: as they are."""
    intent: str | None = None
    """As which it is to count; None: as before."""
    added: Sequence[str] = ()
    taken: Mapping[str, str] = field(default_factory=dict)
    """Questions of other topics or intents that are to be asked here, each with where it is now."""
    removed: Sequence[str] = ()
    replaced: Mapping[str, str] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)
    """Questions that belong to another topic, each with which."""
    first: str | None = None
    """The question that is to name the topic."""

    @property
    def learns(self) -> bool:
        """Whether a model has to be trained before all of it is in force."""
        questions = (self.added, self.taken, self.removed, self.replaced, self.moved, self.first, self.intent)
        return any(questions)


@dataclass(frozen=True)
class NewTopic:
    """A topic to be written."""

    area: str
    """The file's name without folder and suffix."""
    name: str
    """Without ``faq/``."""
    intent: str
    questions: Sequence[str]
    answers: Sequence[Variation]
    area_title: str = ""
    """What a new area is called on the pages."""


@dataclass(frozen=True)
class Saved:
    """What came of it."""

    topic: str
    commit: str | None
    """None where nothing was to be changed."""
    added: int = 0
    known: int = 0
    """Questions that were there already."""


def found(files: Files, name: str) -> Topic:
    """The topic. Raises CannotEdit: it is gone."""
    for each in language.topics(files):
        if each.name == name:
            return each
    raise CannotEdit("gone")


def seen(files: Snapshot, topic: Topic) -> dict[str, str | None]:
    """The versions that an editor of the topic is shown."""
    return {path: files.version(path) for path in _paths(topic)}


def save(files: Repository, author: Author, name: str, wish: Wish, summary: str) -> Saved:
    """Change a topic.

    Raises:
        CannotEdit, Trouble (of the files): nothing was changed.
    """
    now = files.look()
    known = {path: version for path, version in wish.seen.items() if _is_of_topics(path)}
    if wish.answers is not None:
        _check_wordings(now, [each.wording for each in wish.answers])
    if wish.intent is not None and wish.intent not in topics.intents(now):
        raise CannotEdit("unknown_intent", name=wish.intent)
    added = _fresh(wish.added)
    for text in (*added, *wish.replaced.values()):
        _check_elsewhere(now, text, name, {*wish.removed, *wish.moved, *wish.taken})
    with files.edit(author, summary, known) as draft:
        topic = found(draft, name)
        if wish.answers is not None:
            _set_answers(draft, topic, wish.answers)
        if wish.intent is not None and wish.intent != topic.intent:
            language.set_topic_intent(draft, name, wish.intent)
        there = {folded(each.plain) for each in topic.questions}
        fresh = [each for each in added if folded(plain(each)) not in there]
        _ask(draft, name, replace(wish, added=fresh))
        if not language.examples(draft, name):
            raise CannotEdit("no_question")
    return Saved(name, draft.commit, len(fresh), len(added) - len(fresh))


def add(files: Repository, author: Author, topic: NewTopic, summary: str) -> Saved:
    """Write a new topic.

    Raises:
        CannotEdit, Trouble (of the files): nothing was changed.
    """
    now = files.look()
    name = f"faq/{topic.name}"
    if not _NAME.fullmatch(topic.name):
        raise CannotEdit("name")
    if any(each.name == name for each in language.topics(now)):
        raise CannotEdit("name_taken", name=topic.name)
    if not _AREA.fullmatch(topic.area):
        raise CannotEdit("area")
    if topic.intent not in topics.intents(now):
        raise CannotEdit("unknown_intent", name=topic.intent)
    _check_wordings(now, topic.answers)
    questions = _fresh(topic.questions)
    if not questions:
        raise CannotEdit("no_question")
    for text in questions:
        _check_elsewhere(now, text, name, ())
    path = f"{FAQ}/{topic.area}.yml"
    with files.edit(author, summary) as draft:
        if path not in draft.files() and topic.area_title.strip():
            _name_area(draft, topic.area, topic.area_title.strip())
        language.add_topic(draft, path, name, topic.intent, questions, topic.answers)
    return Saved(name, draft.commit, len(questions))


def remove(
    files: Repository, author: Author, name: str, versions: Mapping[str, str | None], summary: str
) -> str | None:
    """Remove a topic with its questions and its answer; the commit.

    Raises:
        CannotEdit, Trouble (of the files): nothing was changed.
    """
    known = {path: version for path, version in versions.items() if _is_of_topics(path)}
    with files.edit(author, summary, known) as draft:
        found(draft, name)
        language.remove_topic(draft, name)
    return draft.commit


def free_name(files: Files, area: str) -> str:
    """A name for a new topic of the area that nobody has taken."""
    taken = {each.name for each in language.topics(files)}
    number = 1
    while f"faq/{area}_{number}" in taken:
        number += 1
    return f"{area}_{number}"


def _paths(topic: Topic) -> set[str]:
    return {topic.path, *([topic.answer_path] if topic.answer_path else [])}


def _is_of_topics(path: str) -> bool:
    return path == language.DOMAIN or path.startswith(f"{language.NLU}/")


def _fresh(texts: Sequence[str]) -> list[str]:
    """The lines with something in them, each once."""
    lines: dict[str, str] = {}
    for text in texts:
        if line := language.as_line(text):
            lines.setdefault(folded(plain(line)), line)
    return list(lines.values())


def _check_wordings(files: Snapshot, wordings: Sequence[Variation]) -> None:
    """Raises CannotEdit: there is none, or one cannot be said."""
    if not wordings:
        raise CannotEdit("no_answer")
    # Who asks in another channel must be told something too.
    if all(each.channel for each in wordings):
        raise CannotEdit("no_common")
    if len(wordings) > WORDINGS:
        raise CannotEdit("too_many", most=WORDINGS)
    known = {*lexicon.policies(files), *saying.slots(files)}
    for number, each in enumerate(wordings, 1):
        if not each.text.strip():
            raise CannotEdit("empty_wording", number=number)
        if len(each.text) > LONGEST:
            raise CannotEdit("long_wording", number=number, most=LONGEST)
        if each.since and each.until and each.until < each.since:
            raise CannotEdit("wrong_days", number=number)
        if unknown := sorted(saying.names(each.text) - known):
            raise CannotEdit("unknown_policy", number=number, name=unknown[0])


def _check_elsewhere(files: Snapshot, text: str, name: str, leaving: Sequence[str] | set[str]) -> None:
    """Raises CannotEdit: the sentence is taught under another intent or topic."""
    for each in near.conflicts(files, text, name):
        if each.same and each.elsewhere and each.example.text not in leaving:
            where = topics.called(files).get(each.example.intent, each.example.intent)
            raise CannotEdit("same_elsewhere", text=text[:60], where=where)


def _ask(draft: Draft, name: str, wish: Wish) -> None:
    """Change the questions."""
    for text, new in wish.replaced.items():
        language.replace_example(draft, name, text, language.as_line(new))
    for text, to in wish.moved.items():
        language.move_example(draft, text, name, to)
    for text in wish.removed:
        language.remove_example(draft, name, text)
    for text, origin in wish.taken.items():
        language.move_example(draft, text, origin, name)
    if wish.added:
        language.add_examples(draft, name, wish.added)
    if wish.first:
        _lead(draft, name, language.as_line(wish.replaced.get(wish.first, wish.first)))


def _lead(draft: Draft, name: str, text: str) -> None:
    """Let the question name the topic; the one before it takes its place."""
    asked = [each.text for each in language.examples(draft, name)]
    if text not in asked or asked[0] == text:
        return
    first = asked[0]
    language.remove_example(draft, name, text)
    language.replace_example(draft, name, first, text)
    language.add_example(draft, name, first)


def _set_answers(draft: Draft, topic: Topic, answers: Sequence[Answer]) -> None:
    """Write the wordings; what stands beside a text in the file goes only with it."""
    numbers = [each.number for each in answers if each.number is not None]
    if numbers != sorted(set(numbers)) or any(not 0 <= each < len(topic.answers) for each in numbers):
        raise CannotEdit("gone")
    kept = [each for each in answers if each.number is not None]
    new = [each for each in answers if each.number is None]
    if kept:
        response = f"utter_{topic.name}"
        for number in range(len(topic.answers) - 1, -1, -1):
            if number not in numbers:
                path, keys = topic.answer_path, ("responses", response, number)
                draft.write(path, yaml_edit.remove_item(path, draft.text(path), keys))
    language.set_answer(draft, topic.name, [each.wording for each in (*kept, *new)])


def _name_area(draft: Draft, area: str, title: str) -> None:
    if TITLES in draft.files():
        item = f"{area}: {yaml_edit.scalar(title)}"
        draft.write(TITLES, yaml_edit.add_item(TITLES, draft.text(TITLES), ("areas",), item))

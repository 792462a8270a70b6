"""The shop's own numbers and facts as a form: in their groups, with who says them, changed as one edit."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bot.data_files import Unreadable, entries, mapping, parse
from bot.policies import NUMBERS
from bot.studio.files import Author, Files, Repository, language, lexicon
from bot.studio.files.lexicon import POLICIES

from . import saying, topics
from .editing import CannotEdit

REPLIES = "data/replies.yml"
LONGEST = 200
"""Characters of a value."""
_HEADING = re.compile(r"#\s*-{2,}\s*(\S.*?)\s*-*\s*$")
_COMMENT = re.compile(r"#\s*(\S.*?)\s*$")
_KEY = re.compile(r"([A-Za-z_]\w*)\s*:")


@dataclass(frozen=True)
class User:
    """What says a policy: a topic's answer, another answer of the bot, or an agent's canned reply."""

    kind: str
    """topic, response or reply"""
    name: str
    title: str
    text: str


@dataclass(frozen=True)
class Policy:
    """One of them."""

    name: str
    value: str
    whole: bool
    """Whether it must be a whole number, as the bot reckons with it."""
    users: tuple[User, ...] = ()


@dataclass
class Entry:
    """Policies under one comment."""

    label: str
    policies: list[Policy] = field(default_factory=list)


@dataclass
class Group:
    """Entries under one heading."""

    title: str
    entries: list[Entry] = field(default_factory=list)


def groups(files: Files) -> list[Group]:
    """All policies as their file has them: its headings and comments name them.

    Raises:
        Refused: there is no such file, or it is no YAML.
    """
    values, users = lexicon.policies(files), _users(files)
    listed = [Group("")]
    comments: list[str] = []
    for line in files.text(POLICIES).splitlines():
        if heading := _HEADING.match(line):
            listed.append(Group(heading[1]))
            comments = []
        elif comment := _COMMENT.match(line):
            comments.append(comment[1])
        elif not line.strip():
            comments = []
        elif (key := _KEY.match(line)) and key[1] in values:
            entries_ = listed[-1].entries
            if comments or not entries_:
                entries_.append(Entry(" ".join(comments)))
                comments = []
            name = key[1]
            policy = Policy(name, values[name], name in NUMBERS, tuple(users.get(name, ())))
            entries_[-1].policies.append(policy)
    return [each for each in listed if each.entries]


def labels(files: Files) -> dict[str, str]:
    """What each policy is, by the comment above it.

    Raises:
        Refused: there is no such file, or it is no YAML.
    """
    return {
        policy.name: entry.label or policy.name
        for group in groups(files)
        for entry in group.entries
        for policy in entry.policies
    }


@dataclass(frozen=True)
class Change:
    """A policy as the editor was shown it, and as it is to be."""

    was: str
    value: str


def save(files: Repository, author: Author, changes: Mapping[str, Change], summary: str) -> str | None:
    """Change policies that are there; the commit, None where nothing was to be changed.

    Raises:
        CannotEdit, Trouble (of the files): nothing was changed.
    """
    for name, change in changes.items():
        _check(name, change.value)
    with files.edit(author, summary) as draft:
        known = lexicon.policies(draft)
        for name, change in changes.items():
            if name not in known:
                raise CannotEdit("no_policy", name=name)
            if known[name] not in (change.was, change.value.strip()):
                raise CannotEdit("changed", name=name, now=known[name])
            if known[name] != change.value.strip():
                lexicon.set_policy(draft, name, change.value)
    return draft.commit


def _check(name: str, value: str) -> None:
    """Raises CannotEdit: it can be no policy's value."""
    value = value.strip()
    if not value:
        raise CannotEdit("empty", name=name)
    if len(value) > LONGEST:
        raise CannotEdit("long", name=name, most=LONGEST)
    if set("{}") & set(value) or not value.isprintable():
        raise CannotEdit("wrong", name=name)
    if name in NUMBERS and not value.isdecimal():
        raise CannotEdit("no_number", name=name)


def _users(files: Files) -> dict[str, list[User]]:
    found: dict[str, list[User]] = defaultdict(list)
    for user in _all(files):
        for name in sorted(saying.names(user.text)):
            found[name].append(user)
    return found


def _all(files: Files) -> Iterator[User]:
    names = set()
    for topic in language.topics(files):
        names.add(f"utter_{topic.name}")
        for each in topic.answers:
            yield User("topic", topic.name, topics.title(topic), each.text)
    for response in language.responses(files).values():
        for each in response.variations if response.name not in names else ():
            yield User("response", response.name, response.name, each.text)
    if REPLIES in files.files():
        try:
            content = mapping(parse(REPLIES, files.text(REPLIES)), REPLIES)
            for group in entries(content, "replies", REPLIES):
                for reply in entries(content["replies"], group.name, REPLIES):
                    given = reply.value if isinstance(reply.value, dict) else {}
                    title = str(given.get("title") or "")
                    yield User("reply", str(given.get("shortcut") or ""), title, str(given.get("text") or ""))
        except Unreadable:
            return

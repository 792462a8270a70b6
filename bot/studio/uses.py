"""Who uses what: of each intent, entity, slot, answer, action, form and policy, what speaks of it, and where.

Read from the files and from the code; nothing is run. One pass finds all uses of one commit, which are kept.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

from bot.data_files import Entry, Unreadable, entries, line_of, mapping, parse
from bot.settings import ROOT
from bot.studio.files import Files, Snapshot, language, stories

from . import code_names

Kind = Literal["intent", "topic", "entity", "slot", "response", "action", "form", "policy"]
KINDS: tuple[Kind, ...] = get_args(Kind)
By = Literal[
    "rule",
    "story",
    "form",
    "slot",
    "topic",
    "response",
    "intent",
    "examples",
    "code",
    "config",
    "wording",
    "reply",
    "file",
]
BY: tuple[By, ...] = get_args(By)
DOMAIN, POLICIES, CONFIG = "domain.yml", "data/policies.yml", "config.yml"
# What gives intents a name for people uses none of them.
NAMING = "readings"
_SPEAKING: Mapping[str, By] = {CONFIG: "config", "data/wording.yml": "wording", "data/replies.yml": "reply"}
_FILLED = re.compile(r"{(\w+)}")
_PAYLOAD = re.compile(r"/(\w+)(?:/(\w+))?")
_MARKED = re.compile(r"\[[^\]]+\](?:\((\w+)|(\{[^}]*\}))")


@dataclass(frozen=True)
class Use:
    """A place that speaks of a thing."""

    by: By
    name: str
    """Of what uses it: the rule, the form, the answer, the function …"""
    path: str
    line: int
    """From 1."""
    count: int = 1
    """Of examples: in how many lines."""
    maybe: bool = False
    """The code puts the name together at run time: it may be this one."""


@dataclass(frozen=True)
class Thing:
    """Something with a name that others use."""

    kind: Kind
    name: str
    path: str
    """Where it is defined."""
    line: int
    uses: tuple[Use, ...]


class Uses:
    """All things of the files, each with its uses."""

    def __init__(self, things: Mapping[tuple[Kind, str], Thing]) -> None:
        self._things = things

    def thing(self, kind: Kind, name: str) -> Thing | None:
        """What is called so; None: nothing is."""
        return self._things.get((kind, name))

    def of(self, kind: Kind, name: str) -> tuple[Use, ...]:
        """Who uses it."""
        found = self.thing(kind, name)
        return found.uses if found else ()

    def called(self, name: str) -> list[Thing]:
        """All that is called so: an entity and its slot often share a name."""
        return [found for kind in KINDS if (found := self.thing(kind, name))]

    def all(self, kind: Kind) -> list[Thing]:
        """All things of a kind, in the order of the files."""
        return [each for each in self._things.values() if each.kind == kind]


def uses(files: Files, code: Path = ROOT) -> Uses:
    """Who uses what in the files.

    Args:
        code: where the actions and the engine lie.
    """
    written = code_names.written(code)
    return _kept(files, written) if isinstance(files, Snapshot) else _found(files, written)


@lru_cache(maxsize=2)
def _kept(files: Snapshot, written: tuple[code_names.Written, ...]) -> Uses:
    return _found(files, written)


def _found(files: Files, written: Iterable[code_names.Written]) -> Uses:
    index = _Index()
    _domain(index, files)
    _language(index, files)
    for told in stories.told(files):
        by = Use(told.kind, told.name, told.path, told.line)
        for kind, name in _steps([*told.condition, *told.steps]):
            index.use(kind, name, by)
    for path in files.files():
        speaks = path == CONFIG or re.fullmatch(r"data/\w+\.yml", path)
        if speaks and path not in (language.TITLES, POLICIES):
            _speaking(index, path, _content(path, files))
    for each in written:
        _code(index, each)
    return Uses(index.things())


class _Index:
    """What is found, thing by thing."""

    def __init__(self) -> None:
        self.defined: dict[tuple[Kind, str], tuple[str, int]] = {}
        self._used: dict[tuple[Kind, str], dict[tuple[By, str, str], Use]] = {}

    def define(self, kind: Kind, name: str, path: str, line: int) -> None:
        self.defined.setdefault((kind, name), (path, line))

    def has(self, kind: Kind, name: str) -> bool:
        return (kind, name) in self.defined

    def named(self, kind: Kind) -> list[str]:
        return [name for each, name in self.defined if each == kind]

    def use(self, kind: Kind, name: str, use: Use) -> None:
        """Note a use; of several in one rule, one function … the first, a sure one before a likely one."""
        known = self._used.setdefault((kind, name), {})
        key = (use.by, use.name, use.path)
        if use.by == "examples" and key in known:
            known[key] = replace(known[key], count=known[key].count + 1)
        elif key not in known or (known[key].maybe and not use.maybe):
            known[key] = use

    def things(self) -> dict[tuple[Kind, str], Thing]:
        found = {}
        for (kind, name), (path, line) in self.defined.items():
            used = self._used.get((kind, name), {}).values()
            ordered = sorted(used, key=lambda use: (BY.index(use.by), use.maybe, use.path, use.line))
            found[kind, name] = Thing(kind, name, path, line, tuple(ordered))
        return found


# ---- the files ----


def _content(path: str, files: Files) -> dict[Any, Any]:
    """The file's content; nothing where it is not there or cannot be read."""
    try:
        return mapping(parse(path, files.text(path)), path) if path in files.files() else {}
    except Unreadable:
        return {}


def _entries(parent: Any, key: str, place: str) -> list[Entry]:
    try:
        return [*entries(parent, key, place)]
    except Unreadable:
        return []


def _line(place: str) -> int:
    return int(place.rpartition(":")[2])


def _domain(index: _Index, files: Files) -> None:
    domain = _content(DOMAIN, files)
    sections: tuple[tuple[Kind, str], ...] = (
        *(("intent", "intents"), ("entity", "entities"), ("slot", "slots")),
        *(("form", "forms"), ("action", "actions")),
    )
    listed = {section: _entries(domain, section, DOMAIN) for _, section in sections}
    for kind, section in sections:
        for each in listed[section]:
            # Answers are listed among the actions too.
            if kind != "action" or not each.name.startswith("utter_"):
                index.define(kind, each.name, DOMAIN, _line(each.place))
    policies = _content(POLICIES, files)
    for name in policies:
        index.define("policy", str(name), POLICIES, line_of(policies, name))
    for each in listed["intents"]:
        settings = each.value.get(each.name) if isinstance(each.value, dict) else None
        for key in ("use_entities", "ignore_entities"):
            given = settings.get(key) if isinstance(settings, dict) else None
            for entity in given if isinstance(given, list) else ():
                index.use("entity", str(entity), Use("intent", each.name, DOMAIN, _line(each.place)))
    for each in listed["slots"]:
        _slot(index, each)
    for each in listed["forms"]:
        _form(index, each)


def _slot(index: _Index, slot: Entry) -> None:
    use = Use("slot", slot.name, DOMAIN, _line(slot.place))
    for each in _entries(slot.value, "mappings", slot.place) if isinstance(slot.value, dict) else ():
        filled = each.value if isinstance(each.value, dict) else {}
        if "entity" in filled:
            index.use("entity", str(filled["entity"]), use)
        for key in ("intent", "not_intent"):
            given = filled.get(key) or []
            for intent in given if isinstance(given, list) else [given]:
                index.use("intent", str(intent), use)
        for condition in filled.get("conditions") or ():
            if isinstance(condition, dict) and condition.get("active_loop"):
                index.use("form", str(condition["active_loop"]), use)


def _form(index: _Index, form: Entry) -> None:
    use = Use("form", form.name, DOMAIN, _line(form.place))
    if not isinstance(form.value, dict):
        return
    index.use("action", f"validate_{form.name}", use)
    for slot in _entries(form.value, "required_slots", form.place):
        index.use("slot", slot.name, use)
        for asking in (f"ask_{slot.name}", f"ask_{form.name}_{slot.name}"):
            index.use("response", f"utter_{asking}", use)
            index.use("action", f"action_{asking}", use)
    given = form.value.get("ignored_intents") or []
    for intent in given if isinstance(given, list) else [given]:
        index.use("intent", str(intent), use)


def _language(index: _Index, files: Files) -> None:
    """Examples, topics, and what the bot says."""
    for topic in language.topics(files):
        index.define("topic", topic.name, topic.path, topic.line)
        index.use("intent", topic.intent, Use("topic", topic.name, topic.path, topic.line))
    for example in language.examples(files):
        if "[" in example.text:
            for entity in _marked(example.text):
                index.use("entity", entity, Use("examples", example.intent, example.path, example.line))
    paths = [path for path in files.files() if path == DOMAIN or path.startswith(f"{language.NLU}/")]
    contents = {path: _content(path, files) for path in paths if path.endswith(".yml")}
    responses = [(path, each) for path in contents for each in _entries(contents[path], "responses", path)]
    for path, each in responses:
        index.define("response", each.name, path, _line(each.place))
    # Only now it is known which slots and policies there are.
    for path, each in responses:
        use = Use("response", each.name, path, _line(each.place))
        if "/" in each.name:
            use = replace(use, by="topic", name=each.name.removeprefix("utter_"))
            index.use("response", each.name, use)
        _said(index, each.value, use)


def _marked(text: str) -> Iterator[str]:
    for name, settings in _MARKED.findall(text):
        if name:
            yield name
        else:
            try:
                yield str(json.loads(settings).get("entity"))
            except ValueError:
                continue


def _said(index: _Index, variations: Any, use: Use) -> None:
    for each in variations if isinstance(variations, list) else ():
        if not isinstance(each, dict):
            continue
        _filled(index, str(each.get("text", "")), use)
        for button in each.get("buttons") or ():
            if isinstance(button, dict):
                _payload(index, str(button.get("payload", "")), use)


def _filled(index: _Index, text: str, use: Use) -> None:
    kinds: tuple[Kind, ...] = ("policy", "slot")
    for name in _FILLED.findall(text):
        for kind in kinds:
            if index.has(kind, name):
                index.use(kind, name, use)


def _payload(index: _Index, payload: str, use: Use) -> None:
    """What a button sends: an intent, or one with a topic; entities behind it."""
    found = _PAYLOAD.match(payload)
    if not found or not index.has("intent", found[1]):
        return
    index.use("intent", found[1], use)
    if found[2]:
        index.use("topic", f"{found[1]}/{found[2]}", use)
    for entity in re.findall(r'"(\w+)"\s*:', payload[found.end() :]):
        if index.has("entity", entity):
            index.use("entity", entity, use)


def _steps(steps: Iterable[Any]) -> Iterator[tuple[Kind, str]]:
    """What the steps of a rule or a story name."""
    for step in steps:
        if not isinstance(step, dict):
            continue
        yield from _steps(step.get("or") or ())
        if "intent" in step:
            intent = str(step["intent"])
            yield "intent", intent.partition("/")[0]
            if "/" in intent:
                yield "topic", intent
        for entity in step.get("entities") or ():
            yield "entity", str(next(iter(entity), "")) if isinstance(entity, dict) else str(entity)
        if "action" in step:
            action = str(step["action"])
            yield "response" if action.startswith("utter_") else "action", action
            yield "form", action
        if step.get("active_loop"):
            yield "form", str(step["active_loop"])
        for slot in step.get("slot_was_set") or ():
            yield "slot", str(next(iter(slot), "")) if isinstance(slot, dict) else str(slot)


def _speaking(index: _Index, path: str, node: Any, way: tuple[str, ...] = (), line: int = 1) -> None:
    """A file that names intents, answers … or fills policies into its texts."""
    if isinstance(node, dict):
        for key, value in node.items():
            if way or key != NAMING:
                here = line_of(node, key)
                _named(index, path, str(key), way, here, "slot" if way[:1] == ("slots",) else None)
                _speaking(index, path, value, (*way, str(key)), here)
    elif isinstance(node, list):
        for number, value in enumerate(node):
            title = str(value["title"]) if isinstance(value, dict) and "title" in value else ""
            _speaking(index, path, value, (*way, title) if title else way, line_of(node, number))
    elif isinstance(node, str):
        _named(index, path, node, way, line)
        for name in _FILLED.findall(node):
            if index.has("policy", name):
                index.use("policy", name, _spoken(path, way, line))


def _named(
    index: _Index, path: str, text: str, way: tuple[str, ...], line: int, more: Kind | None = None
) -> None:
    kinds: tuple[Kind, ...] = ("intent", "topic", "response", "action", "form")
    for kind in (*kinds, more) if more else kinds:
        if index.has(kind, text):
            index.use(kind, text, _spoken(path, way, line))


def _spoken(path: str, way: tuple[str, ...], line: int) -> Use:
    return Use(_SPEAKING.get(path, "file"), " › ".join(way[:3]) or path, path, line)


# ---- the code ----


def _code(index: _Index, each: code_names.Written) -> None:
    text = each.text
    use = Use("code", each.within or each.path.rpartition("/")[2], each.path, each.line)
    if text.startswith("/"):
        _payload(index, text, use)
        return
    everywhere: tuple[Kind, ...] = ("intent", "topic", "response", "action", "form")
    kinds: tuple[Kind, ...] = ("entity", "slot", "policy") if each.path.startswith(code_names.ACTIONS) else ()
    pattern = each.pattern
    if pattern is None:
        for kind in (*everywhere, *kinds):
            if index.has(kind, text):
                index.use(kind, text, use)
                if kind == "form" and index.has("action", f"validate_{text}"):
                    index.use("action", f"validate_{text}", use)
        return
    # Short names may be anything that is put together.
    spelled: tuple[Kind, ...] = ("response", "action", "form")
    for kind in spelled:
        for name in index.named(kind):
            if pattern.fullmatch(name):
                index.use(kind, name, replace(use, maybe=True))

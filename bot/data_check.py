"""Checks of domain.yml, data/ and actions/ that Rasa's own validation lets pass.

Files only: nothing is imported from Rasa or from the actions. Runs in both environments, as nothing is
trained with data that this refuses.
"""

import ast
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot import policies, validity
from bot.data_faults import Fault
from bot.data_files import Entry, Unreadable, entries, line_of, lines, mapping, read_text, read_yaml

# Intents that the engine makes itself; they have no examples.
MADE_BY_ENGINE = {"nlu_fallback"}
# Actions that Rasa brings along and our rules may use.
RASA_ACTIONS = {"action_deactivate_loop", "action_listen"}
# Modules of the engine that say responses and read data/wording.yml.
ENGINE_MODULES = {"turns", "requests", "replies"}
# The slot in which Rasa keeps what a form asks for.
RASA_SLOT = "requested_slot"
# The key under which Rasa keeps a response's name with what was said; no response itself.
RESPONSE_KEY = "utter_action"
# Modules of actions/ that serve several capabilities and so have no language data of their own.
SILENT = {"actions/server.py"}  # its paths look like payloads
SHARED_MODULES = {
    *("__init__", "__main__", "server", "shop", "policies", "wording", "cards", "turn", "answers"),
    *("naming", "order_choice", "order_questions", "order_answers", "visitors"),
    *("job", "job_form", "addresses", "products"),
}

# ``[text](entity)``, ``[text](entity:value)`` or ``[text]{"entity": …}``
_ANNOTATION = re.compile(
    r"\[(?P<text>[^\]]+)\](?:\((?P<entity>[^:)]+)(?::(?P<value>[^)]+))?\)|(?P<settings>\{[^}]*\}))"
)


@dataclass(frozen=True)
class Example:
    """One line of training data."""

    intent: str
    text: str
    """As the shopper would write it, without annotations."""
    place: str
    """``FILE:LINE``"""
    names_topic: bool
    """Whether a FAQ topic is called by it: the first question."""


@dataclass
class _Project:
    """What the files say, each name with its place."""

    intents: dict[str, str] = field(default_factory=dict)
    topics: dict[str, str] = field(default_factory=dict)
    entities: set[str] = field(default_factory=set)
    actions: dict[str, str] = field(default_factory=dict)
    slots: dict[str, str] = field(default_factory=dict)
    filled: dict[str, str] = field(default_factory=dict)
    forms: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    responses: dict[str, str] = field(default_factory=dict)
    texts: list[tuple[str, str, str]] = field(default_factory=list)
    days: list[Fault] = field(default_factory=list)
    payloads: list[tuple[str, str]] = field(default_factory=list)
    blocks: list[tuple[str, dict[str, Any], str]] = field(default_factory=list)
    marked: list[tuple[str, str, str]] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    dialogues: Counter[str] = field(default_factory=Counter)
    told: dict[str, str] = field(default_factory=dict)
    done: dict[str, str] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)
    utters: list[tuple[str, re.Pattern[str], str]] = field(default_factory=list)
    given: set[str] = field(default_factory=set)
    readings: dict[str, str] = field(default_factory=dict)
    wording: dict[str, str] = field(default_factory=dict)
    strings: set[Any] = field(default_factory=set)
    canned: list[tuple[dict[Any, Any], str]] = field(default_factory=list)
    variables: set[str] = field(default_factory=set)
    policies: dict[str, str] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)

    @property
    def retrieval(self) -> set[str]:
        """Intents whose topics have written answers."""
        return {topic.partition("/")[0] for topic in self.topics}


def problems(root: Path, code: Path | None = None) -> list[str]:
    """What is wrong with the data under ``root``, each with its file and line, and what to do.

    Args:
        code: where the actions and the engine lie, if not there too.
    """
    code = code or root
    project = _read(root, code)
    # The rest would follow from these.
    if project.unreadable:
        return project.unreadable
    return [
        *_blocks(project),
        *_topics(project),
        *_intents(project),
        *_responses(project),
        *_actions(project),
        *_buttons(project),
        *_wording(project),
        *_canned(project),
        *_duplicates(project),
        *_stems(root, code),
        *_placeholders(root, project),
    ]


def examples(root: Path) -> list[Example]:
    """All lines of training data under ``root``, in the order of the files."""
    return _read(root, root).examples


def plain(text: str) -> str:
    """An example as the shopper would write it, without its annotations."""
    return _ANNOTATION.sub(r"\1", text)


def rows(root: Path) -> dict[str, int]:
    """How many intents, examples, topics, stories and rules the data under ``root`` holds."""
    project = _read(root, root)
    return {
        "intents": len({each.intent.partition("/")[0] for each in project.examples}),
        "examples": len(project.examples),
        "topics": len(project.topics),
        "stories": project.dialogues["stories"],
        "rules": project.dialogues["rules"],
    }


def folded(text: str) -> str:
    """The text without case, width and signs; the text itself where nothing else is in it."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).lower()) or text


def _read(root: Path, code: Path) -> _Project:
    project = _Project()
    modules = sorted((code / "actions").rglob("*.py"))
    modules += sorted(path for path in (code / "bot" / "engine").glob("*.py") if path.stem in ENGINE_MODULES)
    data = sorted((root / "data").rglob("*.*"))
    for path in [root / "config.yml", root / "domain.yml", *data, *modules]:
        try:
            if path.suffix == ".yml":
                _read_yaml(project, root, path)
            elif path.suffix == ".py":
                _read_code(project, code, path)
            elif path.suffix == ".txt":
                read_text(root, path)
        except Unreadable as error:
            project.unreadable.append(error.why)
    return project


def _read_yaml(project: _Project, root: Path, path: Path) -> None:
    content, file = read_yaml(root, path), path.relative_to(root).as_posix()
    if "/lexicon/" in file:
        return  # each component knows what its own holds
    mapping(content, f"{file}:1")
    if file == "config.yml":
        for key in ("pipeline", "policies"):
            if not [*entries(content, key, file)]:
                raise Unreadable(Fault("no_components", file=file, key=key))
    elif file == "domain.yml":
        _read_domain(project, content, file)
    elif file == "data/policies.yml":
        project.policies = {str(name): f"{file}:{line_of(content, name)}" for name in content}
    elif file == "data/wording.yml":
        project.readings = {each.name: each.place for each in entries(content, "readings", file)}
        project.wording = {str(name): f"{file}:{line_of(content, name)}" for name in content}
    elif file == "data/replies.yml":
        project.variables = {each.name for each in entries(content, "variables", file)}
        for group in entries(content, "replies", file):
            for reply in entries(content["replies"], group.name, file):
                project.canned.append((mapping(reply.value, reply.place), reply.place))
    elif file.startswith("data/nlu/"):
        if "nlu" not in content:
            raise Unreadable(Fault("no_nlu", file=file))
        for block in entries(content, "nlu", file):
            _read_block(project, block)
        _read_responses(project, content, file)
    elif file.startswith("data/stories/"):
        if not {"rules", "stories"} & set(content):
            raise Unreadable(Fault("no_dialogues", file=file))
        for kind in ("rules", "stories"):
            for told in entries(content, kind, file):
                project.dialogues[kind] += 1
                _read_steps(project, told)


def _read_domain(project: _Project, domain: dict[str, Any], file: str) -> None:
    project.intents = {each.name: each.place for each in entries(domain, "intents", file)}
    project.entities = {each.name for each in entries(domain, "entities", file)}
    project.actions = {each.name: each.place for each in entries(domain, "actions", file)}
    project.slots = {each.name: each.place for each in entries(domain, "slots", file)}
    for form in entries(domain, "forms", file):
        project.forms.add(form.name)
        for slot in entries(form.value, "required_slots", form.place):
            project.asked |= {f"utter_ask_{slot.name}", f"utter_ask_{form.name}_{slot.name}"}
    _read_responses(project, domain, file)


def _read_block(project: _Project, block: Entry) -> None:
    """An entry of ``nlu``: an intent with its examples, or another kind of data."""
    content = mapping(block.value, block.place)
    kinds = ("intent", "lookup", "synonym", "regex")
    kind = next((kind for kind in kinds if isinstance(content.get(kind), str)), None)
    if not kind:
        raise Unreadable(Fault("block_without_intent", place=block.place))
    project.blocks.append((kind, content, block.place))
    intent = content[kind] if kind == "intent" else ""
    if "/" in intent:
        project.topics.setdefault(intent, block.place)
    for number, (line, place) in enumerate(lines(content, "examples", block.place)):
        # Rasa leaves out what does not begin with a dash, with a warning that nobody sees.
        text = line.removeprefix("-").strip()
        if not line.startswith("-") or not text:
            project.unreadable.append(Fault("no_example_line", place=place, line=line.strip()))
        elif intent:
            project.marked += _marked(text, place)
            project.examples.append(Example(intent, plain(text), place, "/" in intent and number == 0))


def _marked(text: str, place: str) -> Iterator[tuple[str, str, str]]:
    """The entities marked in an example: each entity's name, its value and the place."""
    for found in _ANNOTATION.finditer(text):
        try:
            settings = json.loads(found["settings"] or "{}")
        except ValueError as error:
            raise Unreadable(Fault("mark_unreadable", place=place, mark=found["settings"])) from error
        name, value = found["entity"] or settings.get("entity"), found["value"] or settings.get("value")
        yield str(name), str(value or found["text"]), place


def _read_responses(project: _Project, content: dict[str, Any], file: str) -> None:
    for response in entries(content, "responses", file):
        project.responses[response.name] = response.place
        for variation in entries(content["responses"], response.name, file):
            text = mapping(variation.value, variation.place).get("text")
            project.texts.append((response.name, str(text), variation.place))
            project.days += _wrong_days(response.name, variation)
            for button in entries(variation.value, "buttons", variation.place):
                payload = mapping(button.value, button.place).get("payload")
                project.payloads.append((str(payload), button.place))


def _wrong_days(response: str, variation: Entry) -> Iterator[Fault]:
    """The days of a wording are days, the last not before the first, and stand where Rasa lets them."""
    file, keys = variation.place.partition(":")[0], variation.value
    for name in (validity.SINCE, validity.UNTIL):
        if name in keys:
            place = f"{file}:{line_of(keys, name)}"
            yield Fault("days_beside_text", place=place, response=response, name=name, value=keys[name])
    try:
        validity.days(keys)
    except validity.WrongDays as error:
        place = f"{file}:{line_of(keys, validity.METADATA)}"
        yield Fault("response_days", place=place, response=response, why=error.why)


def _read_steps(project: _Project, told: Entry) -> None:
    for step in entries(told.value, "steps", told.place):
        for choice in entries(step.value, "or", step.place):
            _note_step(project, choice)
        _note_step(project, step)


def _note_step(project: _Project, step: Entry) -> None:
    content = mapping(step.value, step.place)
    if "intent" in content:
        project.told.setdefault(str(content["intent"]), step.place)
    if "action" in content:
        project.done.setdefault(str(content["action"]), step.place)
    for slot in entries(content, "slot_was_set", step.place):
        project.filled.setdefault(slot.name, slot.place)


def _read_code(project: _Project, root: Path, path: Path) -> None:
    file, code = path.relative_to(root).as_posix(), read_text(root, path)
    try:
        tree = ast.parse(code)
    except SyntaxError as error:
        place = f"{file}:{error.lineno}"
        raise Unreadable(Fault("code_unreadable", place=place, why=error.msg)) from error
    parts: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            project.strings.add(node.value)
        if isinstance(node, ast.keyword):
            project.given.add(str(node.arg))
        elif file in SILENT or "/backend/" in file:
            continue
        elif isinstance(node, ast.ClassDef):
            for name in _action_names(node):
                project.classes[name] = f"{file}:{node.lineno}"
        elif isinstance(node, ast.JoinedStr):
            parts |= {id(value) for value in node.values}
            _read_string(project, node.values, f"{file}:{node.lineno}")
        elif isinstance(node, ast.Constant) and id(node) not in parts:
            _read_string(project, [node], f"{file}:{node.lineno}")


def _action_names(node: ast.ClassDef) -> Iterator[str]:
    for member in node.body:
        match member:
            case ast.Assign(targets=[ast.Name(id="form")], value=ast.Constant(value=str(form))):
                yield f"validate_{form}"
        if isinstance(member, ast.FunctionDef) and member.name == "name":
            for statement in ast.walk(member):
                if isinstance(statement, ast.Return) and isinstance(statement.value, ast.Constant):
                    yield str(statement.value.value)


def _read_string(project: _Project, parts: list[Any], place: str) -> None:
    """A response's name or a payload in the code; what is filled in at run time may be anything."""
    shown = "".join(part.value if _is_text(part) else "{…}" for part in parts)
    if re.match(r"utter_\w", shown) and shown != RESPONSE_KEY:
        pattern = "".join(re.escape(part.value) if _is_text(part) else ".*" for part in parts)
        project.utters.append((shown, re.compile(pattern), place))
    elif re.fullmatch(r"/\w+(/.+|\{.*)?", shown, re.DOTALL):
        project.payloads.append((shown, place))


def _is_text(part: Any) -> bool:
    return isinstance(part, ast.Constant) and isinstance(part.value, str)


def _blocks(project: _Project) -> Iterator[str]:
    """A block has examples, and speaks of entities that there are."""
    for kind, block, place in project.blocks:
        name = block[kind]
        if not block.get("examples"):
            yield Fault("topic_empty" if "/" in name else "block_empty", place=place, kind=kind, name=name)
        if kind == "lookup" and name not in project.entities:
            yield Fault("lookup_unknown", place=place, name=name)
        if kind == "synonym" and name not in {value for _, value, _ in project.marked}:
            yield Fault("synonym_unused", place=place, name=name)
    for name, _, place in project.marked:
        if name not in project.entities:
            yield Fault("entity_unknown", place=place, name=name)


def _topics(project: _Project) -> Iterator[str]:
    """Each FAQ topic has an answer, and counts as an intent in evaluation."""
    known = set(project.intents) - project.retrieval - MADE_BY_ENGINE
    for _, block, place in project.blocks:
        topic = block.get("intent", "")
        if "/" not in topic:
            continue
        if f"utter_{topic}" not in project.responses:
            yield Fault("topic_without_answer", place=place, topic=topic)
        metadata = block.get("metadata")
        intent = metadata.get("intent") if isinstance(metadata, dict) else None
        if intent not in known:
            place = f"{place.partition(':')[0]}:{line_of(block, 'metadata' if metadata else 'intent')}"
            yield Fault("topic_counts_as", place=place, topic=topic, intent=intent)


def _intents(project: _Project) -> Iterator[str]:
    with_examples = {block.get("intent", "").partition("/")[0] for _, block, _ in project.blocks}
    known = set(project.intents) | project.retrieval | MADE_BY_ENGINE
    for intent, place in project.intents.items():
        if intent not in with_examples | MADE_BY_ENGINE:
            yield Fault("intent_without_examples", place=place, intent=intent)
        if intent not in project.told:
            yield Fault("intent_unused", place=place, intent=intent)
    for kind, block, place in project.blocks:
        if kind == "intent" and block[kind].partition("/")[0] not in known:
            yield Fault("intent_undeclared", place=place, intent=block[kind])
    for intent, place in project.told.items():
        if intent.partition("/")[0] not in known:
            yield Fault("intent_unknown", place=place, intent=intent)
    for intent, place in project.readings.items():
        if intent not in known:
            yield Fault("reading_unknown", place=place, intent=intent)


def _responses(project: _Project) -> Iterator[str]:
    yield from project.days
    for name, place in project.responses.items():
        topic = name.removeprefix("utter_")
        if "/" in name and topic not in project.topics:
            yield Fault("answer_without_questions", place=place, name=name, topic=topic)
        elif "/" not in name and not (
            name in project.done
            or name in project.asked
            or any(pattern.fullmatch(name) for _, pattern, _ in project.utters)
        ):
            yield Fault("response_unused", place=place, name=name)
    wanted = [(name, re.compile(re.escape(name)), place) for name, place in project.done.items()]
    for name, pattern, place in [*wanted, *project.utters]:
        if (
            name.startswith("utter_")
            and name.removeprefix("utter_") not in project.retrieval
            and not any(map(pattern.fullmatch, project.responses))
        ):
            yield Fault("response_unknown", place=place, name=name)


def _actions(project: _Project) -> Iterator[str]:
    for action, place in project.actions.items():
        if not action.startswith("utter_") and action not in project.classes:
            yield Fault("action_without_class", place=place, action=action)
    for action, place in project.classes.items():
        if action not in project.actions:
            yield Fault("action_undeclared", place=place, action=action)
    known = set(project.actions) | project.forms | RASA_ACTIONS
    for action, place in project.done.items():
        if not action.startswith("utter_") and action not in known:
            yield Fault("action_unknown", place=place, action=action)
    for slot, place in project.filled.items():
        if slot not in {*project.slots, RASA_SLOT}:
            yield Fault("slot_unknown", place=place, slot=slot)


def _buttons(project: _Project) -> Iterator[str]:
    for payload, place in project.payloads:
        match = re.match(r"/(\w+)(?:/(\w+))?", payload)
        if not match or match[1] not in set(project.intents) | project.retrieval:
            yield Fault("payload_unknown", place=place, payload=payload)
        elif match[2] and f"{match[1]}/{match[2]}" not in project.topics:
            yield Fault("payload_without_topic", place=place, payload=payload)


def _wording(project: _Project) -> Iterator[str]:
    for name, place in project.wording.items():
        if name not in project.strings:
            yield Fault("words_unread", place=place, name=name)


def _canned(project: _Project) -> Iterator[str]:
    """An agent finds each of her replies under one shortcut, and all that it says is filled in."""
    known, taken = project.variables | set(project.policies), dict[str, str]()
    for reply, place in project.canned:
        for key in ("shortcut", "title", "text"):
            if not isinstance(reply.get(key), str):
                yield Fault("reply_without", place=place, key=key)
        shortcut = str(reply.get("shortcut")).lower()
        if (first := taken.setdefault(shortcut, place)) != place:
            yield Fault("shortcut_taken", place=place, shortcut=shortcut, first=first)
        for name in re.findall(r"{(.*?)}", str(reply.get("text"))):
            if name not in known:
                yield Fault("reply_unfilled", place=place, name=name)


def _duplicates(project: _Project) -> Iterator[str]:
    """The same words, but for spaces, signs and width, under two intents: neither can be learned."""
    seen: dict[str, Example] = {}
    for example in project.examples:
        first = seen.setdefault(folded(example.text), example)
        if example.intent != first.intent:
            yield Fault(
                "example_twice",
                **{"place": example.place, "text": example.text, "intent": example.intent},
                **{"other": first.intent, "first": first.text, "there": first.place},
            )


def _stems(root: Path, code: Path) -> Iterator[str]:
    """One stem names a capability's language data, its rules and its actions."""
    nlu = {path.stem for path in (root / "data" / "nlu").iterdir()}
    for path in sorted((root / "data" / "stories").glob("*.yml")):
        if path.stem not in nlu:
            yield Fault("stem_of_stories", name=path.name)
    for path in sorted((code / "actions").glob("*.py")):
        if path.stem not in nlu | SHARED_MODULES:
            yield Fault("stem_of_actions", name=path.name, stem=path.stem)


def _placeholders(root: Path, project: _Project) -> Iterator[str]:
    """An answer is filled with policies, slots and what an action gives it; a shopper would see the rest."""
    try:
        policies.read(root / "data" / "policies.yml")
    except policies.Unreadable as error:
        yield error.why.with_facts(path="data/policies.yml") if isinstance(error.why, Fault) else error.why
        return
    for name, place in project.policies.items():
        if name in project.slots:
            yield Fault("policy_like_slot", place=place, name=name)
    for response, text, place in project.texts:
        known = {*project.policies, *project.slots, *(() if "/" in response else project.given)}
        for name in sorted(set(re.findall(r"{(.*?)}", text)) - known):
            yield Fault("response_unfilled", place=place, response=response, name=name)

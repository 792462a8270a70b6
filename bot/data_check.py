"""Checks of domain.yml, data/ and actions/ that Rasa's own validation lets pass.

Files only: nothing is imported from Rasa or from the actions.
"""

import ast
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from bot.policies import Unreadable, read
from bot.settings import ROOT

# Intents that the engine makes itself; they have no examples.
MADE_BY_ENGINE = {"nlu_fallback"}
# Actions that Rasa brings along and our rules may use.
RASA_ACTIONS = {"action_deactivate_loop", "action_listen"}
# The key under which Rasa keeps a response's name with what was said; no response itself.
RESPONSE_KEY = "utter_action"
# Modules of actions/ that serve several capabilities and so have no language data of their own.
SHARED_MODULES = {"__init__", "__main__", "cards", "order_choice", "server", "shop", "turn", "wording"}


@dataclass
class _Project:
    """What the files say, each name with the file that says it."""

    intents: set[str] = field(default_factory=set)
    actions: set[str] = field(default_factory=set)
    forms: set[str] = field(default_factory=set)
    slots: set[str] = field(default_factory=set)
    responses: dict[str, str] = field(default_factory=dict)
    payloads: list[tuple[str, str]] = field(default_factory=list)
    examples: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    done: dict[str, str] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)
    utters: list[tuple[str, re.Pattern[str], str]] = field(default_factory=list)
    readings: list[str] = field(default_factory=list)


def problems(root: Path = ROOT) -> list[str]:
    """What is wrong with the data under ``root``, each with its file, its name and what to do."""
    try:
        project = _read(root)
    except (YAMLError, SyntaxError, OSError) as error:
        return [f"{_relative(root, error)} cannot be read: {str(error).splitlines()[0]}. Correct the file."]
    return [
        *_intents(project),
        *_responses(project),
        *_actions(project),
        *_buttons(project),
        *_duplicates(project),
        *_stems(root),
        *_placeholders(root),
    ]


def _read(root: Path) -> _Project:
    project = _Project()
    _read_domain(project, root / "domain.yml")
    for path in sorted((root / "data").rglob("*.yml")):
        name = path.relative_to(root).as_posix()
        content = _yaml(path)
        if not isinstance(content, dict):
            continue
        for block in content.get("nlu") or []:
            if "intent" in block:
                lines = str(block.get("examples") or "").splitlines()
                texts = [line.strip()[1:].strip() for line in lines if line.strip().startswith("-")]
                found = project.examples.setdefault(block["intent"], [])
                found += [(text, name) for text in texts if text]
        _read_responses(project, content, name)
        for told in [*(content.get("rules") or []), *(content.get("stories") or [])]:
            _read_steps(project, told.get("steps") or [], name)
        if name == "data/wording.yml":
            project.readings = list(content.get("readings") or {})
    for path in sorted((root / "actions").rglob("*.py")):
        if "backend" not in path.parts:
            _read_code(project, path, path.relative_to(root).as_posix())
    return project


def _yaml(path: Path) -> Any:
    try:
        return YAML(typ="safe").load(path)
    except YAMLError as error:
        raise YAMLError(f"{path}: {error}") from error


def _read_domain(project: _Project, path: Path) -> None:
    domain = _yaml(path) or {}
    project.intents = {_name(intent) for intent in domain.get("intents") or []}
    project.actions = {_name(action) for action in domain.get("actions") or []}
    project.forms = set(domain.get("forms") or {})
    project.slots = {slot for form in (domain.get("forms") or {}).values() for slot in form["required_slots"]}
    _read_responses(project, domain, path.name)


def _read_responses(project: _Project, content: dict[str, Any], file: str) -> None:
    for name, variations in (content.get("responses") or {}).items():
        project.responses[name] = file
        for variation in variations or []:
            for button in variation.get("buttons") or []:
                project.payloads.append((str(button.get("payload")), f"{file}: {name}"))


def _read_steps(project: _Project, steps: list[dict[str, Any]], file: str) -> None:
    for step in steps:
        _read_steps(project, step.get("or") or [], file)
        if "intent" in step:
            project.told[step["intent"]] = file
        if "action" in step:
            project.done[step["action"]] = file


def _read_code(project: _Project, path: Path, file: str) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    parts: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for name in _action_names(node):
                project.classes[name] = file
        elif isinstance(node, ast.JoinedStr):
            parts |= {id(value) for value in node.values}
            _read_string(project, node.values, file)
        elif isinstance(node, ast.Constant) and id(node) not in parts:
            _read_string(project, [node], file)


def _action_names(node: ast.ClassDef) -> Iterator[str]:
    for member in node.body:
        if isinstance(member, ast.FunctionDef) and member.name == "name":
            for statement in ast.walk(member):
                if isinstance(statement, ast.Return) and isinstance(statement.value, ast.Constant):
                    yield str(statement.value.value)


def _read_string(project: _Project, parts: list[Any], file: str) -> None:
    """A response's name or a payload in the code; what is filled in at run time may be anything."""
    shown = "".join(part.value if _is_text(part) else "{…}" for part in parts)
    if re.match(r"utter_\w", shown) and shown != RESPONSE_KEY:
        pattern = "".join(re.escape(part.value) if _is_text(part) else ".*" for part in parts)
        project.utters.append((shown, re.compile(pattern), file))
    elif re.fullmatch(r"/\w+(/.+|\{.*)?", shown, re.DOTALL):
        project.payloads.append((shown, file))


def _is_text(part: Any) -> bool:
    return isinstance(part, ast.Constant) and isinstance(part.value, str)


def _intents(project: _Project) -> Iterator[str]:
    with_examples = {intent.partition("/")[0] for intent, texts in project.examples.items() if texts}
    retrieval = {intent.partition("/")[0] for intent in project.examples if "/" in intent}
    known = project.intents | retrieval | MADE_BY_ENGINE
    for intent in sorted(project.intents - with_examples - MADE_BY_ENGINE):
        yield f"domain.yml: intent {intent} has no example. Write data/nlu/{intent}.yml or remove the intent."
    for intent, texts in sorted(project.examples.items()):
        file = texts[0][1] if texts else "data/nlu"
        if intent.partition("/")[0] not in known:
            yield f"{file}: intent {intent} is not in domain.yml. Add it there under `intents`."
        if "/" in intent and not texts:
            yield f"{file}: FAQ topic {intent} has no question. Write some or remove its answer."
    for intent in sorted((project.intents | retrieval) - set(project.told)):
        yield f"domain.yml: no rule or story uses intent {intent}. Write data/stories/{intent}.yml."
    for intent, file in sorted(project.told.items()):
        if intent.partition("/")[0] not in known:
            yield f"{file}: intent {intent} is not in domain.yml. Correct the name or add the intent."
    for intent in project.readings:
        if intent not in known:
            yield f"data/wording.yml: reading {intent} is no intent of domain.yml. Correct or remove it."


def _responses(project: _Project) -> Iterator[str]:
    topics = {f"utter_{intent}" for intent in project.examples if "/" in intent}
    retrieval = {topic.partition("/")[0] for topic in topics}
    asked = {f"utter_ask_{slot}" for slot in project.slots} | {
        f"utter_ask_{form}_{slot}" for form in project.forms for slot in project.slots
    }
    for topic in sorted(topics - set(project.responses)):
        intent = topic.removeprefix("utter_")
        file = project.examples[intent][0][1] if project.examples[intent] else "data/nlu"
        yield f"{file}: FAQ topic {intent} has no answer. Write {topic} under `responses`."
    for name, file in sorted(project.responses.items()):
        if "/" in name:
            if name not in topics:
                intent = name.removeprefix("utter_")
                yield f"{file}: answer {name} has no questions. Write examples of {intent} or remove it."
        elif not (
            name in project.done
            or name in asked
            or any(pattern.fullmatch(name) for _, pattern, _ in project.utters)
        ):
            yield f"{file}: response {name} is never used. Use it in a rule or an action, or remove it."
    wanted = [(name, re.compile(re.escape(name)), file) for name, file in project.done.items()]
    for name, pattern, file in [*wanted, *project.utters]:
        if (
            name.startswith("utter_")
            and name not in retrieval
            and not any(map(pattern.fullmatch, project.responses))
        ):
            yield f"{file}: there is no response {name}. Write it in domain.yml or correct the name."


def _actions(project: _Project) -> Iterator[str]:
    listed = {action for action in project.actions if not action.startswith("utter_")}
    for action in sorted(listed - set(project.classes)):
        yield f"domain.yml: action {action} has no class in actions/. Write it or remove the action."
    for action, file in sorted(project.classes.items()):
        if action not in listed:
            yield f"{file}: action {action} is not in domain.yml. Add it there under `actions`."
    for action, file in sorted(project.done.items()):
        if not action.startswith("utter_") and action not in listed | project.forms | RASA_ACTIONS:
            yield f"{file}: action {action} is not in domain.yml. Correct the name or add the action."


def _buttons(project: _Project) -> Iterator[str]:
    retrieval = {intent.partition("/")[0] for intent in project.examples if "/" in intent}
    for payload, place in project.payloads:
        match = re.match(r"/(\w+)(?:/(\w+))?", payload)
        if not match or match[1] not in project.intents | retrieval:
            yield f"{place}: button payload {payload} names no intent of domain.yml. Correct the payload."
        elif match[2] and f"{match[1]}/{match[2]}" not in project.examples:
            yield f"{place}: button payload {payload} names no FAQ topic. Correct the payload."


def _duplicates(project: _Project) -> Iterator[str]:
    """The same words, but for spaces, signs and width, under two intents: neither can be learned."""
    seen: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    for intent, texts in project.examples.items():
        for text, file in texts:
            seen[_folded(text)].setdefault(intent, (text, file))
    for places in seen.values():
        (first, (text, file)), *others = places.items()
        for intent, (other, other_file) in others:
            yield (
                f"{other_file}: example “{other}” of {intent} is also under {first} (“{text}”, {file}). "
                "Keep it where it belongs."
            )


def _stems(root: Path) -> Iterator[str]:
    """One stem names a capability's language data, its rules and its actions."""
    nlu = {path.stem for path in (root / "data" / "nlu").iterdir()}
    for path in sorted((root / "data" / "stories").glob("*.yml")):
        if path.stem not in nlu:
            yield (
                f"data/stories/{path.name}: there is no data/nlu/{path.name}. Give both the same name: "
                "one stem per capability."
            )
    for path in sorted((root / "actions").glob("*.py")):
        if path.stem not in nlu | SHARED_MODULES:
            yield (
                f"actions/{path.name}: there is no data/nlu/{path.stem}.yml. Give both the same name, or "
                "list a shared module in bot/data_check.py."
            )


def _folded(text: str) -> str:
    plain = re.sub(r"\[([^\]]+)\](\([^)]*\)|\{[^}]*\})", r"\1", text)
    folded = re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", plain).lower())
    return folded or text


def _name(entry: Any) -> str:
    """Domain entries are names, or names with settings."""
    return str(next(iter(entry))) if isinstance(entry, dict) else str(entry)


def _relative(root: Path, error: Exception) -> str:
    if isinstance(error, SyntaxError | OSError) and error.filename:
        path = Path(error.filename)
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    return "A data file"


def _placeholders(root: Path) -> Iterator[str]:
    """An answer is filled with policies, slots and what an action gives it; a shopper would see the rest."""
    try:
        policies = set(read(root / "data" / "policies.yml"))
    except Unreadable as error:
        yield str(error).replace(f"{root}/", "")
        return
    slots = set((_yaml(root / "domain.yml") or {}).get("slots") or {})
    for name in sorted(policies & slots):
        yield f"data/policies.yml: policy {name} has the name of a slot, which would go before it. Rename it."
    code = [ast.parse(path.read_text(encoding="utf-8")) for path in (root / "actions").rglob("*.py")]
    given = {node.arg for tree in code for node in ast.walk(tree) if isinstance(node, ast.keyword)}
    for path in [root / "domain.yml", *sorted((root / "data").rglob("*.yml"))]:
        content = _yaml(path)
        responses = content.get("responses") if isinstance(content, dict) else None
        for response, variations in (responses or {}).items():
            known = policies | slots if "/" in response else policies | slots | given
            texts = str([variation.get("text") for variation in variations or []])
            for name in sorted(set(re.findall(r"{(.*?)}", texts)) - known):
                file = path.relative_to(root).as_posix()
                yield (
                    f"{file}: {response} says {{{name}}}, which nothing fills in. "
                    "Correct the name or add it to data/policies.yml."
                )

"""How a dialogue is written down (docs/testing-dialogues.md), and reading it from its file."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

# One phrase may be written without the brackets of a list.
Phrases = Annotated[list[str], BeforeValidator(lambda v: v if isinstance(v, list) else [v])]
Part = dict[str, Any]


class BadDialogue(Exception):
    """A file is not written as dialogues are; the text says where and what to mend."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)


class Trouble(_Strict):
    """What the shop does to calls in this shopper's name; as ``Fault`` of tests/shop_proxy.py."""

    method: str | None = None
    path: str = "*"
    delay: float = 0
    ends: Literal["answered", "error", "garbage", "refused", "lost"] = "answered"
    times: int | None = None


class Turn(_Strict):
    """What the shopper does, and what must come of it."""

    say: str | None = None
    tap: str | None = None
    photo: bool = False
    twice: str | None = None
    faults: list[Trouble] | None = None

    text: Phrases = []
    any: Phrases = []
    not_: Phrases = Field([], alias="not")
    buttons: Phrases = []
    no_buttons: bool = False
    cards: list[Part] | None = None
    owner: Literal["bot", "queue", "any"] | None = None
    handoff: str | None = None

    @model_validator(mode="after")
    def one_deed(self) -> "Turn":
        if sum(map(bool, (self.say or self.photo, self.tap, self.twice))) != 1:
            raise ValueError("a turn has exactly one of say, tap, photo and twice (or photo with say)")
        return self


class Ticket(_Strict):
    """What people are still working on for the shopper, or have done."""

    ref: str
    title: str
    state: str = "open"
    due_hours: float | None = None


class Records(_Strict):
    """What the shop's own books must hold after the last turn."""

    orders: dict[str, Part] = {}
    returns: list[Part] | None = None
    refunds: list[Part] | None = None


class Dialogue(_Strict):
    """One test."""

    name: str
    customer: Part = {}
    others: list[Part] = []
    shop: Part = {}
    visitor: bool = False
    tickets: list[Ticket] = []
    each: list[str] = []
    turns: list[Turn] = Field(min_length=1)
    records: Records = Records()

    @property
    def troubled(self) -> bool:
        return any(turn.faults for turn in self.turns)


def read(path: Path) -> dict[str, Dialogue]:
    """The dialogues of a file by test id; one with ``each`` stands for as many as it lists.

    Raises:
        BadDialogue: something in the file is not as it should be.
    """
    text = path.read_text(encoding="utf-8")
    try:
        lined, content = YAML().load(text), YAML(typ="safe").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        raise BadDialogue(f"{path.name}:{mark.line + 1 if mark else 1}: {error.problem}") from None
    if not isinstance(content, list):
        raise BadDialogue(f"{path.name}:1: write a list of dialogues, each beginning with '- name:'")
    found: dict[str, Dialogue] = {}
    for i, part in enumerate(content):
        try:
            dialogue = Dialogue.model_validate(part)
        except ValidationError as error:
            wrong = "\n".join(
                f"{path.name}:{_line(lined, (i, *e['loc']))}: {'.'.join(map(str, e['loc']))}: {e['msg']}"
                for e in error.errors()
            )
            raise BadDialogue(wrong) from None
        for name, one in _single(dialogue):
            if name in found:
                raise BadDialogue(f"{path.name}:{_line(lined, (i,))}: there is another {name!r}: rename one")
            found[name] = one
    return {f"{path.stem}: {name}": dialogue for name, dialogue in found.items()}


def put_in(value: Any, names: dict[str, str]) -> Any:
    """``value`` with every ``{name}`` in its strings replaced; braces around anything else stay."""
    if isinstance(value, BaseModel):
        return value.model_copy(update={key: put_in(part, names) for key, part in value})
    if isinstance(value, dict):
        return {put_in(key, names): put_in(part, names) for key, part in value.items()}
    if isinstance(value, list):
        return [put_in(part, names) for part in value]
    if isinstance(value, str):
        for name, meant in names.items():
            value = value.replace("{" + name + "}", meant)
    return value


def _single(dialogue: Dialogue) -> list[tuple[str, Dialogue]]:
    if not dialogue.each:
        return [(dialogue.name, dialogue)]
    return [
        (f"{dialogue.name} {number}", put_in(dialogue, {"each": sentence}))
        for number, sentence in enumerate(dialogue.each, start=1)
    ]


def _line(lined: Any, loc: tuple[Any, ...]) -> int:
    """The line of a part, or of the nearest that encloses it."""
    line = 0
    for key in loc:
        try:
            place = lined.lc
            line = (place.key if isinstance(lined, dict) else place.item)(key)[0]
            lined = lined[key]
        except (AttributeError, KeyError, IndexError, TypeError):
            break
    return line + 1

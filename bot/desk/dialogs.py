"""The questions before an action: forms of the browser's own, answered as a whole."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nicegui import events, ui

from bot.conversations.notices import ZONE
from bot.conversations.store import TEXT_LIMIT

from .context import Context
from .elements import button, el, text

Field = Callable[[], None]

_SUBMIT = """(event) => {
    event.preventDefault();
    const said = {};
    for (const [name, value] of new FormData(event.target)) (said[name] ??= []).push(value);
    emit(said);
}"""


@dataclass(frozen=True)
class Option:
    """One of several to choose from; ``detail`` stands beside it, ``mark`` colours a dot before it."""

    value: str
    title: str
    detail: str = ""
    mark: str = ""
    disabled: bool = False
    chosen: bool = False


class Answer:
    """What was filled in, by the names of the fields. The browser may say anything."""

    def __init__(self, said: object) -> None:
        self._said: Mapping[str, Any] = said if isinstance(said, dict) else {}

    def all(self, name: str) -> list[str]:
        """What was chosen."""
        said = self._said.get(name)
        return [cleaned(str(each))[:TEXT_LIMIT] for each in said] if isinstance(said, list) else []

    def one(self, name: str) -> str:
        """What was written or chosen; empty if nothing was."""
        return next(iter(self.all(name)), "")

    def moment(self, name: str) -> datetime | None:
        """The moment chosen, in the shop's zone."""
        try:
            return datetime.fromisoformat(self.one(name)).replace(tzinfo=ZONE)
        except ValueError:
            return None


def cleaned(words: str) -> str:
    """The words without what cannot be stored everywhere: lone surrogates and NUL."""
    return words.encode("utf-8", "replace").decode().replace("\0", "").strip()


async def ask(
    ctx: Context, what: str, *fields: Field, hint: str | None = None, danger: bool = False
) -> Answer | None:
    """A dialog before the action ``what``; None when the agent thinks better of it.

    Its sentences are ``WHAT_title``, ``WHAT_hint`` (unless given) and ``WHAT``.
    """
    t = ctx.t
    with ctx.root, ui.dialog() as dialog, ui.card().classes("ask"), el("form", "ask-form") as form:
        form.on("submit", lambda event: dialog.submit(_answer(event)), js_handler=_SUBMIT)
        text("h2", t(f"{what}_title"))
        if hint := (t(f"{what}_hint") if hint is None else hint):
            text("p", hint, "hint")
        for field in fields:
            field()
        with el("div", "ask-foot"):
            button(t("cancel"), "quiet").on("click", lambda: dialog.submit(None), args=[])
            confirm = text("button", t(what), "primary bad" if danger else "primary", type="submit")
            confirm.props["data-testid"] = "confirm"
            if not fields:
                confirm.props["autofocus"] = True
    answer: Answer | None = await dialog
    dialog.delete()
    return answer


def _answer(event: events.GenericEventArguments) -> Answer:
    return Answer(event.args)


def lines(name: str, label: str, value: str = "", *, first: bool = False, rows: int = 3) -> Field:
    """A field for several lines; ``first``: what is typed goes here."""

    def build() -> None:
        with el("label", "field"):
            text("span", label)
            area = el("textarea", "", name=name, rows=rows, maxlength=500, data_testid=name)
            area.props["defaultValue"] = value
            if first:
                area.props["autofocus"] = True

    return build


def line(name: str, label: str, value: str = "", *, limit: int, first: bool = False) -> Field:
    """A field for one line, which must be filled."""

    def build() -> None:
        with el("label", "field"):
            text("span", label)
            box = el("input", "", name=name, maxlength=limit, required=True, data_testid=name)
            # Not its value, which each update of the page would set anew.
            box.props["defaultValue"] = value
            if first:
                box.props["autofocus"] = True

    return build


def moment(name: str, label: str) -> Field:
    """A field for a date and time in the shop's zone, which may stay empty."""

    def build() -> None:
        with el("label", "field"):
            text("span", label)
            now = datetime.now(ZONE).strftime("%Y-%m-%dT%H:%M")
            el("input", "", name=name, type="datetime-local", min=now, data_testid=name)

    return build


def choice(
    name: str,
    groups: Sequence[tuple[str, Sequence[Option]]],
    *,
    several: bool = False,
    tight: bool = False,
    chosen: str | None = None,
    first: bool = False,
) -> Field:
    """Options under their headings, one of which must be chosen (``several``: any number of them).

    ``tight`` ones stand beside each other; ``chosen``: the value that is chosen at first; ``first``: the keys
    go here.
    """
    free = [option.value for _, options in groups for option in options if not option.disabled]
    focused = (chosen if chosen in free else next(iter(free), None)) if first else None

    def build() -> None:
        with el("div", "choices tight" if tight else "choices", data_testid=f"choose-{name}"):
            for heading, options in groups:
                if heading:
                    text("h3", heading)
                with el("div", "choice-group"):
                    for option in options:
                        holds = {
                            "disabled": option.disabled,
                            "required": not several,
                            "checked": option.chosen or option.value == chosen,
                            "autofocus": option.value == focused,
                        }
                        _build_option(name, option, several, [prop for prop, on in holds.items() if on])
                    if not options:
                        text("span", "—", "hint")

    return build


def _build_option(name: str, option: Option, several: bool, props: Sequence[str]) -> None:
    with el("label", "choice", data_testid=f"option-{option.value}"):
        kind = "checkbox" if several else "radio"
        el("input", "", type=kind, name=name, value=option.value, **dict.fromkeys(props, True))
        if option.mark:
            el("i", "mark", data_presence=option.mark)
        text("span", option.title, "choice-title")
        if option.detail:
            text("span", option.detail, "hint")

"""What is found in a sheet, as sentences."""

from collections.abc import Iterable

from bot.staff.texts import Texts

from .columns import Column, heading
from .plan import Plan, Warned
from .reading import Fault


def place(t: Texts, row: int | None, column: Column | None) -> str:
    """Where in the sheet something is."""
    if row is None:
        return t("whole_file")
    return t("row_column", row=row, column=heading(t, column)) if column else t("row", row=row)


def sentence(t: Texts, each: Fault | Warned) -> str:
    """What is wrong there, or should be looked at."""
    kind = "fault" if isinstance(each, Fault) else "warning"
    values = {
        name: _joined(t, value) if isinstance(value, tuple) else value for name, value in each.values.items()
    }
    more = each.more if isinstance(each, Fault) else ()
    told = [t(f"{kind}_{each.why}", **values), *(sentence(t, other) for other in more)]
    return ("" if t.language == "zh" else " ").join(dict.fromkeys(told))


def told(t: Texts, each: Fault | Warned) -> str:
    """Both, on one line."""
    return t("told", where=place(t, each.row, each.column), what=sentence(t, each))


def counted(t: Texts, plan: Plan) -> list[str]:
    """How much a plan changes, by kind."""
    return [t(f"count_{kind}", n=count) for kind, count in plan.counts.items() if count]


def summary(t: Texts, plan: Plan) -> str:
    """The line for the history."""
    return t("summary", what=_joined(t, counted(t, plan)))


def _joined(t: Texts, parts: Iterable[str]) -> str:
    return ("、" if t.language == "zh" else ", ").join(parts)

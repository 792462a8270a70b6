"""What is found in a sheet, as sentences."""

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
    return t(f"{'fault' if isinstance(each, Fault) else 'warning'}_{each.why}", **each.values)


def told(t: Texts, each: Fault | Warned) -> str:
    """Both, on one line."""
    return t("told", where=place(t, each.row, each.column), what=sentence(t, each))


def counted(t: Texts, plan: Plan) -> list[str]:
    """How much a plan changes, by kind."""
    return [t(f"count_{kind}", n=count) for kind, count in plan.counts.items() if count]


def summary(t: Texts, plan: Plan) -> str:
    """The line for the history."""
    return t("summary", what=("、" if t.language == "zh" else ", ").join(counted(t, plan)))

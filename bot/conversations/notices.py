"""What the service itself says to shoppers; the sentences live in ``data/notices.yml``."""

from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

from bot.settings import ROOT

# Buttons that the conversation itself answers, without asking the engine.
HUMAN = "guitai:human"
LEAVE_QUEUE = "guitai:leave_queue"
REOPEN_TICKET = "guitai:reopen_ticket:"  # followed by the ticket's id
ZONE = ZoneInfo("Asia/Shanghai")


@cache
def _texts() -> dict[str, str]:
    texts: dict[str, str] = YAML(typ="safe").load(ROOT / "data" / "notices.yml")
    return texts


def text(key: str, **values: object) -> str:
    """The sentence named ``key`` with its ``{placeholders}`` filled.

    Raises:
        KeyError: ``data/notices.yml`` has no such sentence.
    """
    return _texts()[key].format(**values)


def buttons(*payloads: str) -> list[dict[str, str]]:
    """Buttons for the given service payloads."""
    titles = {HUMAN: "human_button", LEAVE_QUEUE: "leave_queue_button"}
    return [{"title": text(titles[payload]), "payload": payload} for payload in payloads]


def titles() -> set[str]:
    """What the buttons say by which a shopper leaves the queue or opens a ticket again."""
    return {text("leave_queue_button"), text("reopen_ticket_button")}


def reopen_ticket(ticket_id: int) -> list[dict[str, str]]:
    """The button by which a shopper says that this ticket is not solved."""
    return [{"title": text("reopen_ticket_button"), "payload": f"{REOPEN_TICKET}{ticket_id}"}]


def moment(at: datetime) -> str:
    """A moment as the shop's people would say it today, 明天 9:00."""
    there, today = at.astimezone(ZONE), datetime.now(ZONE).date()
    clock = f"{there.hour}:{there.minute:02d}"
    near = {today: "moment_today", today + timedelta(days=1): "moment_tomorrow"}.get(there.date())
    if near:
        return text(near, clock=clock)
    return text("moment_later", month=there.month, day=there.day, clock=clock)


def wait(seconds: int | None) -> str:
    """How long the wait is likely to be, to be put behind a place in the queue; empty where nobody knows."""
    if seconds is None:
        return ""
    return text("wait_minutes", minutes=round(seconds / 60)) if seconds >= 90 else text("wait_soon")

"""The shop's policies that the actions reckon with; see data/policies.yml."""

from functools import cache

from bot.followed import data_file
from bot.policies import FILE, Policies
from bot.settings import settings


@cache
def _policies() -> Policies:
    return Policies(data_file(settings.bot_dir, FILE))


def dispatch_hours() -> int:
    """The shop's promise: hours between payment and dispatch."""
    return int(_policies().now()["dispatch_hours"])


def over_limit(fen: int) -> bool:
    """Whether the amount is more than the bot gives out without a human."""
    return fen > 100 * int(_policies().now()["self_service_limit"])

"""The numbers of data/policies.yml that the actions reckon with."""

from actions.policies import dispatch_hours, over_limit
from bot.policies import Policies


def test_the_shops_numbers_count() -> None:
    told = Policies().now()
    assert dispatch_hours() == int(told["dispatch_hours"])
    limit = int(told["self_service_limit"]) * 100
    assert not over_limit(limit) and over_limit(limit + 1)

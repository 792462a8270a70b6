"""What the tests of the figures share: the clock that stands still."""

from tests.handoff.conftest import Clock
from tests.handoff.conftest import clock as clock

__all__ = ["Clock"]

"""What the studio's tests share."""

from pathlib import Path

import pytest

from tests.postgres import with_the_long_tests


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    with_the_long_tests(items, Path(__file__).parent, ("test_collecting.py", "test_training.py"))

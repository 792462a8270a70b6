"""The stack that all dialogues share, with a proxy in front of the shop."""

from collections.abc import Iterator

import pytest

from tests.stack import Running, running_stack


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with pytest.MonkeyPatch.context() as environment:
        # All these shoppers come from one address.
        environment.setenv("GUITAI_ADDRESS_MESSAGES_PER_MINUTE", "100000")
        environment.setenv("GUITAI_SESSIONS_PER_MINUTE", "100000")
        with running_stack(tmp_path_factory.mktemp("stage"), proxied=True) as running:
            yield running

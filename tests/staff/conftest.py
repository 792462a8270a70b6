from collections.abc import Iterator

import pytest

from bot.conversations.database import connect
from bot.staff import Accounts


@pytest.fixture
def accounts(database_url: str) -> Iterator[Accounts]:
    engine = connect(database_url)
    yield Accounts(engine)
    engine.dispose()

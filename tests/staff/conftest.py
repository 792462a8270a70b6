from pathlib import Path

import pytest

from bot import migrations
from bot.conversations.database import connect
from bot.staff import Accounts


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    url = f"sqlite:///{tmp_path / 'guitai.db'}"
    migrations.upgrade(url)
    return Accounts(connect(url))

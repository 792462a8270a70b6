"""A real front with an engine in trouble behind it."""

from collections.abc import Iterator

import httpx
import pytest

from bot.front import create
from bot.migrations import upgrade
from bot.settings import Settings
from tests.faults import TroubledEngine
from tests.servers import serving

from .shop_page import Shop, shop_with_widget


@pytest.fixture(scope="module")
def engine() -> TroubledEngine:
    return TroubledEngine()


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, engine: TroubledEngine) -> Iterator[Settings]:
    with serving(engine.app()) as url:
        yield Settings(
            data_dir=tmp_path_factory.mktemp("web"),
            engine_url=url,
            allowed_origins="https://shop.example",
            messages_per_minute=100,
        )


@pytest.fixture(scope="module")
def front(settings: Settings) -> Iterator[str]:
    upgrade(settings.database)
    with serving(create(settings)) as url:
        yield url


@pytest.fixture
def http(front: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=front, timeout=10) as client:
        yield client


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with shop_with_widget(tmp_path_factory.mktemp("shop")) as shop:
        yield shop

"""`bot catalogue sync`, against the sample shop and against none."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from actions.backend.contract import Unavailable
from actions.backend.rest import RestShop
from bot import catalogue
from bot.settings import ROOT, Settings
from bot.shop.app import create_app
from tests.servers import free_port, serving


def sync(data_dir: Path, shop_url: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "GUITAI_DATA_DIR": str(data_dir), "GUITAI_SHOP_URL": shop_url}
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", "catalogue", "sync"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def paged(names: list[str], broken: int = 0) -> Starlette:
    """A shop with these products, whose page ``broken`` fails."""

    async def products(request: Request) -> JSONResponse:
        page, size = int(request.query_params["page"]), int(request.query_params["page_size"])
        if page == broken:
            return JSONResponse({}, 500)
        some = [{"id": name, "name": name} for name in names[(page - 1) * size : page * size]]
        return JSONResponse({"items": some, "page": page, "page_size": size, "total": len(names)})

    return Starlette(routes=[Route("/v1/products", products)])


def test_the_catalogue_in_the_repository_is_the_sample_shops(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, shop_database_url=f"sqlite:///{tmp_path / 'shop.db'}")
    before = catalogue.FILE.read_bytes()
    with serving(create_app(settings)) as address:
        done = sync(tmp_path, address)
    assert (done.returncode, done.stdout) == (0, "20 products, 0 added, 0 removed.\n"), done.stderr
    assert catalogue.FILE.read_bytes() == before


def test_a_shop_that_is_away_is_one_sentence_and_changes_nothing(tmp_path: Path) -> None:
    before = catalogue.FILE.read_bytes()
    started = time.monotonic()
    done = sync(tmp_path, f"http://127.0.0.1:{free_port()}")
    assert done.returncode == 1 and "GUITAI_SHOP_URL" in done.stderr and "Traceback" not in done.stderr
    assert time.monotonic() - started < 20 and catalogue.FILE.read_bytes() == before


def test_a_wrong_secret_is_told(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "shop", shop_database_url=f"sqlite:///{tmp_path / 'shop.db'}")
    with serving(create_app(settings)) as address:
        done = sync(tmp_path / "bot", address)
    assert done.returncode == 1 and "401" in done.stderr and "shop-service" in done.stderr


def test_all_pages_come_together_sorted_and_once() -> None:
    names = [f"货 {number}" for number in range(250)] + ["  货  7\n", " "]
    with serving(paged(names)) as address:
        assert catalogue.fetch(RestShop(address, "secret")) == sorted(f"货 {number}" for number in range(250))


def test_a_page_that_fails_gives_nothing() -> None:
    shop = paged([f"货{number}" for number in range(250)], broken=3)
    with serving(shop) as address, pytest.raises(Unavailable):
        catalogue.fetch(RestShop(address, "secret"))


def test_an_empty_shop_is_an_error() -> None:
    with serving(paged([])) as address, pytest.raises(catalogue.EmptyCatalogue):
        catalogue.fetch(RestShop(address, "secret"))


def test_the_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.txt"
    assert catalogue.replace(path, ["甲", "乙"]) == (2, 0)
    assert catalogue.replace(path, ["乙", "丙", "丁"]) == (2, 1)
    assert path.read_text(encoding="utf-8") == "乙\n丙\n丁\n"
    with pytest.raises(UnicodeEncodeError):
        catalogue.replace(path, ["\ud800"])
    assert path.read_text(encoding="utf-8") == "乙\n丙\n丁\n" and list(tmp_path.iterdir()) == [path]

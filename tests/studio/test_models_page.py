"""The page of trainings and models in a real browser, with a real office and worker."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page, expect

from bot.conversations import audits
from bot.conversations.store import Store
from bot.settings import ROOT, Settings
from bot.studio.models import Models
from bot.studio.training import queue
from tests.faults import TroubledEngine
from tests.offices import Contexts, Office, environment, running_office
from tests.servers import free_port, serving
from tests.studio.small_data import write_small_data

pytestmark = pytest.mark.timeout(400)
# Milliseconds that a worker may take on a busy machine.
SOON, TRAINED = 120_000, 300_000


@dataclass
class Studio:
    """A running office and worker over little data."""

    office: Office
    engine: TroubledEngine
    worker: "subprocess.Popen[bytes]"

    @property
    def settings(self) -> Settings:
        return self.office.settings

    @property
    def store(self) -> Store:
        return self.office.store

    @property
    def models(self) -> Models:
        return Models(self.settings.models_dir)

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "bot.cli", "studio", *arguments]
        return subprocess.run(
            command,
            env=environment(self.settings),
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
        )


@contextmanager
def running_studio(folder: Path) -> Iterator[Studio]:
    """An office and a worker whose data, models and log lie in ``folder``."""
    (folder / "bot").mkdir()
    (folder / "models").mkdir()
    write_small_data(folder / "bot")
    with ExitStack() as around:
        engine = TroubledEngine(model="guitai-000000000000")
        settings = Settings(
            data_dir=folder / "var",
            bot_dir=folder / "bot",
            models_dir=folder / "models",
            office_port=free_port(),
            engine_url=around.enter_context(serving(engine.app())),
        )
        office = around.enter_context(running_office(settings))
        studio = Studio(office, engine, started_worker(settings))
        around.callback(lambda: studio.worker.wait())
        around.callback(lambda: studio.worker.terminate())
        yield studio


def started_worker(settings: Settings) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "bot.worker"], env=environment(settings), cwd=ROOT)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with running_studio(tmp_path_factory.mktemp("studio")) as studio:
        yield studio


@pytest.fixture
def page(studio: Studio, context: Contexts) -> Page:
    return studio.office.enter(context, "/studio/models")


def test_only_admins_train(studio: Studio, context: Contexts) -> None:
    page = studio.office.enter(context, "/studio/models", "supervisor")
    for method, path in (
        ("get", "/studio/models"),
        ("get", "/studio/trainings"),
        ("post", "/studio/trainings"),
        ("post", "/studio/trainings/1/cancel"),
        ("post", "/studio/models/guitai-000000000000/pin"),
        ("post", "/studio/models/guitai-000000000000/check"),
    ):
        headers = {"Origin": studio.settings.office}
        answer = getattr(page.request, method)(f"{studio.settings.office}{path}", headers=headers)
        assert answer.status == 403, path
    assert queue.under_way(studio.store) == [] == queue.latest(studio.store)


def test_from_the_button_to_the_model(studio: Studio, page: Page) -> None:
    expect(page.get_by_test_id("models-empty")).to_be_visible()
    page.get_by_test_id("train").click()
    running = page.get_by_test_id("training-running")
    running.wait_for(timeout=SOON)
    expect(running).to_contain_text("管理员")
    expect(page.get_by_test_id("step")).to_have_text(re.compile("数据|加载|训练|处理|打包"), timeout=SOON)
    page.get_by_text("训练日志").click()
    expect(page.get_by_test_id("log")).to_contain_text("checking the data", timeout=SOON)

    # One more may wait, and either can be cancelled.
    page.get_by_test_id("train").click()
    expect(page.get_by_role("status")).to_have_text("同样的数据已经在训练了。")
    page.get_by_test_id("cancel").click()
    past = page.get_by_test_id("past-training")
    expect(past).to_contain_text("管理员 取消", timeout=SOON)
    expect(running).to_be_hidden()

    page.wait_for_load_state()
    page.get_by_test_id("train").click()
    running.wait_for(timeout=SOON)
    (trainer,) = psutil.Process(studio.worker.pid).children()
    trainer.send_signal(signal.SIGKILL)
    expect(past.first).to_contain_text("失败")
    expect(page.get_by_test_id("last-failed")).to_contain_text("可能是内存不足", timeout=SOON)

    # The page was just rendered anew: its script listens once it is loaded.
    page.wait_for_load_state()
    page.get_by_test_id("train").click()
    running.wait_for(timeout=SOON)
    model = page.get_by_test_id("model")
    model.wait_for(timeout=TRAINED)
    expect(past.first).to_contain_text("完成")
    expect(model).to_contain_text("38 意图")
    expect(model).to_contain_text("管理员")
    (made,) = studio.models.listed()
    assert made.by == "管理员" and made.commit

    model.get_by_text("校验").click()
    expect(page.get_by_role("status")).to_contain_text("完好")
    page.get_by_test_id("pin").click()
    expect(model).to_contain_text("取消保留")
    assert studio.models.model(made.name).pinned
    assert studio.models.checked(made.name)
    assert audits.latest(studio.store)[0].action == "pin_model"

    # It serves, and then somebody edits a file.
    studio.engine.model = made.name
    page.reload()
    expect(model).to_contain_text("在用")
    expect(page.get_by_test_id("changes")).to_contain_text("数据没有修改")
    domain = studio.settings.bot_dir / "domain.yml"
    domain.write_text("# <b>mine</b>\n" + domain.read_text(encoding="utf-8"), encoding="utf-8")
    page.reload()
    expect(page.get_by_test_id("change")).to_have_count(1)
    expect(page.get_by_test_id("change")).to_contain_text("直接改文件")

    # What was trained once is not trained again; the second training knows how long it takes.
    domain.write_text(domain.read_text(encoding="utf-8").partition("\n")[2], encoding="utf-8")
    done = studio.command("train", "--wait")
    assert done.returncode == 0 and f"{made.name}: it was there already" in done.stdout, done
    listed = studio.command("models").stdout
    assert made.name in listed and "serves, kept" in listed and "372 examples" in listed

    made.path.chmod(0o644)
    with made.path.open("r+b") as archive:
        archive.seek(1000)
        archive.write(b"\0\0\0")
    page.reload()
    model.get_by_text("校验").click()
    expect(page.get_by_role("alert")).to_contain_text("已损坏")
    made.path.unlink()

"""Trainings from the wish to the model, by the real trainer on little data."""

import asyncio
import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from bot.conversations import audits
from bot.conversations.database import connect
from bot.conversations.steps import now
from bot.conversations.store import Store
from bot.data_faults import read
from bot.settings import ROOT
from bot.studio.models import Models
from bot.studio.training import queue
from bot.studio.training.models import CANCELLED, DONE, FAILED, QUEUED, RUNNING, Training
from bot.studio.training.queue import By, End
from bot.studio.training.runner import ENGINE_PYTHON, Runner
from tests.conftest import new_database
from tests.studio.small_data import write_small_data

LI = By("小李", 7)
WANG = By("小王", 8)


@pytest.fixture
def sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return Store(connect(new_database(request, "sqlite", tmp_path / "guitai.db")))


@pytest.fixture(scope="module")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_small_data(folder)
    return folder


def found(store: Store, training: Training) -> Training:
    again = queue.found(store, training.id)
    assert again
    return again


# ---- the queue ----


def test_one_runs_and_one_waits(store: Store) -> None:
    first = queue.ask(store, "a" * 40, LI)
    assert (first.how, first.training.state, first.training.by) == ("begins", QUEUED, "小李")
    assert queue.ask(store, "a" * 40, WANG).training.id == first.training.id
    running = queue.claim(store, "w1")
    assert running and running.id == first.training.id and running.state == RUNNING
    assert queue.claim(store, "w2") is None

    second = queue.ask(store, "b" * 40, LI)
    assert second.how == "waits"
    third = queue.ask(store, "c" * 40, WANG)
    assert third.how == "replaces"
    replaced = found(store, second.training)
    assert (replaced.state, replaced.failure) == (CANCELLED, "replaced")
    # What runs is asked for anew only where something newer waits already.
    assert queue.ask(store, "c" * 40, LI).how == "there"
    assert [each.id for each in queue.under_way(store)] == [first.training.id, third.training.id]

    assert queue.end(store, running, End(DONE, model="guitai-0123456789ab", fresh=True), "gesagt")
    assert queue.claim(store, "w2").id == third.training.id  # type: ignore[union-attr]
    over = queue.latest(store)
    assert [each.id for each in over] == [second.training.id, first.training.id]
    assert (over[1].state, over[1].model, over[1].log) == (DONE, "guitai-0123456789ab", "gesagt")
    told = [(each.by, each.action) for each in audits.latest(store)]
    assert told == [("agent:8", "train"), ("agent:7", "train"), ("agent:7", "train")]


def test_two_workers_and_many_admins_at_once(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        asked = list(pool.map(lambda n: queue.ask(store, f"{n % 3:040}", By(f"a{n}")), range(8)))
        assert sum(each.how == "begins" for each in asked) == 1
        claimed = list(pool.map(lambda n: queue.claim(store, f"w{n}"), range(8)))
    assert sum(each is not None for each in claimed) == 1
    assert len(queue.under_way(store)) == 1


def test_a_training_is_begun_again_once_when_its_worker_died(store: Store) -> None:
    queue.ask(store, "a" * 40, LI)
    for attempt, worker in enumerate(("w1", "w2"), 1):
        training = queue.claim(store, worker)
        assert training and training.attempts == attempt
        assert queue.note(store, training, step="training", share=0.5, log="…") == "on"
        _lapse(store, training)
    # The first worker, which was only asleep, is told.
    assert queue.note(store, replace_lease(training, "w1")) == "lost"
    assert queue.claim(store, "w3") is None
    failed = found(store, training)
    assert (failed.state, failed.failure) == (FAILED, "worker_gone")
    assert not queue.end(store, training, End(DONE, model="guitai-0123456789ab"))
    assert found(store, training).state == FAILED


def test_a_worker_that_ends_by_order_costs_no_attempt(store: Store) -> None:
    queue.ask(store, "a" * 40, LI)
    for worker in ("w1", "w2", "w3", "w4"):
        training = queue.claim(store, worker)
        assert training and training.attempts == 1
        queue.release(store, training)


def test_cancelling(store: Store) -> None:
    first = queue.ask(store, "a" * 40, LI).training
    running = queue.claim(store, "w1")
    assert running
    waiting = queue.ask(store, "b" * 40, LI).training
    assert queue.cancel(store, waiting.id, WANG) and found(store, waiting).state == CANCELLED
    assert not queue.cancel(store, waiting.id, WANG)
    assert queue.cancel(store, first.id, WANG)
    assert (found(store, first).state, found(store, first).cancelled_by) == (RUNNING, "小王")
    assert queue.note(store, running) == "cancel"
    # The worker may die over it.
    _lapse(store, running)
    assert queue.claim(store, "w2") is None
    assert found(store, first).state == CANCELLED
    assert not queue.cancel(store, 999, WANG)


def _lapse(store: Store, training: Training) -> None:
    with store.writing() as session:
        held = session.get(Training, training.id)
        assert held
        held.lease_until = now() - timedelta(seconds=1)


def replace_lease(training: Training, worker: str) -> Training:
    return Training(id=training.id, lease_by=worker)


# ---- the worker ----


class Workshop:
    """A runner beside the test, its models and what it was given to train."""

    def __init__(self, store: Store, models: Models, data: Path, python: Path = ENGINE_PYTHON) -> None:
        self.store, self.models, self.data = store, models, data
        self.exported: list[str] = []
        self._runner = Runner(store, models, self.export, kept=3, in_use=set, python=python)

    def export(self, commit: str, folder: Path) -> None:
        self.exported.append(commit)
        shutil.copytree(self.data, folder, dirs_exist_ok=True)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """The runner works meanwhile; it is stopped as the worker's end would stop it."""
        loop = asyncio.new_event_loop()
        task = loop.create_task(self._runner.run())
        thread = threading.Thread(target=_until_cancelled, args=(loop, task))
        thread.start()
        try:
            yield
        finally:
            loop.call_soon_threadsafe(task.cancel)
            thread.join(20)
            assert not thread.is_alive()

    def until(
        self, training: Training, holds: Callable[[Training], object], seconds: float = 100
    ) -> Training:
        deadline = time.monotonic() + seconds
        while not holds(again := found(self.store, training)):
            assert time.monotonic() < deadline, (again.state, again.failure, again.detail, again.log)
            time.sleep(0.1)
        return again

    def trainers(self) -> list[psutil.Process]:
        """Trainers of this workshop's models that run."""
        return trainers(self.models.folder)

    def left(self) -> list[str]:
        """What lies in the models' folder beside models and their sidecars."""
        return [path.name for path in self.models.folder.iterdir() if not path.name.startswith("guitai-")]


def trainers(models: Path) -> list[psutil.Process]:
    running = []
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if "bot.engine.train" in command and str(models) in command:
            running.append(process)
    return running


def _until_cancelled(loop: asyncio.AbstractEventLoop, task: "asyncio.Task[None]") -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(task)
    except asyncio.CancelledError:
        pass
    finally:
        loop.close()


@pytest.fixture
def workshop(sqlite: Store, tmp_path: Path, small_data: Path) -> Workshop:
    folder = tmp_path / "models"
    folder.mkdir()
    return Workshop(sqlite, Models(folder), small_data)


def over(training: Training) -> bool:
    return training.state not in (QUEUED, RUNNING)


@pytest.mark.timeout(400)
def test_a_model_comes_about(workshop: Workshop, small_data: Path) -> None:
    store, commit = workshop.store, "a" * 40
    (workshop.models.folder / ".studio-1-killed").mkdir()  # as a worker that was killed leaves it
    seen: set[str] = set()
    with workshop.at_work():
        asked = queue.ask(store, commit, LI).training
        running = workshop.until(asked, lambda t: t.step)
        (process,) = workshop.trainers()
        assert process.nice() == 15 and os.getpgid(process.pid) == process.pid
        assert os.sched_getscheduler(process.pid) == os.SCHED_BATCH
        environment = process.environ()
        assert environment["OMP_NUM_THREADS"] == "1" and not [n for n in environment if "GUITAI" in n]
        done = workshop.until(asked, lambda t: over(t) or seen.add(t.step or ""))  # type: ignore[func-returns-value]
        # Nothing has changed since: the model is there, and nothing told how long it would take at first.
        again = queue.ask(store, "b" * 40, WANG).training
        second = workshop.until(again, over)
    assert running.state == RUNNING and running.share is None
    assert (done.state, done.failure, done.fresh) == (DONE, None, True), (done.detail, done.log)
    assert "loading Rasa" in seen and "packing the model …" in done.log
    assert workshop.exported == [commit, "b" * 40]
    assert (second.state, second.model, second.fresh) == (DONE, done.model, False)
    assert workshop.left() == [] and workshop.trainers() == []

    (model,) = workshop.models.listed()
    assert (model.name, model.commit, model.by) == (done.model, commit, "小李")
    assert model.rows["intents"] == 38 and model.rows["topics"] > 100 and model.rows["rules"] > 40
    assert not os.access(model.path, os.W_OK) or os.getuid() == 0
    assert model.path.stat().st_mode & 0o222 == 0
    assert workshop.models.checked(model.name) == model
    by_hand = subprocess.run(
        [ENGINE_PYTHON, "-m", "bot.engine.fingerprint", workshop.models.folder, "--root", small_data],
        **{"cwd": ROOT, "capture_output": True, "text": True, "check": True},  # type: ignore[call-overload]
    )
    assert Path(by_hand.stdout.strip()) == model.path


@pytest.mark.timeout(400)
def test_what_ends_a_training(workshop: Workshop) -> None:
    """A cancel, a kill -9, and the worker's own end: nothing stays behind, and the next is trained."""
    store = workshop.store
    with workshop.at_work():
        cancelled = queue.ask(store, "a" * 40, LI).training
        waiting = None
        workshop.until(cancelled, lambda t: t.step)
        waiting = queue.ask(store, "b" * 40, LI).training
        queue.cancel(store, cancelled.id, WANG)
        ended = workshop.until(cancelled, over, 60)
        assert (ended.state, ended.cancelled_by) == (CANCELLED, "小王")

        workshop.until(waiting, lambda t: t.step)
        (process,) = workshop.trainers()
        process.kill()
        killed = workshop.until(waiting, over, 60)
        assert (killed.state, killed.failure, killed.detail) == (FAILED, "killed", "SIGKILL")
        assert workshop.left() == []

        stopped = queue.ask(store, "c" * 40, LI).training
        workshop.until(stopped, lambda t: t.step)
    assert found(store, stopped).state == RUNNING
    assert workshop.left() == [] and workshop.trainers() == []
    assert workshop.models.listed() == []
    with workshop.at_work():
        again = workshop.until(stopped, lambda t: t.step)
        assert again.attempts == 1
    assert workshop.trainers() == []


def test_data_that_the_check_refuses(workshop: Workshop, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(workshop.data, broken)
    domain = broken / "domain.yml"
    domain.write_text(domain.read_text(encoding="utf-8").replace("intents:", "intents: 7\nx:", 1), "utf-8")
    workshop.data = broken
    with workshop.at_work():
        failed = workshop.until(queue.ask(workshop.store, "a" * 40, LI).training, over)
    assert (failed.state, failed.failure) == (FAILED, "refused")
    assert failed.detail and read(failed.detail).startswith("domain.yml:") and "Traceback" not in failed.log
    assert workshop.models.listed() == [] and workshop.left() == []


def test_what_stands_in_the_way_is_told(workshop: Workshop, tmp_path: Path) -> None:
    def tried(other: Workshop) -> Training:
        with other.at_work():
            return other.until(queue.ask(workshop.store, "a" * 40, LI).training, over)

    without = Workshop(workshop.store, workshop.models, workshop.data, tmp_path / "none" / "python")
    assert tried(without).failure == "no_engine"

    def full(commit: str, folder: Path) -> None:
        (folder / "config.yml").write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def unknown(commit: str, folder: Path) -> None:
        raise LookupError(f"There is no commit {commit[:7]}.")

    for export, failure, detail in (
        (full, "disk_full", None),
        (unknown, "no_data", "There is no commit aaaaaaa."),
    ):
        other = Workshop(workshop.store, workshop.models, workshop.data)
        other._runner._export = export
        failed = tried(other)
        assert (failed.state, failed.failure, failed.detail) == (FAILED, failure, detail)
    assert workshop.left() == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts a disk of a size; skips where that is not allowed."""
    mounted: list[Path] = []

    def mount(size: str) -> Path:
        folder = tmp_path / "disk"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        if subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode:
            pytest.skip("a small file system cannot be mounted here")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_disk_that_is_nearly_full_is_left_to_the_log(
    sqlite: Store, small_data: Path, small_disk: Callable[[str], Path]
) -> None:
    workshop = Workshop(sqlite, Models(small_disk("50m")), small_data)
    with workshop.at_work():
        failed = workshop.until(queue.ask(sqlite, "a" * 40, LI).training, over)
    assert (failed.failure, workshop.exported, workshop.left()) == ("disk_full", [], [])


def test_a_disk_that_fills_up_meanwhile(
    sqlite: Store, small_data: Path, small_disk: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.studio.training.runner.FREE_BYTES", 0)
    folder = small_disk("2500k")  # room for the snapshot, not for a model beside it
    workshop = Workshop(sqlite, Models(folder), small_data)
    with workshop.at_work():
        failed = workshop.until(queue.ask(sqlite, "a" * 40, LI).training, over)
    assert (failed.state, failed.failure) == (FAILED, "disk_full"), (
        failed.failure,
        failed.detail,
        failed.log,
    )
    assert list(folder.iterdir()) == []


WORKER = """
import asyncio, shutil, sys
from pathlib import Path
from bot.conversations.database import connect
from bot.conversations.store import Store
from bot.studio.models import Models
from bot.studio.training.runner import Runner
url, models, data = sys.argv[1:]
export = lambda commit, folder: shutil.copytree(data, folder, dirs_exist_ok=True)
runner = Runner(Store(connect(url)), Models(Path(models)), export, kept=3, in_use=set)
asyncio.run(runner.run())
"""


def test_a_worker_that_is_killed_takes_the_trainer_with_it(workshop: Workshop, tmp_path: Path) -> None:
    """Of two workers one trains; killed, its trainer ends too, and the other begins again."""
    store = workshop.store
    url = f"sqlite:///{tmp_path / 'guitai.db'}"
    command = [sys.executable, "-c", WORKER, url, str(workshop.models.folder), str(workshop.data)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    workers = [subprocess.Popen(command, env=environment, cwd=ROOT) for _ in range(2)]
    try:
        asked = queue.ask(store, "a" * 40, LI).training
        workshop.until(asked, lambda t: t.step)
        (trainer,) = workshop.trainers()
        (killed,) = (each for each in workers if each.pid == trainer.ppid())
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        psutil.wait_procs([trainer], timeout=60)
        assert workshop.trainers() == []
        assert found(store, asked).state == RUNNING
        _lapse(store, asked)
        again = workshop.until(asked, lambda t: t.attempts == 2 and t.step)
        (trainer,) = workshop.trainers()
        assert trainer.ppid() != killed.pid and again.state == RUNNING
        # What the first left is gone already.
        assert len(workshop.left()) == 1
        queue.cancel(store, asked.id, WANG)
        workshop.until(asked, over, 60)
        assert workshop.left() == []
    finally:
        for each in workers:
            each.kill()
            each.wait()

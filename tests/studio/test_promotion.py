"""Promoting without a supervisor: what is checked and tried before a model may answer, and what is kept.

The engines are stand-ins; the real ones, under the real supervisor, are in test_promotion_live.py.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot import live_model
from bot.conversations.models import Audit
from bot.conversations.steps import now
from bot.conversations.store import Store
from bot.live_model import Live
from bot.settings import Settings
from bot.studio import promotion
from bot.studio.promotion import CHECK, STEPS, SWITCH, Promoter, Run, Stopped
from bot.studio.promotions import FAILED, INTERRUPTED, LIVE, PROMOTE, ROLLBACK
from bot.studio.proof import Comparisons, rules
from tests.faults import TroubledEngine
from tests.servers import free_port, serving

OLD, NEW, THIRD = (f"guitai-{number:012x}" for number in (1, 2, 3))


@dataclass
class Engine(TroubledEngine):
    """Forgets, as the real one does."""

    forgotten: list[str] = field(default_factory=list)
    silent: bool = False

    async def answer(self, request: Request) -> Response:
        answer = await super().answer(request)
        return JSONResponse({**json.loads(bytes(answer.body)), "replies": []}) if self.silent else answer

    async def forget(self, request: Request) -> Response:
        self.forgotten.append(request.path_params["conversation"])
        return Response(status_code=204)

    def app(self) -> Starlette:
        path = "/webhooks/conversation/memory/{conversation}"
        return Starlette(
            routes=[Route(path, self.forget, methods=["DELETE"]), *super().app().router.routes],
        )


@dataclass
class Installation:
    """Two sides, of which blue answers with the old model."""

    settings: Settings
    store: Store
    blue: Engine
    green: Engine
    against: list[str]

    @property
    def models(self) -> Path:
        return self.settings.models_dir

    @property
    def promoter(self) -> Promoter:
        return Promoter(self.settings, self.store, lambda model: self.against)

    def promote(self, model: str = NEW, why: str = "", started: bool = True) -> Run:
        return self.promoter.promote(model, "agent:3", why, started)

    def live(self) -> tuple[str, str | None]:
        """What answers by the file, and what the other side has."""
        live = live_model.read(self.models)
        return (str(live.model(live.live)), live.model(live.other)) if live else ("", None)


def write_model(models: Path, name: str) -> Path:
    path = models / f"{name}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        content = name.encode() * 100
        member = tarfile.TarInfo("metadata.json")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return path


@pytest.fixture
def here(store: Store, tmp_path: Path) -> Iterator[Installation]:
    models = tmp_path / "models"
    models.mkdir()
    for name in (OLD, NEW):
        write_model(models, name)
    with ExitStack() as around:
        blue, green = Engine(model=OLD), Engine(model=NEW)
        settings = Settings(
            data_dir=tmp_path,
            models_dir=models,
            engine_url=around.enter_context(serving(blue.app())),
            green_engine_url=around.enter_context(serving(green.app())),
            turn_seconds=2,
        )
        yield Installation(settings, store, blue, green, [])


def refused(here: Installation, code: str, model: str = NEW, why: str = "") -> Stopped:
    """The promotion is refused for this reason, before anything was begun."""
    before = here.live()
    with pytest.raises(Stopped) as stopped:
        here.promote(model, why)
    assert stopped.value.code == code and here.live() == before
    assert all(row.outcome is not None for row in here.promoter.history.latest())
    return stopped.value


def failed(here: Installation, code: str) -> Stopped:
    """The promotion fails for this reason, the old model goes on, and the next is let in."""
    with pytest.raises(Stopped) as stopped:
        here.promote().carry_out()
    assert stopped.value.code == code
    assert here.live()[0] in ("", f"{OLD}.tar.gz")
    row = here.promoter.history.latest()[0]
    assert row.outcome == FAILED and row.problem and row.problem["code"] == code
    for language in ("zh", "en"):
        assert promotion.SENTENCES[language](f"why_{code}", **row.problem["values"])
    with live_model.alone(here.models) as nobody:
        assert nobody
    return stopped.value


def test_a_model_is_tried_then_answers_and_the_way_back_takes_no_start(here: Installation) -> None:
    steps: list[str] = []
    here.promote(why="新的问题会答了").carry_out(steps.append)
    assert tuple(steps) == STEPS
    assert here.live() == (f"{NEW}.tar.gz", f"{OLD}.tar.gz") and live_model.side(here.models) == "green"
    row = here.promoter.history.latest()[0]
    assert (row.kind, row.by, row.from_model, row.to_model) == (PROMOTE, "agent:3", OLD, NEW)
    assert (row.outcome, row.why, row.against, row.problem) == (LIVE, "新的问题会答了", [], None)
    digest = hashlib.sha256((here.models / f"{NEW}.tar.gz").read_bytes()).hexdigest()
    assert row.sha256 == digest and row.seconds is not None
    # Each was asked of the new side alone, and it forgot them.
    names = {f"canary-{number}" for number in range(1, len(promotion.canaries()) + 1)}
    assert len(here.green.asked) == len(names) and set(here.green.forgotten) == names
    assert not here.blue.asked and not here.blue.forgotten

    found = here.promoter.overview()
    assert (found.serves, found.stands_by, found.way_back, found.under_way) == (NEW, OLD, OLD, None)
    steps.clear()
    here.promoter.roll_back("cli:0").carry_out(steps.append)
    assert steps == [CHECK, SWITCH] and here.live() == (f"{OLD}.tar.gz", f"{NEW}.tar.gz")
    assert not here.blue.asked and (back := here.promoter.history.latest()[0]).kind == ROLLBACK
    assert {model: row.id for model, row in here.promoter.overview().left.items()} == {NEW: back.id}
    # And on again, which says nothing against the old one.
    here.promoter.roll_back("cli:0").carry_out()
    assert here.promoter.serving() == NEW and here.promoter.overview().left == {}
    with here.store.reading() as session:
        noted = session.execute(select(Audit.by, Audit.action).order_by(Audit.id)).all()
    assert [tuple(each) for each in noted] == [
        ("agent:3", PROMOTE),
        ("cli:0", ROLLBACK),
        ("cli:0", ROLLBACK),
    ]


def test_since_when_the_old_one_answers_is_not_told_by_the_first_promotion(here: Installation) -> None:
    seen: list[tuple[str | None, bool]] = []

    def look(_: str) -> None:
        found = here.promoter.overview()
        assert found.under_way and found.under_way.to_model == NEW and found.serves == OLD
        seen.append((live_model.read(here.models) is not None, found.since is None))

    here.promote().carry_out(look)
    # The file that names both sides is there before the new one answers.
    assert (True, True) in seen and all(unknown for _, unknown in seen)
    since = here.promoter.overview().since
    assert since and here.promoter.overview().history[0].at < since
    write_model(here.models, THIRD)
    here.blue.model = THIRD
    told: list[object] = []
    here.promote(THIRD).carry_out(lambda _: told.append(here.promoter.overview().since))
    assert set(told) == {since}


def test_what_is_no_model_or_answers_already_is_refused(here: Installation) -> None:
    refused(here, "unknown_model", "guitai-none")
    refused(here, "unknown_model", f"../models/{NEW}")
    refused(here, "is_live", OLD)
    with pytest.raises(Stopped) as stopped:
        here.promoter.roll_back("cli:0")
    assert stopped.value.code == "no_way_back"


def test_what_speaks_against_it_stops_it_unless_an_admin_says_why(here: Installation) -> None:
    here.against = ["退货的准确率低了 4%", "一个对话测试不通过"]
    stopped = refused(here, "against", why="  ")
    assert "退货的准确率低了 4%" in promotion.SENTENCES["zh"]("why_against", **stopped.values)
    here.promote(why="促销今晚开始").carry_out()
    row = here.promoter.history.latest()[0]
    assert (row.outcome, row.against, row.why) == (LIVE, here.against, "促销今晚开始")
    # What answered before may always answer again.
    here.promoter.roll_back("agent:3").carry_out()


def test_what_was_not_compared_needs_a_reason(here: Installation) -> None:
    promoter = Promoter(here.settings, here.store, Comparisons(here.store, here.settings).against)
    with pytest.raises(Stopped) as stopped:
        promoter.promote(NEW, "agent:3", started=True)
    not_compared = rules.said("not_compared", "zh")
    assert (stopped.value.code, stopped.value.values["reasons"]) == ("against", not_compared)
    promoter.promote(NEW, "agent:3", "急着上线", started=True).carry_out()
    row = promoter.history.latest()[0]
    assert (row.outcome, row.against, row.why) == (LIVE, [not_compared], "急着上线")


def test_one_at_a_time(here: Installation) -> None:
    run = here.promote()
    refused_now = pytest.raises(Stopped)
    with refused_now as stopped:
        here.promote()
    assert stopped.value.code == "busy"
    under_way = here.promoter.overview().under_way
    assert under_way and under_way.id == run.number and under_way.outcome is None
    run.carry_out()


def test_an_engine_that_is_away_is_told(here: Installation) -> None:
    here.settings.engine_url = f"http://127.0.0.1:{free_port()}"
    refused(here, "engine_away")
    assert here.promoter.overview().serves is None


def test_a_torn_or_changed_archive_never_answers(here: Installation) -> None:
    path = here.models / f"{NEW}.tar.gz"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    failed(here, "torn")
    path.write_bytes(whole)
    sidecar = here.models / f"{NEW}.json"
    sidecar.write_text(json.dumps({"sha256": "0" * 64}))
    failed(here, "changed")
    assert not here.green.asked and live_model.read(here.models) is None
    sidecar.write_text(json.dumps({"sha256": hashlib.sha256(whole).hexdigest()}))
    here.promote().carry_out()


def test_a_canary_without_an_answer_keeps_the_model_from_answering(here: Installation) -> None:
    here.green.status = 502
    failed(here, "canary")
    here.green.status, here.green.silent = 200, True
    assert "empty" in str(failed(here, "canary"))
    assert len(set(here.green.forgotten)) == len(promotion.canaries())
    here.green.silent, here.green.handoff = True, {"reason": "asked"}
    here.promote().carry_out()


def test_an_engine_with_another_model_does_not_answer(here: Installation) -> None:
    here.green.model = OLD
    failed(here, "other_model")


def test_without_a_supervisor_it_is_said_what_to_do_by_hand(here: Installation) -> None:
    with pytest.raises(Stopped) as stopped:
        here.promote(started=False).carry_out()
    assert stopped.value.code == "no_supervisor"
    said = promotion.SENTENCES["en"]("why_no_supervisor", **stopped.value.values)
    assert "--side green" in said and f"bot studio promote {NEW} --already-running" in said
    # An engine that is started so finds what it shall load.
    assert here.live() == (f"{OLD}.tar.gz", f"{NEW}.tar.gz")
    here.promote(started=True).carry_out()
    assert here.promoter.serving() == NEW


def test_who_died_is_understood_by_the_next(here: Installation) -> None:
    here.promote().carry_out()
    died_before = here.promoter.history.begin(
        by="cli:0", kind=PROMOTE, from_model=NEW, to_model=OLD, why=None, against=[], step="ready"
    )
    died_behind = here.promoter.history.begin(
        by="cli:0", kind=PROMOTE, from_model=OLD, to_model=NEW, why=None, against=[], step=SWITCH
    )
    assert here.promoter.overview().under_way is None
    here.promoter.roll_back("cli:0").carry_out()
    outcomes = {row.id: row.outcome for row in here.promoter.history.latest()}
    assert (outcomes[died_before], outcomes[died_behind]) == (INTERRUPTED, LIVE)


def test_what_a_dead_promoter_left_is_not_taken_for_the_way_back(here: Installation) -> None:
    here.promote().carry_out()
    candidate = write_model(here.models, "guitai-candidate")
    live = live_model.read(here.models)
    assert live
    live_model.write(here.models, live.with_model(live.other, candidate.name))
    here.blue.model = "guitai-candidate"
    assert here.promoter.overview().stands_by == "guitai-candidate"
    with pytest.raises(Stopped) as stopped:
        here.promoter.roll_back("cli:0").carry_out()
    assert (stopped.value.code, stopped.value.values["model"]) == ("no_supervisor", OLD)
    assert here.promoter.serving() == NEW


def test_a_broken_file_is_told_and_stays(here: Installation) -> None:
    (here.models / live_model.FILE).write_text("{")
    with pytest.raises(Stopped) as stopped:
        here.promote()
    assert stopped.value.code == "file" and (here.models / live_model.FILE).read_text() == "{"


def test_the_former_model_is_let_go_after_its_time(here: Installation) -> None:
    long_ago = (now() - timedelta(hours=3)).isoformat()
    standing = Live("green", f"{OLD}.tar.gz", f"{NEW}.tar.gz", long_ago)
    live_model.write(here.models, standing)
    assert not here.promoter.cool()  # it may stay until the next promotion
    here.settings.warm_hours = 4
    assert not here.promoter.cool()
    assert live_model.read(here.models) == standing

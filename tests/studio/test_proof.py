"""Proof before promotion, with models of a small bot that are really trained, compared and looked at."""

import asyncio
import copy
import json
import re
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text as sql

from bot import model_sidecar
from bot.conversations import privacy
from bot.conversations.database import connect
from bot.conversations.privacy import Privacy
from bot.conversations.steps import Reply
from bot.conversations.store import Store
from bot.settings import ROOT
from bot.studio.files import Author, Repository, language
from bot.studio.proof import Comparisons, causes, replay, rules
from bot.studio.proof import text as terminal
from bot.studio.proof.comparisons import Refused, verdict_of
from bot.studio.proof.models import Comparison
from bot.studio.training.models import DONE, Training
from tests.laying import lay

from .proving import Proving
from .proving import admin as admin
from .proving import proving as proving
from .proving import studio as studio
from .small_bot import good, write_tests

# A comparison loads Rasa, niced behind whatever else the machine does.
pytestmark = pytest.mark.timeout(400)

HOSTILE = "早上好<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
ERASED = "早上好，我是住在梧桐里的顾小北"
UNDERSTOOD = {"intent": "greet", "confidence": 0.9, "ranking": [{"name": "greet", "confidence": 0.9}]}


def say(store: Store, text: str, understanding: dict[str, Any] | None = UNDERSTOOD) -> str:
    """A message that the bot has answered; its conversation."""
    conversation = store.begin("web", None, None).id
    store.receive(conversation, secrets.token_hex(6), text)
    turn = store.claim_turn("test", 30)
    assert turn
    assert store.finish_turn(turn, [Reply("您好")], understanding, "good")
    return conversation


@pytest.fixture(scope="module")
def said(proving: Proving) -> str:
    """What shoppers have said lately; the conversation of ERASED."""
    for text in ("早上好", "早上好", HOSTILE, "我的订单发货了吗", "怎么开发票"):
        say(proving.store, text)
    say(proving.store, "还没有读过的", None)
    return say(proving.store, ERASED)


def compared(proving: Proving, candidate: str, current: str = "good") -> int:
    """The id of a comparison that was performed here."""
    comparisons = Comparisons(proving.store, proving.settings)
    id = comparisons.compare(candidate, current, "测试")
    performing(comparisons, id).join()
    return id


def performing(comparisons: Comparisons, id: int) -> threading.Thread:
    """The comparison while it is performed; in a thread, as Playwright's event loop suffers no other."""
    thread = threading.Thread(target=lambda: asyncio.run(comparisons.perform(id)))
    thread.start()
    return thread


def sentences(proving: Proving, candidate: str) -> list[str]:
    verdict = Comparisons(proving.store, proving.settings).verdict(candidate, "good")
    assert not verdict.passed
    return verdict.reasons


def test_training_refuses_a_contradiction_and_names_it(proving: Proving) -> None:
    assert list(proving.refused) == ["contradicting"]
    assert "'again'" in proving.refused["contradicting"] and "'greet'" in proving.refused["contradicting"]


@pytest.mark.parametrize(
    ("candidate", "told"),
    [
        ("emptied", ["（greet）", "8/8", "0/8", "100 个百分点"]),
        ("slotless", ["槽位", "asked_before"]),
        ("formless", ["表单", "order_form"]),
        ("intentless", ["意图不见了", "greet"]),
    ],
)
def test_a_bad_candidate_is_stopped_by_name(
    proving: Proving, tmp_path: Path, candidate: str, told: list[str]
) -> None:
    settings = proving.settings.model_copy(update={"bot_dir": tmp_path})
    write_tests(tmp_path, dialogues="")
    compared(Proving(settings, proving.store, {}, {}), candidate)
    reasons = sentences(proving, candidate)
    assert all(part in reasons[0] for part in told), reasons
    assert reasons[0].count("greet") <= 1


def test_an_admin_compares_reads_why_and_judges(proving: Proving, said: str, admin: Page) -> None:
    admin.get_by_test_id("compare-candidate").select_option("bad")
    admin.get_by_test_id("compare-current").select_option("good")
    admin.get_by_test_id("compare-begin").click()
    expect(admin.get_by_test_id("compare-running")).to_be_visible()
    with proving.running("bot.worker"):
        expect(admin.locator("[data-step]")).not_to_be_empty(timeout=60_000)
        expect(admin.get_by_test_id("compare-verdict")).to_be_visible(timeout=250_000)

    verdict, reasons = admin.get_by_test_id("compare-verdict"), admin.get_by_test_id("compare-reasons")
    expect(verdict).to_contain_text("不能上线")
    for told in ("asked_before", "（greet）", "small: A greeting is returned"):
        expect(reasons).to_contain_text(told)
    expect(reasons.locator("li")).to_have_count(3)
    expect(admin.get_by_test_id("compare-intent").first).to_contain_text("greet")
    expect(admin.locator("svg polyline.candidate")).to_have_attribute(
        "points", re.compile(r"^(\d+\.\d+,\d+\.\d+ ?)+$")
    )
    broken = admin.get_by_test_id("compare-broken")
    broken.locator("summary").click()
    expect(broken).to_contain_text("应该说到「您好」，没有说")
    expect(broken.locator(".talk")).to_contain_text("你好")
    expect(admin.locator("#dialogues")).to_contain_text("排队和人工 1 段")
    # Of which data these models are, nobody has noted.
    expect(admin.get_by_test_id("compare-between")).to_contain_text("不知道在用的模型是用哪一次的数据训练的")
    expect(admin.get_by_test_id("compare-reading")).to_contain_text("你好")
    expect(admin.get_by_test_id("compare-mend")).to_contain_text("加到「打招呼」的例句里")
    expect(admin.get_by_test_id("compare-cause")).to_have_count(0)
    # What shoppers said is text, whatever it looks like.
    hostile = admin.get_by_test_id("compare-change").filter(has_text="onerror")
    expect(hostile.locator(".words")).to_have_text(HOSTILE)
    assert "taken" not in admin.title()
    assert admin.locator(".changes img, .changes script").count() == 0
    # The same words of two shoppers are one line; what the bot has not read is none.
    often = admin.get_by_test_id("compare-change").first
    expect(often).to_contain_text("2 次")
    expect(admin.get_by_test_id("compare-change")).to_have_count(3)

    admin.keyboard.press("j")
    admin.keyboard.press("2")
    expect(often).to_have_attribute("data-judged", "worse")
    expect(reasons).to_contain_text("2 句")
    admin.keyboard.press("1")
    expect(admin.locator("[data-count=better] b")).to_have_text("1")
    admin.locator("[data-count=worse]").click()
    expect(admin.get_by_test_id("compare-change")).to_have_count(1)
    expect(admin.get_by_test_id("compare-change").first).to_contain_text("2 次")
    admin.get_by_test_id("compare-change").first.locator("[data-judge=worse]").click()
    expect(reasons.locator("li")).to_have_count(3)


@pytest.fixture
def taught(proving: Proving, tmp_path: Path) -> Iterator[Repository]:
    """The small bot's files, whose first change is of the model good, and the last one of the model bad."""
    settings = proving.settings
    lay(settings.bot_dir, good())
    files = Repository(settings.bot_dir)
    sidecars = {name: settings.models_dir / f"{name}.json" for name in ("good", "bad")}
    noted = {path: path.read_bytes() for path in sidecars.values()}

    def trained(model: str) -> None:
        archive = sidecars[model].with_suffix(".tar.gz")
        model_sidecar.write(archive, replace(model_sidecar.read(archive), commit=files.head()))

    ada = Author("阿达", "ada")
    trained("good")
    with files.edit(ada, "少了几句问候") as draft:
        language.remove_example(draft, "greet", "你好")
    with files.edit(ada, "<b>多了几句</b>") as draft:
        language.add_example(draft, "out_of_scope", "你好不好玩")
    with files.edit(ada, "退货几天") as draft:
        draft.write("data/policies.yml", draft.text("data/policies.yml").replace("7", "15"))
    trained("bad")
    yield files
    for path, content in noted.items():
        path.write_bytes(content)
    shutil.rmtree(settings.bot_dir)
    write_tests(settings.bot_dir)


def test_the_changes_between_two_models_and_the_likely_cause(
    proving: Proving, taught: Repository, admin: Page
) -> None:
    comparisons = Comparisons(proving.store, proving.settings)
    newest = next(
        each.id for each in comparisons.latest() if each.candidate == "bad" and each.verdict is False
    )
    why = causes.causes(
        proving.store, proving.settings.models_dir, taught, found := comparisons.comparison(newest)
    )
    assert [each.summary for each in why.between.changes] == ["退货几天", "<b>多了几句</b>", "少了几句问候"]
    (reading,) = why.readings["small: A greeting is returned"]
    assert reading.text == "你好" and reading.right == "greet" and reading.turn == 1
    (cause,) = reading.causes
    told = terminal.table(found, verdict_of(found, "en"), why)
    assert (
        f"likely cause: {cause.change.id[:10]}" in told
        and f"bot studio revert {cause.change.id[:10]}" in told
    )

    admin.goto(f"{proving.settings.office}/studio/compare/{newest}")
    commits = admin.get_by_test_id("compare-commit")
    expect(commits).to_have_count(3)
    expect(commits.nth(1)).to_contain_text("<b>多了几句</b> 阿达")
    expect(admin.get_by_test_id("compare-cause")).to_contain_text(cause.change.summary)
    mend = admin.get_by_test_id("compare-mend").get_by_role("link")
    expect(mend.nth(0)).to_have_attribute("href", "/studio/language/intents/greet")
    mend.nth(1).click()
    admin.wait_for_url(f"**/studio/history/{cause.change.id}")

    # A topic has its own page.
    report = copy.deepcopy(found.report)
    assert report
    report["dialogues"]["broken"][0]["readings"][0]["before"]["reading"] = "faq/return_postage"
    with proving.store.writing() as session:
        session.get_one(Comparison, newest).report = report
    admin.goto(f"{proving.settings.office}/studio/compare/{newest}")
    expect(mend.nth(0)).to_have_attribute("href", "/studio/knowledge/topics/faq/return_postage")
    expect(mend.nth(1)).to_have_attribute("href", "/studio/history")
    with proving.store.writing() as session:
        session.get_one(Comparison, newest).report = found.report

    # The other way round, nothing can be taken back to mend it.
    with proving.store.reading() as session:
        turned = session.get_one(Comparison, newest)
    turned.candidate, turned.current = turned.current, turned.candidate
    back = causes.causes(proving.store, proving.settings.models_dir, taught, turned)
    assert back.between.backwards and len(back.between.changes) == 3
    assert not any(each.causes for each in back.readings["small: A greeting is returned"])

    # A commit of another repository is not known here; what a model does not tell, its training may.
    models = proving.settings.models_dir
    for commit, state in (("f" * 40, "no_current"), (why.between.changes[0].id, "same")):
        model_sidecar.write(models / "good.tar.gz", model_sidecar.Sidecar())
        asked = {"commit_id": commit, "state": DONE, "by": "测试", "asked_at": found.at, "model": "good"}
        with proving.store.writing() as session:
            session.add(Training(**asked))
        assert causes.causes(proving.store, models, taught, found).between.state == state


def test_erasure_takes_the_replayed_words_along(proving: Proving, said: str, admin: Page) -> None:
    comparisons = Comparisons(proving.store, proving.settings)
    newest = comparisons.latest(1)[0].id
    admin.goto(f"{proving.settings.office}/studio/compare/{newest}")
    expect(admin.get_by_test_id("compare-change").filter(has_text=ERASED)).to_have_count(1)
    Privacy(proving.store, proving.settings.data_dir).erase(privacy.of_id(said), "test")
    admin.reload()
    expect(admin.locator(".changes")).to_contain_text("已删除")
    expect(admin.locator("body")).not_to_contain_text("梧桐里")
    with connect(proving.settings.database).connect() as connection:
        rows = connection.execute(sql("SELECT report, reasons, progress, problem FROM comparison")).all()
    assert "梧桐里" not in str(rows) and "\\u68a7" not in str(rows)
    assert list((proving.settings.data_dir / "comparing").iterdir()) == []


@pytest.mark.slow
def test_the_same_model_passes_against_itself_on_the_command_line(proving: Proving, said: str) -> None:
    command = [sys.executable, "-m", "bot.cli", "studio", "compare"]

    def run(*given: str) -> "subprocess.CompletedProcess[str]":
        whole = [*command, *given]
        return subprocess.run(whole, cwd=ROOT, env=proving.environment, capture_output=True, text=True)

    done = run("good", "--current", "good", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["passed"] and told["reasons"] == []
    report = told["report"]
    assert report["dialogues"] == {"played": 3, "broken": [], "failed_before": [], "left_out": {"queue": 1}}
    assert report["replay"]["changed"] == [] and report["replay"]["texts"] >= 4
    assert Comparisons(proving.store, proving.settings).verdict("good", "good").passed

    lost = subprocess.run(
        [*command, "nobody"], cwd=ROOT, env=proving.environment, capture_output=True, text=True
    )
    assert lost.returncode == 1 and "no model named" in lost.stderr and "Traceback" not in lost.stderr


@pytest.mark.slow
def test_a_model_that_was_replaced_must_be_compared_anew(proving: Proving, said: str) -> None:
    archive = proving.settings.models_dir / "good.tar.gz"
    whole = archive.read_bytes()
    comparisons = Comparisons(proving.store, proving.settings)
    comparisons.cancel(comparisons.compare("good", "good", "测试"))
    try:
        archive.write_bytes(whole[: len(whole) // 2])
        verdict = comparisons.verdict("good", "good")
        assert not verdict.passed and "重新对比" in verdict.reasons[0]
        # A torn archive is told in one sentence.
        failed = comparisons.comparison(compared(proving, "good"))
    finally:
        archive.write_bytes(whole)
    assert failed.state == "failed" and failed.problem
    assert "good.tar.gz cannot be read as a model" in failed.problem


def test_a_comparison_is_cancelled_and_leaves_nothing_behind(proving: Proving, said: str) -> None:
    comparisons = Comparisons(proving.store, proving.settings)
    id = comparisons.compare("good", "good", "测试")
    with pytest.raises(Refused):
        comparisons.compare("bad", "good", "另一位")
    under_way = performing(comparisons, id)
    deadline = time.monotonic() + 60
    while not comparisons.comparison(id).progress:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    comparisons.cancel(id)
    under_way.join(30)
    assert comparisons.comparison(id).state == "cancelled"
    assert list((proving.settings.data_dir / "comparing").iterdir()) == []
    assert "取消" in comparisons.verdict("good", "good").reasons[0]


def test_what_ran_in_a_killed_process_has_ended(proving: Proving) -> None:
    comparisons = Comparisons(proving.store, proving.settings)
    id = comparisons.compare("good", "good", "测试")
    with proving.store.writing() as session:
        long_ago = "2026-01-01 00:00:00"
        values = {"id": id, "at": long_ago}
        session.execute(sql("UPDATE comparison SET state = 'running', seen_at = :at WHERE id = :id"), values)
    other = comparisons.compare("good", "good", "测试")
    assert verdict_of(comparisons.comparison(id)).reasons == [
        "最近一次对比没有完成：对比的进程中断了，请重新开始。"
    ]
    comparisons.cancel(other)


def test_only_what_the_bot_has_read_lately_is_replayed(store: Store) -> None:
    say(store, "  在吗 ")
    for _ in range(7):
        say(store, "在吗")
    say(store, "你好")
    say(store, "长" * 2001)
    words = replay.recent(store, 7, 10)
    assert [(each.text, each.count, len(each.ids)) for each in words] == [("你好", 1, 1), ("在吗", 8, 5)]
    assert [each.text for each in replay.recent(store, 7, 1)] == ["你好"]
    assert replay.recent(store, 0, 10) == []


def test_margins_that_are_no_margins_are_told_with_their_place(tmp_path: Path) -> None:
    path = tmp_path / "proof.yml"
    path.write_text("intent_margin: viel\nmin_cases: 7\nworse_share: 0.1\nreplay_days: 7\nreplay_texts: 5\n")
    with pytest.raises(rules.CannotRead, match=r"proof\.yml: intent_margin"):
        rules.margins(path)
    assert rules.margins().intent_margin > 0

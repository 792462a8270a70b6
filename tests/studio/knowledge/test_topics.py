"""How topics stand: their days and channels, what waits for a training, and who changed them last."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from bot import model_sidecar
from bot.model_sidecar import Sidecar
from bot.settings import Settings
from bot.studio.files import Repository
from bot.studio.files.language import Topic, Variation, add_example, add_topic, set_answer
from bot.studio.files.language import topics as listed
from bot.studio.knowledge import placing, saying, topics
from bot.studio.knowledge.placing import Place
from bot.studio.knowledge.saying import Piece
from tests.faults import TroubledEngine
from tests.servers import serving
from tests.studio.files.conftest import LI, WANG

DAY = date(2026, 11, 11)


def named(files: Repository, name: str) -> Topic:
    return next(each for each in listed(files.look()) if each.name == name)


def answered(*answers: Variation) -> Topic:
    return Topic("faq/x", "greet", (), tuple(answers), "data/nlu/faq/x.yml", 1, "", 1)


def test_names_of_people(files: Repository) -> None:
    snapshot = files.look()
    assert topics.areas(snapshot) == {"goods": "商品", "returns": "returns"}
    assert topics.intents(snapshot) == {"greet": "打招呼", "order_status": "查订单进度"}
    assert topics.usual_intents(snapshot) == {"goods": "greet", "returns": "order_status"}
    called = topics.called(snapshot)
    assert (called["order_status"], called["faq/genuine"]) == ("查订单进度", "是正品吗")
    assert topics.title(named(files, "faq/return_postage")) == "退货运费谁出"


def test_a_new_topic_belongs_where_the_nearest_is(files: Repository) -> None:
    snapshot = files.look()
    goods, returns = Place("goods", "greet"), Place("returns", "order_status")
    assert placing.likeliest(snapshot, ["out_of_scope", "faq/return_postage", "faq/genuine"]) == returns
    assert placing.likeliest(snapshot, ["greet", "faq/return_postage"]) == goods
    assert placing.likeliest(snapshot, ["out_of_scope", "faq/gone"]) is None


def test_what_is_said_where_and_when() -> None:
    everywhere, chat = Variation("一"), Variation("二", "wechat")
    sale = Variation("三", since=DAY, until=DAY)
    over = Variation("四", "wechat", until=date(2026, 11, 10))
    wordings: Sequence[Variation] = (everywhere, chat, sale, over)
    assert saying.said(wordings, "web", DAY) == [2]
    assert saying.said(wordings, "wechat", DAY) == [1]
    assert saying.said(wordings, "web", date(2026, 11, 12)) == [0]
    assert saying.said(wordings, "wechat", date(2026, 11, 10)) == [3]
    assert saying.said((everywhere, Variation("五")), "web", DAY) == [0, 1]
    assert saying.said((chat,), "web", DAY) == []


def test_days_as_they_are_marked() -> None:
    over, later = Variation("一", until=date(2026, 11, 10)), Variation("二", since=date(2026, 11, 20))
    assert topics.days(answered(over, later, Variation("三", since=date(2026, 12, 1))), DAY) == topics.Days(
        silent=True, over=1, later=date(2026, 11, 20)
    )
    assert topics.days(answered(Variation("一", until=DAY)), DAY) == topics.Days(False, 0, None)
    assert topics.days(answered(), DAY).silent


def test_a_wording_filled() -> None:
    pieces = list(
        saying.pieces("{return_days} 天，{order_no}，{nope}。", {"return_days": "7"}, frozenset({"order_no"}))
    )
    assert pieces == [
        Piece("policy", "7", "return_days"),
        Piece("text", " 天，"),
        Piece("slot", "{order_no}", "order_no"),
        Piece("text", "，"),
        Piece("unknown", "{nope}", "nope"),
        Piece("text", "。"),
    ]
    # What is filled in is not filled again.
    said = saying.pieces("{a}{b}{ {a}", {"a": "{b}"})
    assert "".join(piece.text for piece in said) == "{b}{b}{ {b}"


def test_what_waits_for_a_training(files: Repository, tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    name, trained = "guitai-0123456789ab", files.head()
    (models / f"{name}.tar.gz").write_bytes(b"")
    with serving(TroubledEngine(model=name).app()) as url:
        settings = Settings(data_dir=tmp_path, bot_dir=files.root, models_dir=models, engine_url=url)
        # Of a model that says nothing of its data nothing is known.
        assert topics.fresh(files, files.look(), settings) is None
        model_sidecar.write(models / f"{name}.tar.gz", Sidecar(commit=trained))
        assert topics.fresh(files, files.look(), settings) == topics.Fresh()
        with files.edit(LI, "话题") as draft:
            add_example(draft, "faq/return_days", "多久内可以退")
            set_answer(draft, "faq/return_postage", "我们出")
            add_topic(draft, "data/nlu/faq/goods.yml", "faq/wash", "greet", ["能水洗吗"], ["看洗标。"])
        waiting = topics.fresh(files, files.look(), settings)
    assert waiting == topics.Fresh(frozenset({"faq/wash"}), frozenset({"faq/return_days"}))
    assert [waiting.why(each) for each in ("faq/wash", "faq/return_days", "faq/genuine")] == [
        "added",
        "changed",
        "",
    ]


def test_who_changed_a_topic_last(files: Repository) -> None:
    with files.edit(LI, "邮费") as draft:
        set_answer(draft, "faq/return_postage", "我们出")
    with files.edit(WANG, "天数") as draft:
        add_example(draft, "faq/return_days", "多久内可以退")
    last = {
        name: topics.last_change(files, named(files, f"faq/{name}"))
        for name in ("return_postage", "return_days", "genuine")
    }
    assert {name: change and change.summary for name, change in last.items()} == {
        "return_postage": "邮费",
        "return_days": "天数",
        "genuine": "The files as they were found",
    }
    change = last["return_postage"]
    assert change and change.author == LI

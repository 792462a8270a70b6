"""Words and spellings: listed, added, removed; a sentence tried before and after."""

import pytest

from bot.studio.cannot import Cannot
from bot.studio.files import Refused, Repository
from bot.studio.teaching import vocabulary
from bot.studio.teaching.vocabulary import Change, Entry, Hit

from .conftest import LI


def named(files: Repository, dictionary: str, asked: str = "") -> list[Entry]:
    return vocabulary.entries(files.look(), dictionary, asked)


def test_all_lists_are_told_with_how_much_is_in_them(untouched: Repository) -> None:
    listed = vocabulary.dictionaries(untouched.look())
    assert [(each.name, each.entries) for each in listed] == [
        *(("words", 2), ("colours", 2), ("festivals", 1), ("places", 2), ("reasons", 1)),
        *(("catalogue", 2), ("synonyms", 0)),
    ]
    assert [each.name for each in listed if each.fixed] == ["catalogue"]
    assert not vocabulary.synonyms_work(untouched.look())


def test_search_finds_names_and_what_is_typed(untouched: Repository) -> None:
    assert named(untouched, "places", "帝都") == [Entry("北京市", ("北京", "帝都"))]
    assert named(untouched, "places", "京市") == [*named(untouched, "places")]
    assert named(untouched, "words", "运费") == [Entry("运费险")]
    with pytest.raises(Cannot, match="no_list"):
        named(untouched, "../../secret")


def test_what_is_added_is_there_and_goes_again_without_a_trace(files: Repository) -> None:
    for change, path in (
        (Change("words", "云朵抱枕"), "data/nlu/lexicon/jieba/words.txt"),
        (Change("colours", "白色", "奶油白"), "data/nlu/lexicon/colours.yml"),
        (Change("places", "杭州市", "杭州"), "data/nlu/lexicon/places.yml"),
        (Change("festivals", "06-18", "年中大促"), "data/nlu/lexicon/festivals.yml"),
        (Change("reasons", "wrong_size", "偏大"), "data/nlu/lexicon/reasons.yml"),
    ):
        before = files.look().text(path)
        commit = vocabulary.add(files, LI, "词", change)
        assert files.change(commit or "").paths == (path,)
        asked = change.typed or change.name
        assert [each.name for each in named(files, change.dictionary, asked)] == [change.name]
        vocabulary.remove(files, LI, "词", change)
        assert files.look().text(path) == before


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (Change("words", "运费险"), "word_there"),
        (Change("words", "运 费"), "no_single_word"),
        (Change("words", "险"), "no_single_word"),
        (Change("words", "#运费"), "no_single_word"),
        (Change("words", "长" * 41), "no_word"),
        (Change("colours", "白色", "白"), "too_short"),
        (Change("colours", "白色", "纯黑"), "stands_already"),
        (Change("colours", "白色", "黑色"), "stands_already"),
        (Change("colours", "黑色", "純黑"), "stands_already"),
        (Change("places", "京城", "帝都"), "stands_already"),
        (Change("reasons", "smells", "有味道"), "reason_unknown"),
        (Change("festivals", "双旦", "双旦节"), "no_day"),
        (Change("festivals", "13-40", "怪日子"), "no_day"),
        (Change("catalogue", "新商品"), "fixed"),
        (Change("nothing", "一", "二"), "no_list"),
    ],
)
def test_what_would_do_harm_is_told(untouched: Repository, change: Change, why: str) -> None:
    before = untouched.head()
    with pytest.raises(Cannot) as raised:
        vocabulary.add(untouched, LI, "", change)
    assert raised.value.why == why and untouched.head() == before


def test_what_is_gone_cannot_go_again(files: Repository) -> None:
    for change, why in (
        (Change("words", "没有的"), "word_gone"),
        (Change("colours", "白色", "没有的"), "word_gone"),
        (Change("catalogue", "保温杯"), "fixed"),
    ):
        with pytest.raises(Cannot, match=why):
            vocabulary.remove(files, LI, "", change)
    vocabulary.remove(files, LI, "", Change("reasons", "wrong_size", "太大"))
    with pytest.raises(Cannot, match="last_spelling"):
        vocabulary.remove(files, LI, "", Change("reasons", "wrong_size", "太小"))


def test_a_synonym_stands_for_a_value_that_examples_have(files: Repository) -> None:
    (change,) = (Change("synonyms", "跑鞋", "跑步鞋"),)
    with pytest.raises(Refused):  # there is no data/nlu/inform.yml to hold it
        vocabulary.add(files, LI, "", change)
    with files.edit(LI, "first") as draft:
        text = draft.text("data/nlu/order_status.yml")
        draft.write("data/nlu/order_status.yml", f"{text}  - synonym: 跑鞋\n    examples: |\n      - 云感\n")
    vocabulary.add(files, LI, "", change)
    assert named(files, "synonyms") == [Entry("跑鞋", ("云感", "跑步鞋"))]
    vocabulary.remove(files, LI, "", change)
    assert named(files, "synonyms") == [Entry("跑鞋", ("云感",))]


def test_a_sentence_is_read_as_it_is_and_as_it_would_be(untouched: Repository) -> None:
    snapshot = untouched.look()
    now, after = vocabulary.tried(snapshot, "想要云朵抱枕", Change("words", "云朵抱枕"))
    assert after and "云朵抱枕" in after.words and "云朵抱枕" not in now.words
    assert "".join(now.words) == "".join(after.words) == "想要云朵抱枕"
    now, after = vocabulary.tried(snapshot, "寄到魔都", Change("places", "上海市", "魔都"))
    assert now.hits == [] and after and after.hits == [Hit("places", "上海市", 2, 4)]
    assert untouched.look() == snapshot
    assert vocabulary.tried(snapshot, "你好", None)[1] is None


def test_names_are_found_in_every_spelling_the_longest_first(untouched: Repository) -> None:
    def hits(sentence: str) -> list[tuple[str, str]]:
        return [
            (hit.name, sentence[hit.start : hit.end])
            for hit in vocabulary.read(untouched.look(), sentence).hits
        ]

    assert hits("云感跑鞋要純 黑的，雙十一寄北京") == [
        ("云感跑鞋", "云感跑鞋"),
        ("黑色", "純 黑"),
        ("11-11", "雙十一"),
        ("北京市", "北京"),
    ]
    # The code of a reason is typed by nobody.
    assert hits("wrong_size 11-11") == [] and hits("尺码太大") == [("wrong_size", "太大")]
    assert hits("\u202e<b>") == []

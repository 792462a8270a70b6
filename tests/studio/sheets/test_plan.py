"""What a sheet would change, every way it can be wrong with its row, and what is written of it."""

from datetime import date
from pathlib import Path

import pytest

from bot.studio import sheets
from bot.studio.files import Conflict, Repository, language
from bot.studio.files.language import Variation
from bot.studio.sheets import Options, Plan
from tests.studio.files.conftest import LI, WANG
from tests.studio.files.small import SMALL, lay

from .conftest import csv_file, csv_rows, exported, opened, plan_of, saved, told, xlsx_file

RETURNS = "data/nlu/faq/returns.yml"
# What the export of the small bot says.
POSTAGE_1 = ["returns", "return_postage", "order_status", "退货运费谁出", "质量问题由我们承担", "", "", ""]
POSTAGE_2 = ["returns", "return_postage", "order_status", "退货要邮费吗", "", "", "", ""]
DAYS = ["returns", "return_days", "order_status", "几天内能退", "七天内\n无理由", "", "", ""]
ALL = [POSTAGE_1, POSTAGE_2, DAYS]


def made(files: Repository, plan: Plan) -> str | None:
    return sheets.make(files, LI, "导入表格", plan)


def topic(files: Repository, name: str) -> language.Topic:
    return next(each for each in language.topics(files.look()) if each.name == f"faq/{name}")


def questions(files: Repository, name: str) -> list[str]:
    return [each.text for each in topic(files, name).questions]


def row(cells: list[str], **changed: str) -> list[str]:
    names = ("area", "topic", "intent", "question", "answer", "channel", "since", "until")
    return [changed.get(name, cell) for name, cell in zip(names, cells, strict=True)]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_export_is_what_a_clerk_reads_and_changes_nothing(files: Repository, kind: str) -> None:
    content = exported(files, kind)
    if kind == "csv":
        assert csv_rows(content)[1:] == ALL
    else:
        sheet, how = opened(content).worksheets
        assert [list(each) for each in sheet.iter_rows(2, 2, values_only=True)] == [
            [cell or None for cell in POSTAGE_1]
        ]
        assert "return_days" in str(how["C3"].value)
    plan = plan_of(files, content)
    assert told(plan) == [] and plan.empty and plan.warnings == [] and not plan.lacking and not plan.gone
    assert made(files, plan) is None


def test_everything_at_once_is_one_commit(files: Repository) -> None:
    rows = [
        row(POSTAGE_1, answer="我们出：{same_day} 前"),
        row(POSTAGE_2, question="寄回去要钱吗", answer="微信上说", channel="微信", since="2026/11/1"),
        ["", "", "", "退货谁付邮费\n邮费找谁要", "", "", "", ""],
        DAYS,
        ["新类", "opened_box", "greet", "拆开了还能退吗", "能的", "", "", ""],
        ["", "opened_box", "", "=拆了", "", "", "", ""],
    ]
    plan = plan_of(files, csv_file(rows), name_of(files))
    assert told(plan) == []
    assert plan.counts == {
        **{"new": 1, "answers": 1, "intents": 0, "added": 2},
        **{"moved": 0, "reworded": 1, "removed": 0, "gone": 0},
    }
    assert [each.why for each in plan.warnings] == ["new_area"]
    before = files.head()
    commit = made(files, plan)
    assert commit == files.head() != before
    (change,) = files.history(1)
    assert change.author == LI and change.summary == "导入表格"
    assert questions(files, "return_postage") == [
        "退货运费谁出",
        "寄回去要钱吗",
        "退货谁付邮费",
        "邮费找谁要",
    ]
    assert topic(files, "return_postage").answers == (
        Variation("我们出：{same_day} 前"),
        Variation("微信上说", "wechat", date(2026, 11, 1)),
    )
    new = topic(files, "opened_box")
    assert (new.path, new.intent, new.answers) == ("data/nlu/faq/新类.yml", "greet", (Variation("能的"),))
    assert questions(files, "opened_box") == ["拆开了还能退吗", "=拆了"]
    assert "# as the law has it" in files.look().text(RETURNS)
    assert plan_of(files, exported(files)).empty


def test_what_the_sheet_lacks_stays_unless_it_is_ticked(files: Repository) -> None:
    content = csv_file([row(POSTAGE_1, question="退货运费谁出", answer="")])
    plan = plan_of(files, content)
    assert plan.empty and plan.lacking == 1 and [each.name for each in plan.gone] == ["faq/return_days"]
    assert made(files, plan) is None
    plan = plan_of(files, content, questions=True)
    assert plan.counts["removed"] == 1 and plan.counts["gone"] == 0
    assert made(files, plan) and questions(files, "return_postage") == ["退货运费谁出"]
    assert topic(files, "return_days") and topic(files, "return_postage").answers[0].text == POSTAGE_1[4]
    plan = plan_of(files, content, topics=True)
    assert plan.counts["gone"] == 1 and made(files, plan)
    assert [each.name for each in language.topics(files.look())] == ["faq/return_postage"]


def test_sheets_with_some_columns_only(files: Repository) -> None:
    plan = plan_of(files, "话题,答案\nreturn_days,十天\n".encode())
    assert plan.counts["answers"] == 1 and plan.lacking == 0 and made(files, plan)
    assert topic(files, "return_days").answers == (Variation("十天"),)
    plan = plan_of(files, "Question,Topic\n能退几天,faq/return_days\n".encode())
    assert plan.counts["added"] == 1 and plan.counts["answers"] == 0 and made(files, plan)
    assert questions(files, "return_days") == ["几天内能退", "能退几天"]


def test_a_changed_cell_is_a_changed_question(files: Repository) -> None:
    rows = [POSTAGE_1, row(POSTAGE_2, question="退货要邮费么"), row(DAYS, question="能退几天")]
    # Without its version nobody knows whether the old ones were meant to go.
    plan = plan_of(files, csv_file(rows))
    assert (plan.counts["added"], plan.counts["reworded"], plan.lacking) == (2, 0, 2)
    plan = plan_of(files, csv_file(rows), name_of(files))
    assert (plan.counts["added"], plan.counts["reworded"], plan.lacking) == (0, 2, 0)
    assert made(files, plan)
    assert questions(files, "return_postage") == ["退货运费谁出", "退货要邮费么"]
    assert questions(files, "return_days") == ["能退几天"]
    # A row less is none.
    plan = plan_of(files, csv_file([row(POSTAGE_1, question="运费呢"), rows[2]]), name_of(files))
    assert plan.counts["reworded"] == 0 and plan.lacking == 2


def test_a_question_moves_with_its_row(files: Repository) -> None:
    moved = row(POSTAGE_2, topic="return_days", question="退货要邮费吗？")
    plan = plan_of(files, csv_file([POSTAGE_1, DAYS, moved]))
    assert told(plan) == [] and plan.counts["moved"] == 1 and plan.counts["added"] == 0
    assert made(files, plan)
    assert questions(files, "return_postage") == ["退货运费谁出"]
    assert questions(files, "return_days") == ["几天内能退", "退货要邮费吗？"]
    # The only question of a topic moves on, and another comes in its place.
    rows = [row(POSTAGE_1, question="运费呢"), DAYS, row(moved, question="退货运费谁出"), moved]
    assert made(files, plan_of(files, csv_file(rows), name_of(files)))
    assert questions(files, "return_postage") == ["运费呢"]
    assert "退货运费谁出" in questions(files, "return_days")


def test_a_topic_is_merged_into_another(files: Repository) -> None:
    rows = [row(each, topic="return_days", answer="") for each in (POSTAGE_1, POSTAGE_2)] + [DAYS]
    assert told(plan_of(files, csv_file(rows))) == [
        "第 2 行「问法」：return_postage 里已经有同样的句子“退货运费谁出”。只能放在一个地方。",
        "第 3 行「问法」：return_postage 里已经有同样的句子“退货要邮费吗”。只能放在一个地方。",
    ]
    plan = plan_of(files, csv_file(rows), topics=True)
    assert told(plan) == [] and made(files, plan)
    assert len(questions(files, "return_days")) == 3


def test_sorted_rows_are_no_change(files: Repository) -> None:
    assert plan_of(files, csv_file([DAYS, POSTAGE_2, POSTAGE_1])).empty
    several = [Variation("一"), Variation("二", "web"), Variation("三", until=date(2026, 12, 1))]
    with files.edit(LI, "几个答案") as draft:
        language.set_answer(draft, "faq/return_days", several)
    _, *rows = csv_rows(exported(files))
    assert rows[-1] == ["returns", "return_days", "order_status", "", "三", "", "", "2026-12-01"]
    assert plan_of(files, csv_file(sorted(rows, key=str))).empty


ONE: dict[str, tuple[list[str], str]] = {
    "no topic": (row(DAYS, topic=""), "第 2 行「话题」：没有写话题，上面也没有可以沿用的。"),
    "topic's name": (row(DAYS, topic="退货 天数"), "第 2 行「话题」：“退货 天数”不能做话题编号"),
    "new topic's name": (
        row(DAYS, question="拆开了呢", topic="Days"),
        "第 2 行「话题」：“Days”不能做话题编号",
    ),
    "new without area": (
        row(DAYS, question="拆开了呢", topic="new", area=""),
        "第 2 行「分类」：新话题要填这一列。",
    ),
    "new without intent": (
        row(DAYS, question="拆开了呢", topic="new", intent=""),
        "第 2 行「归入意图」：新话题要填这一列。",
    ),
    "new without question": (row(DAYS, topic="new", question=""), "第 2 行「问法」：新话题要填这一列。"),
    "new without answer": (
        row(DAYS, question="拆开了呢", topic="new", answer=""),
        "第 2 行「答案」：新话题要填这一列。",
    ),
    "area's name": (
        row(DAYS, question="拆开了呢", topic="new", area="../x"),
        "第 2 行「分类」：“../x”不能做分类",
    ),
    "other area": (row(DAYS, area="orders"), "第 2 行「分类」：这个话题在分类 returns 里"),
    "intent": (row(DAYS, intent="buy"), "第 2 行「归入意图」：没有“buy”这个意图，"),
    "topics' own intent": (row(DAYS, intent="faq"), "第 2 行「归入意图」：没有“faq”这个意图，"),
    "channel": (row(DAYS, channel="电话"), "第 2 行「渠道」：没有“电话”这个渠道。"),
    "day": (row(DAYS, since="下周"), "第 2 行「开始日期」：“下周”不是日期。"),
    "days turned": (
        row(DAYS, since="2026-12-01", until="2026-11-01"),
        "第 2 行「结束日期」：结束日期 2026-11-01 比",
    ),
    "no answer": (row(DAYS, answer="", channel="web"), "第 2 行「答案」：写了渠道或日期，但没有答案。"),
    "long question": (row(DAYS, question="长" * 1001), "第 2 行「问法」：最多 1000 个字，这里有 1001 个。"),
    "long answer": (row(DAYS, answer="长" * 2001), "第 2 行「答案」：最多 2000 个字，这里有 2001 个。"),
    "control": (row(DAYS, question="几天\u202e能退"), "第 2 行「问法」：里面有看不见的控制字符"),
    "control in the answer": (row(DAYS, answer="七天\x1b[31m"), "第 2 行「答案」：里面有看不见的控制字符"),
    "only signs": (row(DAYS, question="？？！"), "第 2 行「问法」：只有标点，没有文字。"),
    "brackets": (row(DAYS, question="看[图]能退吗"), "第 2 行「问法」：方括号会被当成实体标注。"),
    "broken mark": (row(DAYS, question='[图]{"entity"'), "第 2 行「问法」：方括号会被当成实体标注。"),
    "mark without entity": (row(DAYS, question='[图]{"x": 1}'), "第 2 行「问法」：方括号会被当成实体标注。"),
    "entity": (row(DAYS, question="[图](picture)能退吗"), "第 2 行「问法」：没有“picture”这个实体。"),
    "not filled": (
        row(DAYS, answer="{days} 天，{x} 元"),
        "第 2 行「答案」：「店铺数字」里没有 {days}、{x}。",
    ),
    "same elsewhere": (row(DAYS, question="你好！"), "第 2 行「问法」：greet 里已经有同样的句子“你好”。"),
}


@pytest.mark.parametrize("kind", ONE)
def test_each_problem_is_named_with_its_row(files: Repository, kind: str) -> None:
    cells, sentence = ONE[kind]
    before = files.head()
    plan = plan_of(files, csv_file([cells]))
    assert len(told(plan)) == 1 and told(plan)[0].startswith(sentence)
    assert files.head() == before


def test_problems_of_an_excel_file(files: Repository) -> None:
    names = ("channel", "days turned", "entity", "new topic's name")
    rows = [ONE[name][0] for name in names]
    assert [line.partition("：")[0] for line in told(plan_of(files, xlsx_file(rows)))] == [
        *("第 2 行「渠道」", "第 3 行「结束日期」", "第 4 行「问法」", "第 5 行「话题」"),
    ]


def test_all_problems_are_told_in_the_order_of_the_rows(files: Repository) -> None:
    rows = [
        row(DAYS, intent="greet"),
        ["", "", "order_status", "", "", "", "", ""],
        ["", "other", "", "能退几天呀", "", "", "x", ""],
        ["returns", "other", "greet", "想退", "退", "", "", ""],
        row(POSTAGE_2, question="能退几天呀？"),
    ]
    assert told(plan_of(files, csv_file(rows))) == [
        "第 3 行「归入意图」：同一个话题，第 2 行写的是“greet”。",
        "第 4 行「开始日期」：“x”不是日期。请写成 2026-11-01。",
        "第 4 行「答案」：写了渠道或日期，但没有答案。",
        "第 6 行「问法」：第 4 行（other）是同样的句子。只能放在一个话题里。",
    ]
    english = sheets.told(sheets.SENTENCES["en"], plan_of(files, csv_file(rows)).faults[0])
    assert english == "Row 3, Counts as: Row 2 of the same topic says “greet”."
    assert told(plan_of(files, csv_file([]))) == ["整个文件：表头下面没有内容。"]


def test_an_intent_is_known_by_its_title(files: Repository) -> None:
    for called in ("打招呼", "打招呼（greet）", " 打招呼 "):
        plan = plan_of(files, csv_file([row(DAYS, intent=called)]))
        assert told(plan) == [] and plan.changes[0].intent == ("order_status", "greet")
    new = row(DAYS, topic="box", question="盒子", answer="要", intent="打招呼")
    assert made(files, plan_of(files, csv_file([new, row(new, intent="greet", question="箱子", answer="")])))
    assert topic(files, "box").intent == "greet"
    # The export says what the files say.
    assert ["returns", "box", "greet", "盒子", "要", "", "", ""] in csv_rows(exported(files))
    nearest = (
        "第 2 行「归入意图」：没有“打个招呼”这个意图，标题和标识都可以写。"
        "最接近的是：打招呼（greet）、order_status。"
    )
    unknown = csv_file([row(POSTAGE_1, intent="打个招呼"), POSTAGE_2])
    assert told(plan_of(files, unknown)) == [nearest]
    english = sheets.told(sheets.SENTENCES["en"], plan_of(files, unknown).faults[0])
    assert english.endswith("neither by title nor by name. The nearest: 打招呼（greet）, order_status.")
    titles = "titles: {greet: 打招呼, order_status: 打招呼}\n"
    with files.edit(WANG, "同名") as draft:
        draft.write("data/intents.yml", titles)
    assert told(plan_of(files, csv_file([row(DAYS, intent="打招呼")]))) == [
        "第 2 行「归入意图」：叫“打招呼”的意图不止一个，请写标识：greet、order_status。"
    ]


def test_what_is_wrong_with_a_cell_is_told_once(files: Repository) -> None:
    rows = [row(POSTAGE_1, intent="greet"), POSTAGE_2, row(POSTAGE_2, question="邮费找谁要")]
    assert told(plan_of(files, csv_file(rows))) == [
        "第 2 行「归入意图」：同一个话题，第 3 行写的是“order_status”。"
    ]
    area = [row(POSTAGE_1, area="orders"), POSTAGE_2]
    assert [each.partition("，")[0] for each in told(plan_of(files, csv_file(area)))] == [
        "第 2 行「分类」：这个话题在分类 returns 里"
    ]
    formulas = [
        ["returns", "box", "=A1", "盒子", "=B1", "web", "", ""],
        ["returns", "=C1", "greet", "箱子", "要", "", "", ""],
        ["", "", "", "还有盒子吗", "", "", "", ""],
    ]
    assert [each.partition("：")[0] for each in told(plan_of(files, xlsx_file(formulas)))] == [
        "第 2 行「归入意图」",
        "第 2 行「答案」",
        "第 3 行「话题」",
    ]
    both = told(plan_of(files, csv_file([row(DAYS, answer="{a}\x1b{b}")])))
    assert both == [
        "第 2 行「答案」：里面有看不见的控制字符，请重新输入这一格。"
        "「店铺数字」里没有 {a}、{b}。请改成那里有的名字，或者不用大括号、直接写出来。"
    ]


def test_what_is_there_already_is_not_judged(tmp_path: Path) -> None:
    odd = SMALL[RETURNS].replace("质量问题由我们承担", "{gone} " + "长" * 3000)
    again = "    - 退货要邮费吗\n"
    odd = odd.replace(again, again * 2 + "    - 你好\n    - 看[图](x)\n    - " + "长" * 1100 + "\n")
    folder = lay(tmp_path / "odd")
    (folder / RETURNS).write_text(odd, encoding="utf-8")
    files = Repository(folder, code=folder)
    assert files.look().text(RETURNS) == odd
    assert plan_of(files, exported(files)).empty


def test_answers_that_leave_days_without_one_are_told(files: Repository) -> None:
    plan = plan_of(
        files, csv_file([row(DAYS, until="2026-11-11"), row(DAYS, answer="微信说", channel="微信")])
    )
    assert told(plan) == [] and [each.why for each in plan.warnings] == ["not_always"]
    assert made(files, plan)
    assert plan_of(files, csv_file([row(DAYS, answer="一直"), row(DAYS, channel="web")])).warnings == []


def test_sentences_that_are_nearly_the_same_are_told(files: Repository) -> None:
    plan = plan_of(
        files, csv_file([row(DAYS, question="几天内能退"), row(DAYS, question="退货的运费谁出", answer="")])
    )
    assert told(plan) == []
    assert [sheets.told(sheets.SENTENCES["zh"], each) for each in plan.warnings] == [
        "第 3 行「问法」：和 return_postage 的“退货运费谁出”很像，机器人可能分不清。"
    ]


# ---- what others have changed meanwhile ----


def name_of(files: Repository) -> str:
    return sheets.name_of("csv", files.head())


def test_what_others_have_changed_since_the_export_stays(files: Repository) -> None:
    name = name_of(files)
    with files.edit(WANG, "王五的") as draft:
        language.set_answer(draft, "faq/return_postage", "王五改的")
        language.add_example(draft, "faq/return_postage", "邮费谁给")
        language.remove_example(draft, "faq/return_postage", "退货要邮费吗")
        language.add_topic(draft, RETURNS, "faq/box", "greet", ["盒子"], ["要"])
    rows = [POSTAGE_1, POSTAGE_2, row(POSTAGE_2, question="运费多少"), row(DAYS, answer="十天")]
    plan = plan_of(files, csv_file(rows), name, questions=True, topics=True)
    assert told(plan) == [] and plan.made_from and made(files, plan)
    assert questions(files, "return_postage") == ["退货运费谁出", "邮费谁给", "运费多少"]
    assert topic(files, "return_postage").answers[0].text == "王五改的"
    assert topic(files, "return_days").answers[0].text == "十天" and topic(files, "box")


def test_what_both_have_changed_is_named_with_its_row(files: Repository) -> None:
    name = name_of(files)
    with files.edit(WANG, "王五的") as draft:
        language.set_answer(draft, "faq/return_postage", "王五改的")
        language.set_topic_intent(draft, "faq/return_postage", "greet")
        language.remove_topic(draft, "faq/return_days")
        draft.write("domain.yml", draft.text("domain.yml").replace("- greet\n", "- greet\n- bye\n"))
        draft.write("data/nlu/bye.yml", "nlu:\n- intent: bye\n  examples: |\n    - 拜\n")
        draft.write(
            "data/stories/bye.yml", "rules: [{rule: B, steps: [{intent: bye}, {action: utter_bye}]}]\n"
        )
    rows = [row(POSTAGE_1, answer="我改的", intent="bye"), row(DAYS, answer="十天")]
    assert told(plan_of(files, csv_file(rows), name)) == [
        "第 2 行「归入意图」：导出之后，这里已被别人改成“greet”。请先下载新的表格，再改这一处。",
        "第 2 行「答案」：导出之后，这里已被别人改成“王五改的”。请先下载新的表格，再改这一处。",
        "第 3 行「话题」：导出之后，话题 return_days 已被别人删除。请删掉这些行，或换一个编号作为新话题。",
    ]
    # What nobody has touched in the sheet is not made anew, and the same change twice is one.
    assert plan_of(files, csv_file([POSTAGE_1, DAYS]), name).empty
    assert plan_of(files, csv_file([row(POSTAGE_1, answer="王五改的", intent="greet")]), name).empty
    # A sheet that does not say where it is from is compared with what is there.
    plan = plan_of(files, csv_file(rows[:1]), "知识库.csv")
    assert plan.made_from is None and plan.changes[0].answers
    # Neither does one of another repository.
    assert plan_of(files, csv_file(rows[:1]), "guitai-faq-2026-01-01-0123456789.csv").made_from is None


def test_a_topic_that_somebody_works_on_is_not_removed(files: Repository) -> None:
    name = name_of(files)
    with files.edit(WANG, "王五的") as draft:
        language.add_example(draft, "faq/return_days", "能退几天")
    plan = plan_of(files, csv_file([POSTAGE_1, POSTAGE_2]), name, topics=True)
    assert plan.gone == [] and plan.empty


def test_excel_remembers_its_version_under_any_name(files: Repository) -> None:
    book = opened(exported(files, "xlsx"))
    sheet = book.worksheets[0]
    sheet["E4"] = "十天"
    with files.edit(WANG, "王五的") as draft:
        language.set_answer(draft, "faq/return_postage", "王五改的")
    plan = plan_of(files, saved(book), "改好的.xlsx")
    assert told(plan) == [] and [each.name for each in plan.changes] == ["faq/return_days"]


def test_between_the_preview_and_the_writing(files: Repository) -> None:
    content = csv_file([row(POSTAGE_1, answer="我改的"), POSTAGE_2, row(DAYS, answer="十天")])
    plan = plan_of(files, content)
    with files.edit(WANG, "别处") as draft:
        language.add_example(draft, "faq/return_postage", "邮费谁给")
    again = sheets.compared(files, content, "", Options(), plan.at)
    assert [each.name for each in again.changes] == [each.name for each in plan.changes]
    assert made(files, again)
    assert "邮费谁给" in questions(files, "return_postage")

    plan = plan_of(files, csv_file([row(DAYS, answer="十五天")]))
    with files.edit(WANG, "同一处") as draft:
        language.set_answer(draft, "faq/return_days", "王五改的")
    with pytest.raises(Conflict) as conflict:
        made(files, plan)
    assert "王五" in str(conflict.value)
    assert topic(files, "return_days").answers[0].text == "王五改的"


def test_nobody_makes_a_topic_twice(files: Repository) -> None:
    one, two = (
        plan_of(files, csv_file([["box", "box", "greet", "盒子", answer, "", "", ""]]))
        for answer in ("一", "二")
    )
    assert made(files, one)
    with pytest.raises(Conflict):
        made(files, two)
    assert topic(files, "box").answers == (Variation("一"),)

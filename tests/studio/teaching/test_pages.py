"""The language pages in a real browser: taught, searched, marked; two admins; hostile texts as texts."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from bot.settings import Settings
from bot.studio.files import Repository, language
from bot.studio.teaching import intents
from tests.commands import bot
from tests.offices import Contexts, Office, running_office
from tests.servers import free_port

from .conftest import LI
from .little import lay_little

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script> '; -- \u202e倒过来"
SHOWN = "<img src=x onerror=alert(1)><script>alert(2)</script> '; -- 倒过来"
MANY = 300
# Milliseconds that checking and writing may take on a busy machine.
WRITTEN = 60_000


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    place = tmp_path_factory.mktemp("language")
    bot_dir = lay_little(place / "bot")
    many = "".join(f"    - 多谢你帮忙第{number}次\n" for number in range(MANY))
    thanks = bot_dir / "data/nlu/thanks.yml"
    thanks.write_text(thanks.read_text(encoding="utf-8") + many, encoding="utf-8")
    # The actions of the product are checked with it, so the little files begin with problems of their own.
    Repository(bot_dir).look()
    with running_office(Settings(data_dir=place / "var", bot_dir=bot_dir, office_port=free_port())) as office:
        yield office


@pytest.fixture
def enter(office: Office, context: Contexts) -> Callable[..., Page]:
    def opened(path: str = "", name: str = "admin") -> Page:
        return office.enter(context, f"/studio/language{path}", name, accepts="confirm")

    return opened


def questions(office: Office, intent: str) -> list[str]:
    return [each.text for each in language.examples(office.files.look(), intent)]


def told(page: Page, sentence: str) -> None:
    """Something was written, and the page says so."""
    expect(page.get_by_role("status")).to_contain_text(sentence, timeout=WRITTEN)


def choose(page: Page, words: str, first: int, last: int) -> None:
    """Select words of a sentence, as a hand does."""
    page.locator(words).evaluate(
        """(line, [first, last]) => {
            const range = document.createRange();
            range.setStart(line.children[first].firstChild, 0);
            range.setEnd(line.children[last].firstChild, line.children[last].textContent.length);
            getSelection().removeAllRanges();
            getSelection().addRange(range);
            line.dispatchEvent(new MouseEvent("mouseup", {bubbles: true}));
        }""",
        [first, last],
    )


def test_intents_are_listed_and_searched(enter: Callable[..., Page]) -> None:
    page = enter()
    rows = page.get_by_test_id("intent")
    expect(rows).to_have_count(3)
    expect(rows.nth(2)).to_contain_text(re.compile(r"道谢\s+thanks\s+302"))
    page.get_by_test_id("search").fill("跑鞋")
    page.get_by_test_id("search").press("Enter")
    expect(rows).to_have_count(1)
    rows.get_by_role("link").first.click()
    expect(page.get_by_test_id("found")).to_contain_text("1")
    expect(page.get_by_test_id("example").locator("mark")).to_contain_text(
        "云感跑鞋product".replace("product", "")
    )
    expect(page.locator("nav a[aria-current]").first).to_have_text("语言")
    page.goto(page.url.partition("/intents")[0] + "?q=没有这个")
    expect(page.get_by_test_id("no-intents")).to_be_visible()


def test_examples_are_added_with_what_is_like_them_shown_at_once(
    office: Office, enter: Callable[..., Page]
) -> None:
    page = enter("/intents/greet")
    page.get_by_test_id("lines").fill("早上好呀\n谢谢！\n你好\n多谢你帮忙第 7 次哦")
    looked = page.get_by_test_id("looked").locator(".line")
    expect(looked).to_have_count(4, timeout=WRITTEN)
    expect(looked.nth(0)).to_contain_text("新的")
    expect(looked.nth(1)).to_contain_text("已在“道谢”，不会写入")
    expect(looked.nth(2)).to_contain_text("已有，不会重复写入")
    expect(looked.nth(3)).to_contain_text("与“道谢”的例句相近")
    button = page.get_by_test_id("add-button")
    expect(button).to_have_text("写入 2 句")
    button.click()
    told(page, "写入 2 句，训练并上线后生效")
    expect(page.get_by_test_id("example")).to_have_count(5)
    assert questions(office, "greet")[3:] == ["早上好呀", "多谢你帮忙第 7 次哦"]
    (change,) = office.files.history(1)
    assert (change.author.account, change.summary) == ("admin", "添加例句：打招呼")


def test_an_entity_is_marked_by_choosing_words(office: Office, enter: Callable[..., Page]) -> None:
    page = enter("/intents/order_status")
    page.get_by_test_id("lines").fill("昨天买的运费险在哪")
    words = page.get_by_test_id("words")
    expect(words.locator(".word").first).to_have_text("昨天", timeout=WRITTEN)
    choose(page, "[data-testid=words]", 0, 0)
    page.get_by_role("button", name="date", exact=True).click()
    expect(page.get_by_test_id("lines")).to_have_value("[昨天](date)买的运费险在哪")
    expect(words.locator("mark")).to_contain_text("昨天")
    page.get_by_test_id("add-button").click()
    told(page, "写入 1 句")
    assert questions(office, "order_status")[-1] == "[昨天](date)买的运费险在哪"

    # In an example that is there, the mark goes again.
    page.get_by_test_id("example").last.hover()
    page.get_by_test_id("edit").last.click()
    page.get_by_test_id("edit-form").locator("mark").click()
    expect(page.get_by_test_id("edit-text")).to_have_value("昨天买的运费险在哪")
    page.get_by_test_id("edit-form").get_by_role("button", name="保存").click()
    told(page, "已修改")
    assert questions(office, "order_status")[-1] == "昨天买的运费险在哪"


def test_many_examples_are_paged_chosen_moved_and_removed(office: Office, enter: Callable[..., Page]) -> None:
    page = enter("/intents/thanks")
    rows = page.get_by_test_id("example")
    expect(rows).to_have_count(100)
    page.get_by_test_id("next").click()
    expect(rows.first).to_contain_text("第98次")
    for number in (0, 1):
        rows.nth(number).get_by_role("checkbox").check()
    page.get_by_test_id("move").click()
    page.get_by_test_id("move-search").fill("打招呼")
    page.get_by_test_id("targets").get_by_role("button", name="打招呼").click()
    told(page, "已移到“打招呼”：2 句")
    assert questions(office, "greet")[-2:] == ["多谢你帮忙第98次", "多谢你帮忙第99次"]
    page.wait_for_load_state()
    page.get_by_label("选中本页").check()
    expect(page.locator("[data-count]")).to_have_text("已选 100 句")
    page.get_by_test_id("remove").click()
    told(page, "删除 100 句")
    assert len(questions(office, "thanks")) == 2 + MANY - 102


def test_what_two_admins_do_to_one_example_is_told_and_what_was_typed_stays(
    office: Office, enter: Callable[..., Page]
) -> None:
    page = enter("/intents/greet?q=hello")
    page.get_by_test_id("example").hover()
    page.get_by_test_id("edit").click()
    page.get_by_test_id("edit-text").fill("hello there")
    intents.replace(office.files, LI, "改", "greet", "hello", "hello world")
    page.get_by_test_id("edit-form").get_by_role("button", name="保存").click()
    expect(page.get_by_test_id("edit-error")).to_contain_text("“hello”已被别人改动或删除", timeout=WRITTEN)
    expect(page.get_by_test_id("edit-text")).to_have_value("hello there")
    assert "hello world" in questions(office, "greet")


def test_a_new_intent_is_made_and_goes_again(office: Office, enter: Callable[..., Page]) -> None:
    page = enter()
    page.get_by_test_id("new-intent").click()
    form = page.get_by_test_id("new-intent-form")
    form.get_by_label("标题").fill("礼品包装")
    form.get_by_label("标识").fill("Gift")
    form.get_by_label("顾客会怎么说").fill("能包装吗\n可以包成礼盒吗")
    form.locator("[name=answer]").fill("可以的，下单时备注就行～")
    form.get_by_role("button", name="新建").click()
    expect(form.get_by_role("alert")).to_contain_text("标识只能用小写英文字母", timeout=WRITTEN)
    form.get_by_label("标识").fill("gift_wrap")
    form.get_by_role("button", name="新建").click()
    expect(page.get_by_role("heading", name="礼品包装")).to_be_visible(timeout=WRITTEN)
    expect(page.get_by_test_id("uses-rule")).to_contain_text("gift_wrap: 礼品包装")
    page.wait_for_load_state()
    page.get_by_test_id("drop").get_by_role("button").click()
    expect(page.get_by_test_id("intent")).to_have_count(3, timeout=WRITTEN)
    assert "gift_wrap" not in office.files.look().text("domain.yml")
    page.goto(f"{office.url}/studio/language/intents/order_status")
    expect(page.get_by_test_id("drop")).to_contain_text("不能删除")


def test_a_new_intent_is_compared_as_it_is_typed(office: Office, enter: Callable[..., Page]) -> None:
    page = enter()
    page.get_by_test_id("new-intent").click()
    form = page.get_by_test_id("new-intent-form")
    form.get_by_test_id("given").fill("能包装吗\n你好！\n" + HOSTILE + "\n谢谢")
    clashes = form.get_by_test_id("clash")
    expect(clashes).to_have_count(2, timeout=WRITTEN)
    expect(clashes.first).to_contain_text("你好！")
    expect(clashes.first).to_contain_text("“打招呼”里已有，不能再写")
    form.get_by_label("标题").fill("礼品包装")
    form.get_by_label("标识").fill("gift_card")
    form.locator("[name=answer]").fill("可以的")
    form.get_by_role("button", name="新建").click()
    expect(form.get_by_role("alert")).to_contain_text("“你好！”在“打招呼”（greet）里", timeout=WRITTEN)
    expect(form.get_by_role("alert")).to_contain_text("“谢谢”在“道谢”（thanks）里")
    form.get_by_test_id("given").fill("能包装吗")
    expect(form.get_by_test_id("looked")).to_have_text("1 句都没有和别处重复。", timeout=WRITTEN)
    # What the bot does is found by what it says.
    form.get_by_test_id("doing").click()
    choices = form.get_by_test_id("choice")
    expect(choices.first).to_have_text("说一段新的回答", timeout=WRITTEN)
    expect(form.get_by_test_id("doings").get_by_role("heading")).to_have_text(
        ["查询和办理", "规则里的回答", "其他回答"]
    )
    form.get_by_test_id("doings").get_by_role("searchbox").fill("不客气")
    expect(choices).to_have_count(1)
    page.keyboard.press("Enter")
    expect(form.get_by_test_id("doing")).to_have_text("道谢")
    expect(form.locator("[name=answer]")).to_be_hidden()
    form.get_by_role("button", name="新建").click()
    expect(page.get_by_role("heading", name="礼品包装")).to_be_visible(timeout=WRITTEN)
    assert "action: utter_thanks" in office.files.look().text("data/stories/gift_card.yml")
    page.wait_for_load_state()
    page.get_by_test_id("drop").get_by_role("button").click()
    expect(page.get_by_test_id("intent")).to_have_count(3, timeout=WRITTEN)


def test_a_title_is_changed(office: Office, enter: Callable[..., Page]) -> None:
    page = enter("/intents/thanks")
    page.get_by_test_id("rename").click()
    page.locator("#rename [name=title]").fill(HOSTILE[:40])
    page.locator("#rename").get_by_role("button", name="保存").click()
    expect(page.locator("h1")).to_have_text(HOSTILE[:40], timeout=WRITTEN)


def test_an_answer_is_edited_and_what_the_code_fills_in_is_kept(
    office: Office, enter: Callable[..., Page]
) -> None:
    page = enter("/answers?q=已付款")
    page.get_by_test_id("answer").get_by_role("link").click()
    first = page.get_by_test_id("variant").first
    expect(first.locator("[data-preview]")).to_have_text("「〔title〕」已付款，48 小时内发出")
    text = page.get_by_test_id("variant-text").first
    text.fill("已付款，")
    page.get_by_role("button", name="{dispatch_hours}").click()
    expect(text).to_have_value("已付款，{dispatch_hours}")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("answer-error")).to_contain_text("{title} 会从说法里消失", timeout=WRITTEN)
    expect(text).to_have_value("已付款，{dispatch_hours}")
    text.fill("「{title}」付好了，{dispatch_hours} 小时内发出")
    page.get_by_test_id("save").click()
    told(page, "几秒内生效")
    expect(text).to_have_value("「{title}」付好了，{dispatch_hours} 小时内发出")
    assert "- text: 「{title}」付好了" in office.files.look().text("domain.yml")

    # Meant, it may vanish.
    page.wait_for_load_state()
    text.fill("付好了")
    page.get_by_test_id("save").click()
    page.get_by_test_id("anyway").click()
    told(page, "几秒内生效")
    expect(text).to_have_value("付好了")


def test_variants_channels_and_buttons(office: Office, enter: Callable[..., Page]) -> None:
    page = enter("/answers/utter_bye")
    expect(page.get_by_test_id("variant")).to_contain_text("查订单")
    page.get_by_test_id("another").click()
    fresh = page.get_by_test_id("variant").last
    fresh.get_by_test_id("variant-text").fill(HOSTILE)
    fresh.get_by_label("渠道").select_option("wechat")
    expect(fresh.locator("[data-preview]")).to_have_text(HOSTILE)
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("answer-error")).to_contain_text("控制字符", timeout=WRITTEN)
    fresh.get_by_test_id("variant-text").fill(SHOWN)
    page.get_by_test_id("save").click()
    told(page, "几秒内生效")
    expect(fresh.locator("[data-preview]")).to_have_text(SHOWN)
    texts = language.responses(office.files.look())["utter_bye"].variations
    assert [(each.text, each.channel) for each in texts] == [("再见", ""), (SHOWN, "wechat")]
    page.goto(f"{office.url}/studio/language/answers")
    expect(page.get_by_test_id("answer").nth(1)).to_contain_text("微信")


def test_two_admins_who_edit_one_answer_are_told(office: Office, enter: Callable[..., Page]) -> None:
    page, other = enter("/answers/utter_thanks"), enter("/answers/utter_thanks")
    for each, text in ((page, "不用谢"), (other, "别客气")):
        each.get_by_test_id("variant-text").fill(text)
    page.get_by_test_id("save").click()
    told(page, "几秒内生效")
    other.get_by_test_id("save").click()
    expect(other.get_by_test_id("answer-error")).to_contain_text(
        "domain.yml 的同一处刚被管理员改过", timeout=WRITTEN
    )
    expect(other.get_by_test_id("variant-text")).to_have_value("别客气")
    expect(other.get_by_role("link", name="看现在的内容")).to_be_visible()


def test_the_lexicon_is_tried_and_taught(office: Office, enter: Callable[..., Page]) -> None:
    page = enter("/lexicon")
    page.get_by_test_id("word-name").fill("云朵抱枕")
    page.get_by_test_id("try").fill("云朵抱枕是纯黑的吗")
    tried = page.get_by_test_id("tried")
    expect(tried.locator("mark").first).to_contain_text("颜色 黑色", timeout=WRITTEN)
    expect(tried.locator(".words").nth(1).locator(".word").first).to_have_text("云朵抱枕")
    page.get_by_role("button", name="添加").click()
    told(page, "已加上“云朵抱枕”")
    expect(page.get_by_test_id("word").last).to_contain_text("云朵抱枕")
    page.get_by_test_id("list-colours").click()
    page.wait_for_load_state()
    page.get_by_text("加叫法").last.click()
    page.get_by_test_id("word-typed").fill("纯黑")
    page.get_by_role("button", name="添加").click()
    expect(page.get_by_test_id("word-error")).to_contain_text("“纯黑”已经表示“黑色”", timeout=WRITTEN)
    page.get_by_test_id("word-typed").fill("奶油白")
    page.get_by_role("button", name="添加").click()
    entry = page.get_by_test_id("entry").last
    expect(entry).to_contain_text("奶油白", timeout=WRITTEN)
    page.wait_for_load_state()
    entry.get_by_role("button", name="删除 奶油白").click()
    expect(entry).not_to_contain_text("奶油白", timeout=WRITTEN)
    page.get_by_test_id("list-synonyms").click()
    expect(page.get_by_role("note")).to_contain_text("EntitySynonymMapper")


def test_a_synonym_is_added(office: Office, enter: Callable[..., Page]) -> None:
    with office.files.edit(LI, "first") as draft:
        path = "data/nlu/inform.yml"
        draft.write(path, "nlu:\n- synonym: 跑鞋\n  examples: |\n    - 云感\n")
    page = enter("/lexicon?of=synonyms")
    page.get_by_test_id("word-name").fill("跑鞋")
    page.get_by_test_id("word-typed").fill("跑步鞋")
    page.get_by_role("button", name="添加").click()
    expect(page.get_by_test_id("entry")).to_contain_text("跑步鞋", timeout=WRITTEN)
    assert language.synonyms(office.files.look())["跑鞋"] == ("云感", "跑步鞋")


def test_who_uses_what_is_linked_from_everywhere(office: Office, enter: Callable[..., Page]) -> None:
    page = enter("/intents/order_status")
    page.get_by_test_id("uses").get_by_role("link", name="全部用处").click()
    expect(page.get_by_test_id("thing-intent")).to_contain_text("Order")
    page.get_by_test_id("uses-response").get_by_role("link", name="utter_greet").click()
    expect(page.get_by_test_id("answer-form")).to_be_visible()
    page.goto(f"{office.url}/studio/language/uses?name=order_no")
    expect(page.get_by_test_id("thing-entity")).to_contain_text("order_status")
    expect(page.get_by_test_id("thing-slot").get_by_test_id("uses-form")).to_contain_text("order_form")
    page.get_by_test_id("thing-slot").get_by_role("link", name="order_form").click()
    expect(page.get_by_test_id("thing-form")).to_contain_text("Order told")
    page.goto(f"{office.url}/studio/language/uses")
    page.get_by_test_id("kind-entity").click()
    expect(page.get_by_test_id("named")).to_have_count(3)
    page.get_by_test_id("search").fill("dispatch")
    page.get_by_test_id("search").press("Enter")
    expect(page.get_by_test_id("named").last).to_contain_text("dispatch_hours 48")


def test_who_uses_what_from_the_terminal(office: Office) -> None:
    told = bot(office.settings, "studio", "uses", "product")
    assert told.returncode == 0, told.stderr
    assert "entity product  (domain.yml:6)" in told.stdout
    assert "examples  order_status  (data/nlu/order_status.yml:6, lines: 1)" in told.stdout
    assert bot(office.settings, "studio", "uses", "<b>").returncode == 1


def test_strange_addresses_are_sentences(office: Office, enter: Callable[..., Page]) -> None:
    page = enter()
    for path in ("/intents/<b>none", "/answers/none", "/uses?name=%3Cscript%3E"):
        answer = page.goto(f"{office.url}/studio/language{path}")
        assert answer and answer.status == 404
        expect(page.get_by_role("alert")).to_contain_text("没有", timeout=WRITTEN)


def test_only_admins_may(office: Office, enter: Callable[..., Page]) -> None:
    page = enter(name="supervisor")
    before = office.files.head()
    for path in ("", "/intents/greet", "/answers", "/answers/utter_bye", "/lexicon", "/uses"):
        answer = page.goto(f"{office.url}/studio/language{path}")
        assert answer and answer.status == 403, path
    headers = {"Origin": office.url}
    for path in (
        *("/intents", "/intents/greet/look", "/intents/greet/add", "/intents/greet/replace"),
        *("/intents/greet/remove", "/intents/greet/move", "/intents/greet/title", "/intents/greet/drop"),
        *("/answers/utter_bye", "/lexicon/add", "/lexicon/remove", "/lexicon/try"),
    ):
        posted = page.request.post(f"{office.url}/studio/language{path}", headers=headers, data={})
        assert posted.status == 403, path
    assert office.files.head() == before

"""The inbox in a real browser: moved in, decided on and undone by keys alone; hostile texts shown as text."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete, true

from bot.conversations import audits
from bot.conversations.privacy import Privacy
from bot.conversations.steps import Reply
from bot.conversations.store import Store
from bot.settings import Settings
from bot.studio.review.models import Decision
from tests.offices import Contexts, Office, running_office
from tests.servers import free_port

from .conftest import OFFERED, begun, collected, said, small_bot

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script> [x](product) \u202e倒过来"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    place = tmp_path_factory.mktemp("review")
    settings = Settings(data_dir=place / "var", bot_dir=small_bot(place / "bot"), office_port=free_port())
    with running_office(settings) as office:
        yield office


@pytest.fixture
def enter(office: Office, context: Contexts) -> Callable[..., Page]:
    def opened(name: str = "admin", **options: object) -> Page:
        return office.enter(context, "/studio", name, **options)

    return opened


def nlu(office: Office, name: str) -> str:
    return office.files.look().text(f"data/nlu/{name}.yml")


@pytest.fixture
def inbox(office: Office) -> Store:
    """The inbox with nothing but what the test says."""
    Privacy(office.store, office.settings.bot_dir).erase(true(), by="test")
    with office.store.writing() as session:
        session.execute(delete(Decision))
    return office.store


def ready(page: Page) -> Page:
    """The chosen turn is there, and its sentence was compared with the data."""
    expect(page.locator("#opened[aria-busy]")).to_have_count(0)
    expect(page.get_by_test_id("near")).not_to_contain_text("正在")
    return page


def groups(page: Page) -> list[str]:
    return page.locator(".group-text").all_inner_texts()


def test_an_empty_inbox_says_what_would_be_here(inbox: Store, enter: Callable[..., Page]) -> None:
    page = enter()
    expect(page.get_by_test_id("studio-empty")).to_contain_text("没有待复核的问题")
    expect(page.get_by_test_id("studio-empty")).to_contain_text("转人工")


def test_only_admins_come_in(office: Office, inbox: Store, enter: Callable[..., Page]) -> None:
    page = enter("supervisor")
    expect(page.get_by_test_id("studio-review")).to_have_count(0)
    status = "(path) => fetch(path, {method: 'POST', body: '{}'}).then((r) => r.status)"
    assert page.evaluate(status, "/studio/review/undo/1") == 403


def test_a_day_by_keys_alone(office: Office, inbox: Store, enter: Callable[..., Page]) -> None:
    for text in ("包裹趴窝三天了", "这包裹咋趴窝三天啊", "包裹趴窝三天了"):
        said(inbox, begun(inbox), text, reply=OFFERED)
    said(inbox, begun(inbox), "退货的邮费谁来出嘛", read=[("product_info", 0.4), ("return_policy", 0.3)])
    said(inbox, begun(inbox), "今天吃啥", read=[])
    said(inbox, begun(inbox), "后天北京冷吗", read=[])
    collected(inbox)
    page = ready(enter())
    expect(page.get_by_test_id("review-total")).to_have_text("6 条，4 组")
    assert groups(page)[0] == "包裹趴窝三天了"
    expect(page.get_by_test_id("around")).to_contain_text("您是想问下面哪一个呢")
    expect(page.get_by_test_id("words")).to_have_text("包裹趴窝三天了")
    assert page.locator(".word").all_inner_texts()[0] == "包裹"

    # A whole group to its first reading.
    expect(page.get_by_test_id("reading").first).to_contain_text("查物流到哪了")
    page.keyboard.press("1")
    expect(page.locator(".toast")).to_contain_text("写入 2 句，处理 3 条")
    assert "包裹趴窝三天了" in nlu(office, "logistics_track")

    # Out of scope, ignored, and one by search.
    ready(page).keyboard.press("o")
    expect(page.locator(".toast")).to_contain_text("超出服务范围")
    assert "后天北京冷吗" in nlu(office, "out_of_scope")
    ready(page).keyboard.press("i")
    expect(page.locator(".toast")).to_contain_text("已忽略 1 条")
    assert groups(page) == ["退货的邮费谁来出嘛"]
    expect(page.get_by_test_id("near")).to_contain_text("退货的邮费算谁的")
    page.keyboard.press("/")
    page.keyboard.type("退换")
    expect(page.locator("#matches li")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("studio-empty")).to_be_visible()
    assert "退货的邮费谁来出嘛" in nlu(office, "return_policy")

    # Who and when, and the way back.
    page.get_by_test_id("review-done").click()
    expect(page.get_by_test_id("decision")).to_have_count(4)
    expect(page.get_by_test_id("decision").first).to_contain_text("管理员")
    page.get_by_test_id("decision").last.get_by_role("button").click()
    expect(page.get_by_test_id("decision").last).to_contain_text("管理员已撤销")
    assert "趴窝" not in nlu(office, "logistics_track")
    page.goto(f"{office.url}/studio")
    expect(page.get_by_test_id("review-total")).to_have_text("3 条，1 组")


def test_who_looked_and_who_wrote_is_kept(office: Office, inbox: Store, enter: Callable[..., Page]) -> None:
    conversation = begun(inbox)
    said(inbox, conversation, "包裹压坏了找谁", read=[("logistics_track", 0.4)])
    collected(inbox)
    page = ready(enter())
    page.reload()
    ready(page).keyboard.press("1")
    expect(page.locator(".toast")).to_contain_text("写入 1 句")
    rows = [(row.by, row.action, row.detail or {}) for row in audits.latest(inbox, 30)]
    looked = {"conversation": conversation, "place": "review"}
    (admin,) = {by for by, action, detail in rows if (action, detail) == ("view_conversation", looked)}
    assert sum(detail == looked for *_, detail in rows) == 1
    by, action, detail = rows[0]
    assert (by, action) == (admin, "data_commit")
    assert detail["files"] == ["data/nlu/logistics_track.yml"] and len(detail["commit"]) == 40
    assert "压坏" not in str(rows)
    page.keyboard.press("u")
    expect(page.locator(".toast")).to_contain_text("撤销")
    assert audits.latest(inbox, 1)[0].action == "data_revert"


def test_keys_move_and_undo(office: Office, inbox: Store, enter: Callable[..., Page]) -> None:
    for text in ("包裹丢件怎么赔", "羊毛衫可以机洗吗", "今天吃啥好"):
        said(inbox, begun(inbox), text, read=[("product_info", 0.3)])
    collected(inbox)
    page = ready(enter())
    listed = groups(page)
    page.keyboard.press("j")
    expect(page.locator(".group[aria-current]")).to_contain_text(listed[1])
    page.keyboard.press("k")
    expect(page.locator(".group[aria-current]")).to_contain_text(listed[0])
    ready(page).keyboard.press("1")
    expect(page.locator(".toast")).to_contain_text("商品咨询")
    assert listed[0] in nlu(office, "product_info")
    assert len(groups(page)) == 2
    page.keyboard.press("u")
    expect(page.locator(".group")).to_have_count(3)
    assert listed[0] not in nlu(office, "product_info")
    ready(page).keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()


def test_a_key_that_follows_at_once_is_meant_for_the_group_that_comes(
    office: Office, inbox: Store, enter: Callable[..., Page]
) -> None:
    for text in ("羊绒大衣怎么收纳好", "充电宝能带上飞机不"):
        said(inbox, begun(inbox), text, read=[("product_info", 0.3)])
    collected(inbox)
    page = ready(enter())
    first, _ = groups(page)
    page.keyboard.press("j")
    page.keyboard.press("i")
    expect(page.locator(".toast")).to_contain_text("已忽略 1 条")
    assert groups(page) == [first]


def test_the_question_before_was_misread(office: Office, inbox: Store, enter: Callable[..., Page]) -> None:
    conversation = begun(inbox)
    said(inbox, conversation, "羊绒衫起球了怎么弄", "logistics_track", [("logistics_track", 0.9)])
    said(
        inbox, conversation, "那运费呢要多少", "product_info", [("product_info", 0.9)],
        handoff={"reason": "complaint"},
    )  # fmt: skip
    collected(inbox)
    page = ready(enter())
    assert groups(page) == ["那运费呢要多少"]
    expect(page.get_by_test_id("review-earlier")).to_have_text("p 是前面那一句没读懂")
    page.keyboard.press("p")
    expect(page.locator(".toast")).to_contain_text("已换成前面那一句")
    assert groups(page) == ["羊绒衫起球了怎么弄"]
    expect(ready(page).get_by_test_id("sentence")).to_have_value("羊绒衫起球了怎么弄")
    expect(page.get_by_test_id("review-earlier")).to_have_count(0)


def test_some_of_a_group_and_a_refusal(office: Office, inbox: Store, enter: Callable[..., Page]) -> None:
    said(inbox, begun(inbox), "这个是什么面料", read=[("logistics_track", 0.3)])
    said(inbox, begun(inbox), "这个是什么面料做的", read=[("logistics_track", 0.3)])
    collected(inbox)
    page = ready(enter())
    page.get_by_test_id("review-text").filter(has_text="做的").get_by_role("checkbox").uncheck()
    expect(page.locator("[data-every]")).not_to_be_checked()
    page.get_by_test_id("review-text").get_by_role("button").filter(has_text="面料").last.click()
    expect(page.get_by_test_id("near").locator(".same")).to_contain_text("商品咨询")
    page.get_by_test_id("reading").first.click()
    expect(page.get_by_test_id("review-error")).to_contain_text("product_info")
    expect(page.get_by_test_id("review-text")).to_have_count(2)
    assert "面料" not in nlu(office, "logistics_track")


def test_an_entity_is_marked_by_selecting(office: Office, inbox: Store, enter: Callable[..., Page]) -> None:
    said(inbox, begun(inbox), "羊毛衫可以机洗么", read=[("product_info", 0.3)])
    collected(inbox)
    page = ready(enter())
    word = page.locator(".word", has_text="羊毛衫")
    word.dblclick()
    page.evaluate("(word) => getSelection().selectAllChildren(word)", word.element_handle())
    page.keyboard.press("Shift")
    page.get_by_test_id("marks").get_by_role("button", name="product").click()
    expect(page.get_by_test_id("sentence")).to_have_value("[羊毛衫](product)可以机洗么")
    expect(page.locator("mark")).to_have_text("羊毛衫product")
    ready(page).keyboard.press("1")
    expect(page.locator(".toast")).to_contain_text("写入 1 句")
    assert "- [羊毛衫](product)可以机洗么" in nlu(office, "product_info")


def test_a_new_topic_from_what_the_human_answered(
    office: Office, inbox: Store, enter: Callable[..., Page]
) -> None:
    conversation = begun(inbox)
    said(
        inbox, conversation, "羊绒的怎么洗才不缩水", read=[("product_info", 0.3)],
        reply=Reply("这就转"), handoff={"reason": "low_confidence"},
    )  # fmt: skip
    inbox.take(conversation, 7, "小王")
    inbox.say(conversation, 7, "小王", "您好！", "a1")
    inbox.say(conversation, 7, "小王", "建议冷水手洗，平铺晾干 7 天。满 59 元包邮。", "a2")
    collected(inbox)
    page = ready(enter())
    expect(page.get_by_test_id("human-answers")).to_contain_text("建议冷水手洗")
    page.keyboard.press("n")
    sheet = page.get_by_test_id("new-topic")
    expect(sheet.locator("[name=questions]")).to_have_value("羊绒的怎么洗才不缩水")
    expect(sheet.locator("[name=answer]")).to_have_value("建议冷水手洗，平铺晾干 7 天。满 59 元包邮。")
    expect(sheet.locator("[name=intent]")).to_have_value("product_info")
    expect(sheet.locator("[name=file] option")).to_have_text("商品")
    expect(page.get_by_test_id("topic-path")).to_have_text("data/nlu/faq/goods.yml")
    expect(sheet.locator("[name=name]")).to_have_value("goods_1")
    sheet.locator("[name=name]").fill("Wool care")
    sheet.locator("[type=submit]").click()
    # Numbers that may be the shop's are asked about once.
    asked = page.get_by_test_id("numbers-asked")
    expect(asked).to_contain_text("这里的「7 天」是店铺数字吗")
    expect(asked).to_contain_text("{return_days}")
    asked.get_by_role("button", name="照写「7 天」").click()
    asked.get_by_role("button", name="跟着店铺数字变").click()
    expect(sheet.locator("[name=answer]")).to_have_value(
        "建议冷水手洗，平铺晾干 7 天。满 {free_shipping_threshold} 元包邮。"
    )
    expect(sheet.get_by_role("alert")).to_contain_text("小写英文")
    sheet.locator("[name=name]").fill("wool_care")
    sheet.locator("[name=questions]").fill("羊绒的怎么洗才不缩水\n羊绒衫咋洗")
    sheet.locator("[type=submit]").click()
    expect(page.get_by_test_id("studio-empty")).to_be_visible()
    assert page.evaluate("localStorage.getItem('review-file')") == "goods"
    written = nlu(office, "faq/goods")
    assert "faq/wool_care" in written and "- 羊绒衫咋洗" in written and "平铺晾干 7 天" in written


def test_hostile_texts_are_shown_and_not_run(
    office: Office, inbox: Store, enter: Callable[..., Page]
) -> None:
    said(inbox, begun(inbox), HOSTILE, read=[("product_info", 0.3)])
    said(inbox, begun(inbox), "长" * 2000, read=[("product_info", 0.3)])
    collected(inbox)
    page = ready(enter())
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator(".group", has_text="<img").click()
    expect(page.locator("[data-testid=review-text].on")).to_contain_text("<script>alert(2)</script>")
    expect(ready(page).get_by_test_id("sentence")).not_to_have_value("*\u202e*")
    assert page.locator("#opened img, #opened script").count() == 0
    # Brackets that a shopper typed are no entity.
    assert page.locator("mark").count() == 0
    page.locator(".group", has_text="长长").click()
    ready(page).keyboard.press("1")
    expect(page.get_by_test_id("review-error")).to_contain_text("太长")
    page.get_by_test_id("sentence").fill("这是什么料子做的")
    ready(page).get_by_test_id("reading").first.click()
    expect(page.locator(".toast")).to_contain_text("写入 1 句")


def test_on_a_phone_the_list_and_then_the_group(
    office: Office, inbox: Store, enter: Callable[..., Page]
) -> None:
    said(inbox, begun(inbox), "羊绒的怎么洗呀", read=[("product_info", 0.3)])
    said(inbox, begun(inbox), "包裹丢件怎么赔", read=[("product_info", 0.3)])
    collected(inbox)
    page = enter()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_test_id("review-opened")).to_be_hidden()
    page.get_by_test_id("review-group").last.click()
    expect(page.get_by_test_id("review-opened")).to_be_visible()
    expect(page.get_by_test_id("review-group").first).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    ready(page).get_by_test_id("review-ignore").click()
    expect(page.get_by_test_id("review-group")).to_have_count(1)

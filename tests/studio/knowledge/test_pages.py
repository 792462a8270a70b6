"""The knowledge pages in a real browser: found, edited, dated, compared; two at once; hostile words."""

import re
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from bot.conversations.steps import Reply
from bot.insights import gathering
from bot.settings import Settings
from bot.studio.files import Author
from bot.studio.files.language import Variation, set_answer
from bot.studio.knowledge import editing
from bot.studio.review.collecting import Collector
from tests.offices import Contexts, Office, running_office
from tests.servers import free_port
from tests.studio.files.small import git

from .conftest import AREA, OTHER, POLICIES, knowing

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"
WANG = Author("王五", "wangwu")
POSTAGE, GENUINE = "faq/return_postage", "faq/genuine"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    place = tmp_path_factory.mktemp("knowledge")
    settings = Settings(
        data_dir=place / "var",
        bot_dir=knowing(place / "bot"),
        models_dir=place / "models",
        office_port=free_port(),
        engine_url=f"http://127.0.0.1:{free_port()}",
    )
    with running_office(settings) as office:
        yield office


@pytest.fixture(autouse=True)
def anew(office: Office) -> None:
    """The files as they were at first."""
    knowing(office.files.root)
    for path in (office.files.root / "data/nlu/faq").glob("*.yml"):
        if f"data/nlu/faq/{path.name}" not in (AREA, OTHER):
            path.unlink()
    office.files.look()


@pytest.fixture
def enter(office: Office, context: Contexts) -> Callable[..., Page]:
    """Opens a page below /studio/knowledge."""

    def opened(path: str = "", name: str = "admin") -> Page:
        return office.enter(context, f"/studio/knowledge{path}", name, accepts="beforeunload")

    return opened


def text_of(office: Office, path: str) -> str:
    return office.files.look().text(path)


def shown(page: Page) -> Locator:
    """The bubbles of the preview."""
    return page.locator("[data-shown]:not([hidden]) .bubble")


def saved(page: Page) -> None:
    """Save, until the page shows what came of it."""
    with page.expect_navigation():
        page.get_by_test_id("save").click()


def test_topics_are_found_by_all_that_is_asked_and_answered(enter: Callable[..., Page]) -> None:
    page = enter()
    topics = page.get_by_test_id("topic")
    expect(topics).to_have_count(3)
    expect(page.get_by_test_id("area-goods")).to_contain_text("商品")
    expect(topics.filter(has_text="是正品吗")).to_contain_text("都是正品，7 天内可退。")
    search = page.get_by_test_id("knowledge-search")
    for typed, name, hit in (
        ("防伪", GENUINE, "问法 · 有没有防伪码"),
        ("质量 承担", POSTAGE, "答案 · 质量问题由我们承担"),
        ("return_postage", POSTAGE, ""),
        ("退货　运费", POSTAGE, ""),
    ):
        search.fill(typed)
        expect(topics.locator("visible=true")).to_have_count(1)
        one = page.locator(f"[data-name='{name}']")
        expect(one).to_be_visible()
        expect(one.locator(".hit")).to_contain_text(hit)
    search.fill("羊毛衫能机洗吗")
    expect(page.get_by_test_id("knowledge-none")).to_be_visible()
    page.get_by_test_id("knowledge-none").get_by_role("link").click()
    expect(page.get_by_test_id("add-questions")).to_have_value("羊毛衫能机洗吗")


def test_an_answer_is_edited_beside_what_the_shopper_sees(office: Office, enter: Callable[..., Page]) -> None:
    page = enter(f"/topics/{POSTAGE}")
    expect(shown(page)).to_have_text(["退货运费谁出", "质量问题由我们承担"])
    # In the widget's own style.
    expect(shown(page).first).to_have_css("background-color", "rgb(23, 105, 90)")
    text = page.get_by_test_id("wording-text").first
    text.fill("邮费我们出，")
    page.get_by_test_id("insert").first.click()
    page.get_by_test_id("numbers").get_by_role("searchbox").fill("几天 退")
    page.keyboard.press("Enter")
    expect(text).to_have_value("邮费我们出，{return_days}")
    text.press_sequentially(" 天内 {nope}")
    expect(page.locator("[data-wrong]").first).to_contain_text("nope")
    text.fill("邮费我们出，{return_days} 天内")
    expect(shown(page).last).to_have_text("邮费我们出，7 天内")
    page.get_by_test_id("add-wording").click()
    second = page.get_by_test_id("wording").nth(1)
    second.get_by_test_id("wording-text").fill("双十一全免。" * 100)
    second.locator("[data-channel]").select_option("wechat")
    second.get_by_test_id("since").fill("2026-11-01")
    second.get_by_test_id("until").fill("2026-10-01")
    expect(second.locator("[data-wrong]")).to_be_visible()
    second.get_by_test_id("until").fill("2999-01-01")
    expect(second.locator("[data-size]")).to_contain_text("微信 1800/2048 字节")
    page.locator("[data-look=wechat]").click()
    expect(page.get_by_test_id("says")).to_contain_text("说法 2")
    # For all channels, it takes the place of the one without days.
    second.locator("[data-channel]").select_option("")
    page.locator("[data-look=web]").click()
    expect(page.get_by_test_id("says")).to_have_text("今天在这里会说：说法 2")
    expect(page.locator("[data-term]").first).to_have_text("暂时不说")
    second.locator("[data-channel]").select_option("wechat")
    expect(page.locator("[data-term]").first).to_be_hidden()
    page.locator("[data-look=wechat]").click()
    expect(shown(page).first).to_have_css("background-color", "rgb(149, 236, 105)")
    expect(page.get_by_test_id("savebar")).to_contain_text("改了答案")
    saved(page)
    expect(page.locator(".toast")).to_contain_text("几秒内生效")
    assert f"  - text: {'双十一全免。' * 100}\n    channel: wechat\n" in text_of(office, AREA)
    assert "metadata: {since: 2026-11-01, until: 2999-01-01}" in text_of(office, AREA)
    assert "- text: 邮费我们出，{return_days} 天内\n" in text_of(office, AREA)
    assert (
        git(office.files.root, "log", "-1", "--format=%ae %s").strip()
        == "admin@guitai 知识：退货运费谁出（答案）"
    )
    expect(page.get_by_test_id("last-change")).to_be_visible()


def test_days_that_are_over_are_told(office: Office, enter: Callable[..., Page]) -> None:
    page = enter(f"/topics/{POSTAGE}")
    page.get_by_test_id("until").first.fill("2020-01-01")
    expect(page.get_by_test_id("says")).to_contain_text("没有可说的")
    saved(page)
    page.goto(f"{office.url}/studio/knowledge")
    one = page.locator(f"[data-name='{POSTAGE}']")
    expect(one).to_contain_text("今天没有可说的")
    page.locator("[data-mark=silent]").click()
    expect(page.get_by_test_id("topic").locator("visible=true")).to_have_count(1)


def test_questions_are_compared_as_they_are_added(office: Office, enter: Callable[..., Page]) -> None:
    page = enter(f"/topics/{POSTAGE}")
    page.get_by_test_id("add-questions").fill("退货要邮费吗？\n 几天内能退\n来回的邮费怎么算\n\n是正品吗")
    compared = page.get_by_test_id("compared")
    expect(compared.locator(".known")).to_contain_text("退货要邮费吗？")
    expect(compared.locator(".same")).to_have_count(2)
    expect(compared.locator(".same").last).to_contain_text("「是正品吗」里已有同样的话")
    expect(compared).to_contain_text("1 句可以添加")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("topic-error")).to_contain_text("已经在「")
    compared.locator(".same").last.get_by_role("button").click()
    expect(page.get_by_test_id("asked")).to_contain_text("从「是正品吗」移来")
    page.get_by_test_id("add-questions").fill("来回的邮费怎么算\n退货要邮费吗？")
    row = page.locator("[data-question='退货要邮费吗']")
    row.hover()
    row.locator("[data-edit]").click()
    row.get_by_role("textbox").fill("退货要付邮费吗")
    row.get_by_role("textbox").press("Enter")
    expect(row).to_contain_text("已改")
    saved(page)
    expect(page.get_by_test_id("notice")).to_contain_text("训练")
    expect(page.get_by_test_id("notice").get_by_role("link")).to_have_attribute("href", "/studio/models")
    assert "    - 退货运费谁出\n    - 退货要付邮费吗\n    - 是正品吗\n    - 来回的邮费怎么算\n" in text_of(
        office, AREA
    )
    assert "- 是正品吗" not in text_of(office, OTHER)


def test_questions_leave(office: Office, enter: Callable[..., Page]) -> None:
    page = enter(f"/topics/{GENUINE}")
    row = page.locator("[data-question='有没有防伪码']")
    row.locator("input").check()
    page.locator("[data-move]").click()
    page.get_by_test_id("topics").get_by_role("searchbox").fill("运费")
    page.keyboard.press("Enter")
    expect(row).to_contain_text("将移到「退货运费谁出」")
    saved(page)
    assert "- 有没有防伪码" in text_of(office, AREA) and "防伪" not in text_of(office, OTHER)
    page.locator("[data-every]").check()
    page.get_by_test_id("remove-picked").click()
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("topic-error")).to_contain_text("至少要有一句")


def test_two_admins_edit_one_answer(office: Office, enter: Callable[..., Page]) -> None:
    page = enter(f"/topics/{POSTAGE}")
    page.get_by_test_id("wording-text").fill("我写的答案")
    page.get_by_test_id("add-questions").fill("邮费谁来付")
    with office.files.edit(WANG, "改") as draft:
        set_answer(draft, POSTAGE, [Variation("王五的答案"), Variation("第二条")])
    page.get_by_test_id("save").click()
    conflict = page.get_by_test_id("conflict")
    expect(conflict).to_contain_text("王五 在")
    expect(conflict).to_contain_text("王五的答案")
    expect(page.get_by_test_id("wording-text")).to_have_value("我写的答案")
    expect(page.get_by_test_id("add-questions")).to_have_value("邮费谁来付")
    with page.expect_navigation():
        page.get_by_test_id("overwrite").click()
    topic = editing.found(office.files.look(), POSTAGE)
    assert topic.answers == (Variation("我写的答案"),) and topic.questions[-1].text == "邮费谁来付"


def test_a_topic_is_made_and_removed(office: Office, enter: Callable[..., Page]) -> None:
    page = enter("/new?area=goods")
    expect(page.get_by_test_id("name")).to_have_value("goods_1")
    expect(page.get_by_test_id("intent")).to_have_value("greet")
    page.get_by_test_id("add-questions").fill("能水洗吗\n可以机洗么")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("topic-error")).to_contain_text("说法 1 还是空的")
    page.get_by_test_id("wording-text").fill("看洗标。\n7 天内可退。")
    expect(shown(page)).to_have_text(["能水洗吗", "看洗标。\n7 天内可退。"], use_inner_text=True)
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("numbers-asked")).to_contain_text("这里的「7 天」就是店铺数字「几天内能退」吗")
    with page.expect_navigation():
        page.get_by_test_id("numbers-asked").get_by_role("button", name="跟着店铺数字变").click()
    assert (
        editing.found(office.files.look(), "faq/goods_1").answers[0].text
        == "看洗标。\n{return_days} 天内可退。"
    )
    expect(page).to_have_url(re.compile("/topics/faq/goods_1$"))
    expect(page.get_by_test_id("notice")).to_contain_text("话题建好了")
    page.get_by_test_id("remove-topic").click()
    expect(page.locator("#sure")).to_contain_text("2 句问法和 1 条说法")
    page.get_by_test_id("remove-sure").click()
    expect(page.locator(".toast")).to_contain_text("已删除「能水洗吗」")
    assert "水洗" not in text_of(office, OTHER) and "防伪" in text_of(office, OTHER)


def test_a_number_changes_in_all_answers(office: Office, enter: Callable[..., Page]) -> None:
    page = enter("/policies")
    policy = page.locator("[data-policy=return_days]")
    policy.locator("summary").click()
    expect(policy.locator(".users")).to_contain_text("都是正品，7 天内可退。")
    policy.locator("input").fill("15")
    expect(policy.locator(".users")).to_contain_text("都是正品，15 天内可退。")
    expect(policy).to_contain_text("原来是 7")
    whole = page.locator("[data-policy=dispatch_hours] input")
    whole.fill("两天")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("policies-error")).to_contain_text("dispatch_hours 要填整数")
    whole.fill("24")
    studio_file = office.files.root / "data/policies.yml"
    studio_file.write_text(POLICIES.replace("return_days: 7", "return_days: 10"))
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("policies-error")).to_contain_text("return_days 刚被别人改成了「10」")
    expect(policy.locator("input")).to_have_value("15")
    expect(policy).to_contain_text("原来是 10")
    saved(page)
    expect(page.locator(".toast")).to_contain_text("几秒内生效")
    assert studio_file.read_text() == POLICIES.replace("return_days: 7", "return_days: 15").replace(
        "48", "24"
    )
    page.get_by_test_id("policies-search").fill("快递")
    expect(page.get_by_test_id("policy").locator("visible=true")).to_have_count(2)


def test_hostile_words_stay_words(office: Office, enter: Callable[..., Page]) -> None:
    page = enter(f"/topics/{POSTAGE}")
    page.get_by_test_id("wording-text").fill(HOSTILE)
    page.get_by_test_id("add-questions").fill(f"{HOSTILE}\n{HOSTILE} 运费")
    expect(shown(page).last).to_have_text(HOSTILE)
    expect(page.get_by_test_id("compared")).to_contain_text("2 句可以添加")
    saved(page)
    expect(page.get_by_test_id("asked")).to_contain_text(HOSTILE)
    page.goto(f"{office.url}/studio/knowledge")
    page.get_by_test_id("knowledge-search").fill("onerror")
    expect(page.locator(f"[data-name='{POSTAGE}']")).to_contain_text(HOSTILE)
    page.goto(f"{office.url}/studio/knowledge/topics/{POSTAGE}")
    page.get_by_test_id("wording-text").fill("运费\u202e出我们")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("topic-error")).to_contain_text("控制字符")
    page.get_by_test_id("wording-text").fill("长" * 30_000)
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("topic-error")).to_contain_text("内容太多")
    head = office.files.head()
    page.get_by_test_id("wording-text").fill("长" * 5000)
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("topic-error")).to_contain_text("太长")
    sent = page.request.post(
        f"{office.url}/studio/knowledge/topics/{POSTAGE}",
        data={"seen": {}, "added": ["长" * 700_000]},
        headers={"Origin": office.url},
    )
    assert sent.status == 413
    assert office.files.head() == head


def test_figures_open_their_conversations(office: Office, enter: Callable[..., Page]) -> None:
    conversation = office.store.begin("web", None, None).id
    for text in ("退货邮费谁出呀", "不是这个意思"):
        office.store.receive(conversation, text, text)
        turn = office.store.claim_turn("test", 30)
        read = {"intent": "faq", "faq": {"topic": "return_postage", "score": 0.9}}
        assert turn and office.store.finish_turn(turn, [Reply("好")], read, "m")
    collector = Collector(office.store)
    while collector.look():
        pass
    gathering.gather(office.store)
    page = enter("?sort=failed")
    first = page.get_by_test_id("topic").first
    expect(first).to_have_attribute("data-name", POSTAGE)
    expect(first.get_by_test_id("figure-answered")).to_have_text("1")
    first.get_by_test_id("figure-contradicted").click()
    expect(page.get_by_test_id("list-count")).to_have_attribute("data-count", "1")
    expect(page.locator("h1")).to_contain_text("答非所问")


def test_only_admins_may(office: Office, enter: Callable[..., Page]) -> None:
    name = next(each for each in office.passwords if each != "admin")
    page = enter(name=name)
    head = office.files.head()
    for path in ("", "/words", "/new", "/policies", f"/topics/{POSTAGE}", f"/topics/{POSTAGE}/now"):
        assert page.request.get(f"{office.url}/studio/knowledge{path}").status == 403, path
    for path in ("/near", "/new", "/policies", f"/topics/{POSTAGE}", f"/topics/{POSTAGE}/remove"):
        sent = page.request.post(
            f"{office.url}/studio/knowledge{path}", data={}, headers={"Origin": office.url}
        )
        assert sent.status == 403, path
    assert office.files.head() == head
    assert httpx.get(f"{office.url}/channels/looks", follow_redirects=False).status_code == 303

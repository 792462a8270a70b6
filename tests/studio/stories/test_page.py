"""The stories' pages in a real browser: found, edited both ways, drawn, checked, kept; two admins at once."""

import re
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from bot.settings import Settings
from bot.studio.files import Repository
from tests.offices import Contexts, Office, running_office
from tests.servers import free_port

from .conftest import FILES, LI, ORDER_STATUS, lay

pytestmark = pytest.mark.timeout(300)
# Milliseconds that a check may take on a busy machine.
CHECKED = 120_000
HOSTILE = "<img src=x onerror=alert(1)> </textarea> {{ 7*7 }} \u2067倒/过?来&#"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    place = tmp_path_factory.mktemp("stories")
    settings = Settings(data_dir=place / "var", bot_dir=lay(place / "bot"), office_port=free_port())
    with running_office(settings) as office:
        yield office


@pytest.fixture
def office(running: Office) -> Office:
    """The small bot as it was at first."""
    with running.files.edit(LI, "As it was") as draft:
        for path in draft.files("data/stories"):
            if path not in FILES:
                draft.remove(path)
        for path, text in FILES.items():
            draft.write(path, text)
    return running


@pytest.fixture
def enter(office: Office, context: Contexts) -> Callable[..., Page]:
    def opened(path: str = "/studio/stories", **options: object) -> Page:
        return office.enter(context, path, **options)

    return opened


def text_of(office: Office, name: str) -> str:
    return office.files.look().text(f"data/stories/{name}.yml")


def open_one(page: Page, name: str) -> None:
    page.get_by_test_id("story-row").filter(has_text=name).first.get_by_role("link").click()
    expect(page.get_by_test_id("editor")).to_be_visible()
    ready(page)


def ready(page: Page) -> None:
    """The script of the page that is shown listens."""
    page.wait_for_load_state()


def choose(page: Page, field: Locator, typed: str) -> None:
    field.fill(typed)
    field.press("Enter")
    expect(page.get_by_test_id("choices")).to_have_count(0)


def problems(page: Page) -> Locator:
    return page.get_by_test_id("problems")


def test_search_and_the_graph_of_a_file(office: Office, enter: Callable[..., Page]) -> None:
    page = enter()
    expect(page.get_by_test_id("story-row")).to_have_count(6)
    page.get_by_test_id("story-search").fill("查订单")
    expect(page.get_by_test_id("story-row")).to_have_count(2)
    page.get_by_test_id("story-kind").select_option("story")
    expect(page.get_by_test_id("story-row")).to_have_count(1)
    page.get_by_test_id("story-search").fill("没有这样的")
    expect(page.get_by_test_id("stories-empty")).to_contain_text("没有找到")
    page.goto(f"{office.url}/studio/stories?file=data/stories/order_status.yml")
    graph = page.get_by_test_id("file-graph")
    expect(graph.get_by_test_id("drawing")).to_contain_text("查订单")
    graph.locator("summary").click()
    expect(graph.get_by_test_id("graph-text")).to_contain_text("请告诉我订单号")
    graph.get_by_test_id("graph-text").get_by_role("link", name="查订单").first.click()
    expect(page.get_by_test_id("story-name")).to_have_value("Which order")


def test_the_form_keeps_what_it_cannot_show(office: Office, enter: Callable[..., Page]) -> None:
    page = enter()
    open_one(page, "Which order")
    steps = page.get_by_test_id("steps").get_by_test_id("step")
    expect(steps).to_have_count(3)
    expect(steps.first).to_contain_text("查订单")
    expect(steps.first).to_contain_text("我的订单发货了吗")
    expect(steps.nth(1)).to_contain_text("请告诉我订单号")
    expect(page.get_by_test_id("save")).to_be_disabled()
    # The intent becomes another, found by its Chinese title.
    choose(page, steps.first.locator(".choose"), "道谢")
    expect(steps.first).to_contain_text("谢谢")
    expect(page.get_by_test_id("graph")).to_contain_text("道谢")
    # One more step, at the end and then moved up; one is taken out.
    page.get_by_test_id("add-action").click()
    expect(steps).to_have_count(4)
    expect(problems(page)).to_contain_text("机器人做什么")
    choose(page, steps.nth(3).locator(".choose"), "已经发货")
    expect(steps.nth(3)).to_contain_text("已经发货了")
    expect(problems(page)).to_contain_text("没有问题")
    steps.nth(3).get_by_role("button", name="上移").click()
    expect(steps.nth(2).locator(".choose")).to_have_value("utter_sent")
    steps.nth(2).get_by_role("button", name="去掉").click()
    expect(steps).to_have_count(3)
    page.get_by_test_id("story-name").fill("单号: 哪一单")
    page.get_by_test_id("save").click()
    expect(page.locator(".toast")).to_contain_text("已保存")
    expect(page.locator("h1")).to_have_text("单号: 哪一单")
    written = ORDER_STATUS.replace("Which order", '"单号: 哪一单"').replace("order_status ", "thanks ", 1)
    assert text_of(office, "order_status") == written
    change = Repository(office.settings.bot_dir).history(1)[0]
    assert (change.author.name, change.summary) == ("管理员", "修改规则“单号: 哪一单”")


def test_text_with_a_live_problem(office: Office, enter: Callable[..., Page]) -> None:
    page = enter()
    open_one(page, "Hello")
    page.get_by_test_id("tab-text").click()
    source = page.get_by_test_id("source")
    source.fill("- rule: Faq\n  steps:\n  - intent: greeting\n  - action: utter_greet\n   - action: x")
    expect(problems(page)).to_contain_text("第 5 行")
    source.fill("- rule: Faq\n  # 先问好\n  steps:\n  - intent: greeting\n  - action: utter_greet")
    expect(problems(page)).to_contain_text("第 4 行 没有意图 greeting")
    expect(problems(page)).to_contain_text("第 1 行 已有名为“Faq”的规则")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("story-failed")).to_contain_text("第 4 行：没有意图 greeting")
    expect(source).to_have_value(re.compile("# 先问好"))
    problems(page).get_by_role("button", name="第 4 行").click()
    assert source.evaluate("(e) => e.value.slice(e.selectionStart, e.selectionEnd)") == "  - intent: greeting"
    page.keyboard.type("  - intent: greet")
    expect(problems(page)).not_to_contain_text("第 4 行")
    page.get_by_test_id("tab-form").click()
    page.get_by_test_id("story-name").fill("Hello there")
    page.keyboard.press("Tab")
    expect(problems(page)).to_contain_text("没有问题")
    page.get_by_test_id("save").click()
    expect(page.locator("h1")).to_have_text("Hello there")
    assert "  # 先问好\n  steps:" in text_of(office, "greet")


def test_a_new_one_copied_and_removed(office: Office, enter: Callable[..., Page]) -> None:
    page = enter()
    page.get_by_test_id("new-story").click()
    expect(page.locator("h1")).to_have_text("新建故事")
    ready(page)
    page.get_by_test_id("story-name").fill("问好再谢")
    steps = page.get_by_test_id("steps").get_by_test_id("step")
    choose(page, steps.first.locator(".choose"), "道谢")
    expect(page.get_by_test_id("path")).to_have_value("data/stories/thanks.yml")
    choose(page, steps.nth(1).locator(".choose"), "utter_greet")
    steps.first.get_by_test_id("add-branch").click()
    choose(page, steps.first.locator(".branch .choose").last, "打招呼")
    expect(problems(page)).to_contain_text("没有问题")
    page.get_by_test_id("save").click()
    expect(page.locator("h1")).to_have_text("问好再谢")
    assert "  - or:\n    - intent: thanks\n    - intent: greet\n" in text_of(office, "thanks")
    page.get_by_test_id("copy").click()
    expect(page.get_by_test_id("story-name")).to_have_value("问好再谢（副本）")
    ready(page)
    page.get_by_test_id("save").click()
    expect(page.locator("h1")).to_have_text("问好再谢（副本）")
    ready(page)
    page.get_by_test_id("remove").click()
    page.get_by_test_id("remove-sure").click()
    expect(page.locator(".toast")).to_contain_text("已删除")
    assert text_of(office, "thanks").count("story:") == 1


def test_a_text_given_is_shown_and_not_kept(office: Office, enter: Callable[..., Page]) -> None:
    page = enter()
    text = "- story: 来自会话\n  steps:\n  - intent: greet\n  - action: utter_greet\n"
    before = Repository(office.settings.bot_dir).head()
    with page.expect_navigation():
        page.evaluate(
            """(text) => {
            const form = document.createElement("form");
            Object.assign(form, {method: "post", action: "/studio/stories/new"});
            form.append(Object.assign(document.createElement("textarea"), {name: "source", value: text}));
            document.body.append(form);
            form.submit();
        }""",
            text,
        )
    expect(page.get_by_test_id("story-name")).to_have_value("来自会话")
    expect(page.get_by_test_id("path")).to_have_value("data/stories/greet.yml")
    assert Repository(office.settings.bot_dir).head() == before
    page.get_by_test_id("save").click()
    expect(page.locator("h1")).to_have_text("来自会话")


def test_two_admins(office: Office, enter: Callable[..., Page]) -> None:
    one, two = enter(), enter()
    for page in (one, two):
        open_one(page, "Hello")
        page.get_by_test_id("tab-text").click()
    one.get_by_test_id("source").fill("- rule: Hello\n  steps:\n  - intent: greet\n  - action: utter_sent")
    one.get_by_test_id("save").click()
    expect(one.locator(".toast")).to_contain_text("已保存")
    mine = "- rule: Hello\n  # 我的\n  steps:\n  - intent: greet\n  - action: utter_greet"
    two.get_by_test_id("source").fill(mine)
    two.get_by_test_id("save").click()
    expect(two.get_by_test_id("clash")).to_contain_text("管理员 在")
    expect(two.get_by_test_id("clash")).to_contain_text("utter_sent")
    expect(two.get_by_test_id("source")).to_have_value(mine)
    assert "我的" not in text_of(office, "greet")
    two.get_by_test_id("keep-mine").click()
    expect(two.locator(".toast")).to_contain_text("已保存")
    assert "我的" in text_of(office, "greet") and "utter_sent" not in text_of(office, "greet")


def test_contradictions_are_named_before_training(office: Office, enter: Callable[..., Page]) -> None:
    page = enter("/studio/stories/new?kind=rule")
    page.get_by_test_id("tab-text").click()
    page.get_by_test_id("source").fill("- rule: 又问好\n  steps:\n  - intent: greet\n  - action: utter_sent")
    expect(problems(page)).to_contain_text("没有问题")
    page.get_by_test_id("check").click()
    told = page.get_by_test_id("contradiction")
    expect(told.first).to_contain_text("“Hello”", timeout=CHECKED)
    expect(told.first).to_contain_text("“又问好”")
    with page.expect_popup() as opened:
        told.first.get_by_role("link", name="Hello").click()
    expect(opened.value.get_by_test_id("story-name")).to_have_value("Hello")
    expect(page.get_by_test_id("source")).to_have_value(re.compile("又问好"))
    assert "又问好" not in text_of(office, "greet")


def test_hostile_names_are_shown_and_not_run(office: Office, enter: Callable[..., Page]) -> None:
    files = Repository(office.settings.bot_dir)
    quoted = HOSTILE.replace('"', '\\"').replace("\u2067", "\\u2067")
    with files.edit(LI, "hostile") as draft:
        draft.write(
            "data/stories/greet.yml",
            f'{FILES["data/stories/greet.yml"]}stories:\n- story: "{quoted}"\n  steps:\n  - intent: greet\n'
            f'  - checkpoint: "{quoted}"\n',
        )
    page = enter()
    page.on("dialog", lambda dialog: pytest.fail(f"a name was run: {dialog.message}"))
    open_one(page, "onerror")
    expect(page.get_by_test_id("story-name")).to_have_value(HOSTILE)
    expect(page.get_by_test_id("source")).to_have_value(re.compile("</textarea>"))
    expect(problems(page)).to_contain_text("看不见的符号")
    assert page.locator("main img").count() == 0
    page.get_by_test_id("story-name").fill("好的名称")
    page.get_by_test_id("save").click()
    expect(page.locator("h1")).to_have_text("好的名称")
    page.goto(f"{office.url}/studio/stories/rule?name={'x' * 900}")
    expect(page.get_by_role("alert")).to_contain_text("不在了")


def test_only_admins(office: Office) -> None:
    for path in ("", "/known", "/new", "/rule?name=Hello"):
        assert httpx.get(f"{office.url}/studio/stories{path}").status_code in (303, 401, 403)
    for path in ("new", "look", "save", "remove", "check"):
        answer = httpx.post(f"{office.url}/studio/stories/{path}", json={"source": "x"})
        assert answer.status_code in (303, 401, 403)


def test_on_a_phone(office: Office, enter: Callable[..., Page]) -> None:
    page = enter()
    page.set_viewport_size({"width": 390, "height": 844})
    for path in ("", "?file=data/stories/order_status.yml", "/rule?name=Which%20order", "/new"):
        page.goto(f"{office.url}/studio/stories{path}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path

"""The page of figures in the running office: numbers open their conversations, hostile words stay words."""

import csv
import io
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from bot.conversations import notices, ratings, steps
from bot.conversations.steps import Reply, now
from bot.insights import gathering
from bot.insights.periods import day
from bot.staff import passwords
from bot.studio.figures import CONTROLS, safe
from tests import offices
from tests.desk.conftest import Office
from tests.desk.conftest import office as office
from tests.desk.conftest import sign_in as sign_in
from tests.handoff.conftest import Clock
from tests.insights.life import Life

HOSTILE = "<img src=x onerror=\"document.title='hacked'\">"
AGENT = '=HYPERLINK("http://x")<b>'


@pytest.fixture(scope="module")
def shop(office: Office) -> Iterator[Office]:
    """An office after ten days of a shop's life, with an agent and words that mean harm."""
    patch = pytest.MonkeyPatch()
    clock, end = Clock(), now() - timedelta(hours=3)
    clock.at = end - timedelta(days=10)
    for module in (steps, notices):
        patch.setattr(module, "datetime", clock)
    life = Life(office.store, clock, 5, away=0.003)
    while clock.at < end:
        life.step()
    patch.undo()
    agent = office.accounts.add("agent", f"x{secrets.token_hex(3)}", AGENT, passwords.hashed("x" * 12))
    store = office.store
    for count in range(3):
        conversation = store.begin("web", None, HOSTILE).id
        store.receive(conversation, "m", [HOSTILE, HOSTILE.upper(), "@SUM(1)\u202e"][count])
        turn = store.claim_turn("test", 30)
        assert turn and store.finish_turn(turn, [Reply("没听懂")], {"intent": "nlu_fallback"}, "m")
        store.ask_human(conversation)
        store.take(conversation, agent.id, AGENT)
        store.say(conversation, agent.id, AGENT, "您好", "a")
        store.close(conversation, agent.id)
        ratings.rate(store, conversation, 5)
    gathering.gather(store)
    yield office


@pytest.fixture
def admin(shop: Office, context: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """The page of figures as an admin sees it; what it complains of fails the test."""

    def enter(width: int = 1440, **options: object) -> Page:
        page = context(**options).new_page()
        page.set_viewport_size({"width": width, "height": 900})
        page.on("pageerror", lambda error: pytest.fail(f"the page failed: {error}"))
        page.on("console", lambda said: said.type == "error" and pytest.fail(said.text))
        page.goto(f"{shop.url}/studio/figures?range=30")
        offices.sign_in(page, "admin", shop.passwords["admin"])
        return page

    return enter


@pytest.fixture(scope="module")
def client(shop: Office) -> Iterator[httpx.Client]:
    with signed_in(shop, "admin") as client:
        yield client


@contextmanager
def signed_in(office: Office, name: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=office.url, headers={"Origin": office.url}, timeout=30) as client:
        token = re.search(r'name="token" value="([^"]+)"', client.get("/sign-in").text)
        assert token
        data = {"name": name, "password": office.passwords[name], "token": token[1]}
        assert client.post("/sign-in", data=data).status_code == 303
        yield client


def test_each_number_of_the_page_opens_as_many_conversations(client: httpx.Client) -> None:
    html = client.get("/studio/figures?range=30").text
    links = re.findall(r'href="(/studio/figures/conversations[^"]+)">([\d,]+)</a>', html)
    assert len(links) > 40
    for link, number in links:
        listed = client.get(link.replace("&amp;", "&"))
        assert listed.status_code == 200
        count = re.search(r'data-count="(\d+)"', listed.text)
        assert count and int(count[1]) == int(number.replace(",", "")), link


def test_the_figures_in_the_browser(admin: Callable[..., Page]) -> None:
    page = admin()
    expect(page.get_by_test_id("card-services")).to_be_visible()
    expect(page.locator("[data-chart=bars] svg")).to_be_visible()
    assert page.title() != "hacked"
    unsure = page.get_by_test_id("table-unsure")
    expect(unsure).to_contain_text(HOSTILE.upper())
    expect(page.get_by_test_id("table-agents")).to_contain_text(AGENT)
    row = unsure.locator("tbody tr", has_text="ONERROR")
    expect(row.locator("td")).to_have_text("2")
    row.locator("td a").click()
    expect(page.get_by_test_id("list-count")).to_contain_text("2")
    expect(page.get_by_test_id("figure-line").first).to_contain_text("onerror", ignore_case=True)
    page.get_by_test_id("figure-line").first.get_by_role("link", name="看会话").click()
    page.get_by_test_id("desk").wait_for()
    assert "?c=" in page.url


def test_a_bar_opens_its_day(admin: Callable[..., Page]) -> None:
    page = admin()
    chart = page.locator("[data-chart=bars]")
    expect(chart.locator("svg")).to_be_visible()
    box = chart.bounding_box()
    assert box
    # The foot of the last day's bar.
    chart.click(position={"x": box["width"] - 15, "y": box["height"] - 35})
    page.wait_for_url("**/conversations?**")
    assert re.search(r"figure=\w+&day=\d{4}-\d\d-\d\d", page.url)
    expect(page.get_by_test_id("figure-line").first).to_be_visible()


@pytest.mark.parametrize("scheme", ("light", "dark"))
def test_on_a_phone_nothing_sticks_out(admin: Callable[..., Page], scheme: str) -> None:
    page = admin(390, color_scheme=scheme)
    expect(page.locator("[data-chart=lines] svg")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_test_id("card-services").get_by_role("link").first.click()
    expect(page.get_by_test_id("figure-line").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_table_for_excel_holds_no_formula(client: httpx.Client) -> None:
    to = day(now())
    days = f"from={to - timedelta(days=29)}&to={to}"
    for table in ("agents", "unsure", "days", "ratings", "reasons", "queues", "intents"):
        answer = client.get(f"/studio/figures/{table}.csv?{days}")
        assert answer.status_code == 200 and answer.content.startswith(b"\xef\xbb\xbf")
        assert "attachment" in answer.headers["content-disposition"]
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert len(rows) > 1
        assert not [cell for row in rows for cell in row if cell.strip().startswith(("=", "+", "-", "@"))]
    assert f"'{AGENT}" in [
        row[0] for row in csv.reader(io.StringIO(client.get(f"/studio/figures/agents.csv?{days}").text))
    ]


@pytest.mark.parametrize("text", ("=1", "+1", "-1", "@a", "\t=1", " =1", "\u3000@a", "\r=1", "\x1b@"))
def test_a_cell_is_no_formula(text: str) -> None:
    assert safe(text).startswith("'") and safe(text).strip("' \u3000") == text.strip(" \t\r\x1b\u3000")
    assert not CONTROLS.search(safe(f"a{text}")) and safe(f"a{text}").startswith("a")


def test_what_is_wrong_is_said_in_a_sentence(client: httpx.Client) -> None:
    for query in (
        "from=2026-11-02&to=2026-11-01",
        "from=x&to=y",
        "from=2026-01-01",
        "from=1900-01-01&to=2026-01-01",
    ):
        answer = client.get(f"/studio/figures?{query}")
        assert answer.status_code == 400 and "日期不对" in answer.text
        for path in ("conversations?figure=services&", "days.csv?"):
            assert client.get(f"/studio/figures/{path}{query}").json()["type"] == "wrong-period"
    for path in (
        "conversations?figure=nonsense",
        "conversations?figure=strict&queue=x",
        "nonsense.csv",
        "charts/..%2fx.js",
    ):
        assert client.get(f"/studio/figures/{path}").status_code == 404
    for path in (
        "conversations?figure=strict&reason=%00",
        "conversations?figure=rated&score=99999999999",
        "conversations?figure=strict&page=0",
    ):
        assert client.get(f"/studio/figures/{path}").status_code == 422


def test_a_time_without_conversations_says_so(client: httpx.Client) -> None:
    assert "figures-empty" in client.get("/studio/figures?from=2001-01-01&to=2001-01-07").text


@pytest.mark.parametrize("name", ("xiaowang", "supervisor"))
def test_only_admins_see_figures(shop: Office, name: str) -> None:
    with signed_in(shop, name) as client:
        for path in ("", "/conversations?figure=services", "/days.csv", "/charts/index.js"):
            answer = client.get(f"/studio/figures{path}")
            assert answer.status_code == 403 and "card-" not in answer.text

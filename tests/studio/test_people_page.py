"""People, accounts and the audit in the running office, as browsers and strangers see them."""

import csv
import io
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from bot.conversations import audits, ownership
from bot.handoff import agents
from bot.staff.people import People
from bot.studio.figures import FORMULA
from tests import offices
from tests.desk.conftest import Office
from tests.desk.conftest import office as office
from tests.desk.test_door import sign_in as signing_in
from tests.desk.working import shift, wanted

pytestmark = pytest.mark.timeout(300)

LONG = "三个 和尚 没水喝 42"
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def people(office: Office) -> People:
    return People(office.accounts.engine, lambda id, by: agents.dismiss(office.store, id, by))


@pytest.fixture
def person(office: Office) -> Callable[..., tuple[int, str]]:
    """Makes an account whose password is its own; its id and name."""

    def make(role: str = "agent", shown: str = "小新") -> tuple[int, str]:
        name, password = f"p{secrets.token_hex(4)}", secrets.token_urlsafe(12)
        office.passwords[name] = password
        return office.accounts.add(role, name, shown, password).id, name

    return make


@pytest.fixture
def enter(office: Office, context: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """Signs somebody in at a page; what that complains of fails the test."""

    def signed_in(name: str = "admin", path: str = "/studio/people", **options: object) -> Page:
        page = context(**options).new_page()
        page.on("pageerror", lambda error: pytest.fail(f"the page failed: {error}"))
        page.on("dialog", lambda dialog: pytest.fail(f"a text was run: {dialog.message}"))
        page.goto(f"{office.url}{path}")
        offices.sign_in(page, name, office.passwords[name])
        return page

    return signed_in


@contextmanager
def client(office: Office, name: str | None) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=office.url, headers={"Origin": office.url}, timeout=30) as http:
        if name:
            assert signing_in(http, name, office.passwords[name]).status_code == 303
        yield http


def choose(page: Page, old: str, new: str, again: str | None = None) -> None:
    page.get_by_test_id("old-password").fill(old)
    page.get_by_test_id("new-password").fill(new)
    page.get_by_test_id("again-password").fill(new if again is None else again)
    page.get_by_test_id("choose-password").click()


def kept(office: Office, by: int | None = None) -> list[tuple[str, dict[str, Any]]]:
    who = None if by is None else ownership.agent(by)
    rows = audits.found(office.store, audits.Wanted(by=who), limit=200)
    return [(row.action, row.detail or {}) for row in rows]


def test_a_person_is_added_signs_in_once_and_chooses_a_password(
    office: Office, enter: Callable[..., Page], context: Callable[..., BrowserContext]
) -> None:
    admin, name = enter(), f"n{secrets.token_hex(4)}"
    admin.get_by_test_id("add").click()
    dialog = admin.get_by_test_id("add-dialog")
    dialog.get_by_label("显示名称").fill(HOSTILE)
    dialog.get_by_label("账号", exact=False).last.fill("has space")
    admin.get_by_test_id("add-sure").click()
    expect(dialog.get_by_role("alert")).to_contain_text("不能有空格")
    dialog.locator("[name=name]").fill(name.upper())
    dialog.get_by_text("主管").click()
    admin.get_by_test_id("add-sure").click()
    expect(admin.get_by_test_id("made-name")).to_have_text(name)
    password = admin.get_by_test_id("made-password").inner_text()
    # A key pressed too early does not lose it.
    admin.keyboard.press("Escape")
    expect(admin.get_by_test_id("made-password")).to_be_visible()
    admin.get_by_test_id("noted").click()
    expect(admin.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    expect(admin.get_by_test_id("studio-people")).to_contain_text("待改密码")
    assert password not in admin.content()

    page = context().new_page()
    page.goto(f"{office.url}/desk")
    offices.sign_in(page, name, password)
    expect(page.get_by_test_id("must-change")).to_be_visible()
    page.goto(f"{office.url}/desk/live")
    expect(page.get_by_test_id("must-change")).to_be_visible()
    asked = page.evaluate("fetch('/desk/attachments/x').then((answer) => answer.url)")
    assert asked.endswith("/account?next=%2Fdesk%2Fattachments%2Fx")
    choose(page, "wrong", LONG)
    expect(page.get_by_test_id("account-error")).to_have_text("现在的密码不对。")
    choose(page, password, "123456789012")
    expect(page.get_by_test_id("account-error")).to_contain_text("太容易猜到")
    choose(page, password, LONG, again=f"{LONG}!")
    expect(page.get_by_test_id("account-error")).to_contain_text("不一样")
    choose(page, password, LONG)
    page.get_by_test_id("live").wait_for()
    page.goto(f"{office.url}/desk")
    expect(page.get_by_test_id("me")).to_have_text(HOSTILE)
    account = office.accounts.check(name, LONG)
    assert account and account.role == "supervisor"
    assert [action for action, _ in kept(office, account.id)] == ["live_view", "password_change", "sign_in"]

    admin.get_by_test_id("see-audit").click()
    rows = admin.get_by_test_id("audit-row")
    expect(rows).to_have_count(3)
    expect(rows.nth(1)).to_contain_text("修改了自己的密码")
    expect(rows.nth(1)).to_contain_text(HOSTILE)
    admin.goto(f"{office.url}/studio/audit?what=people")
    added = admin.locator("[data-action=account_add]").first
    expect(added).to_contain_text(f"添加了 {HOSTILE}，角色 主管")
    added.locator(".said .link").click()
    expect(admin.get_by_test_id("person")).to_be_visible()


def test_who_is_disabled_at_the_desk_leaves_it(
    office: Office, enter: Callable[..., Page], person: Callable[..., tuple[int, str]]
) -> None:
    with shift(office) as store:
        id, name = person(shown="小停")
        desk = enter(name, "/desk")
        desk.get_by_test_id("shift-start").click()
        expect(desk.get_by_test_id("presence")).to_be_visible()
        conversation = wanted(store)
        store.take(conversation, id, "小停")
        admin = enter(path=f"/studio/people/{id}")
        admin.get_by_test_id("disable").click()
        admin.get_by_test_id("sure").click()
        expect(admin.get_by_role("status")).to_have_text("已停用，手上的 1 个会话重新排队了。")
        expect(admin.get_by_test_id("is-disabled")).to_be_visible()
        desk.get_by_test_id("sign-in-name").wait_for()
        assert store.conversation(conversation).owner == ownership.QUEUE
        assert [agent.presence for agent in agents.all(store) if agent.id == id] == ["offline"]
        offices.knock(desk, name, office.passwords[name])
        expect(desk.get_by_test_id("sign-in-error")).to_contain_text("账号或密码不对")
        admin.get_by_test_id("enable").click()
        expect(admin.get_by_role("status")).to_have_text("已启用。")
        offices.sign_in(desk, name, office.passwords[name])
        desk.get_by_test_id("desk").wait_for()
    actions = [action for action, detail in kept(office) if detail.get("account") == id]
    assert actions[:3] == ["account_enable", "sign_in_failed", "account_disable"]


@pytest.mark.slow
def test_a_sign_in_ends_elsewhere_by_its_owner_and_by_an_admin(
    office: Office, enter: Callable[..., Page], person: Callable[..., tuple[int, str]], people: People
) -> None:
    id, name = person()
    _, key = people.tokens.make(name, "我们的 ERP")
    with client(office, name) as first, client(office, name) as second:
        page = enter(name, "/desk")
        page.goto(f"{office.url}/account")
        expect(page.get_by_test_id("own-sign-in")).to_have_count(3)
        expect(page.get_by_test_id("own-sign-in").first).to_contain_text("Chrome · Linux")
        page.get_by_test_id("end-others").click()
        expect(page.get_by_test_id("account-done")).to_be_visible()
        expect(page.get_by_test_id("own-sign-in")).to_have_count(1)
        assert first.get("/desk").status_code == second.get("/desk").status_code == 303
        page.get_by_test_id("own-token").get_by_role("button").click()
        expect(page.get_by_test_id("own-token")).to_have_count(0)
        assert people.tokens.holder(key) is None

        admin = enter(path=f"/studio/people/{id}")
        expect(admin.get_by_test_id("sign-in")).to_have_count(1)
        admin.get_by_test_id("end").click()
        expect(admin.get_by_role("status")).to_have_text("已退出 1 处登录。")
        expect(admin.get_by_test_id("studio-people")).to_contain_text("现在没有登录。")
        page.reload()
        expect(page.get_by_test_id("sign-in-name")).to_be_visible()
    assert [action for action, _ in kept(office, id)] == ["token_revoke", "sessions_end", *["sign_in"] * 3]


@pytest.mark.slow
def test_of_herself_an_admin_changes_the_shown_name_alone(
    office: Office, enter: Callable[..., Page], person: Callable[..., tuple[int, str]]
) -> None:
    id, name = person("admin", "管理员二")
    page = enter(name, f"/studio/people/{id}")
    page.get_by_test_id("save").wait_for()
    for control in ("disable", "new-password"):
        expect(page.get_by_test_id(control)).to_have_count(0)
    expect(page.locator("[name=role][type=radio]")).to_have_count(0)
    page.get_by_label("显示名称").fill("管理员贰")
    page.get_by_test_id("save").click()
    expect(page.get_by_role("status")).to_have_text("已保存：管理员贰")
    expect(page.get_by_role("banner")).to_contain_text("管理员贰")
    for path in ("disable", "password"):
        answer = page.request.post(f"{office.url}/studio/people/{id}/{path}", headers={"Origin": office.url})
        assert answer.status == 409 and answer.json()["type"] == "own-account"
    admin = next(id for id, shown in office.accounts.display_names().items() if shown == "管理员")
    page.goto(f"{office.url}/studio/people/{id}")
    with client(office, "admin") as http:
        assert http.post(f"/studio/people/{id}/disable").status_code == 200
        assert http.post(f"/studio/people/{admin}/disable").json()["type"] == "own-account"
        body = {"display_name": "x", "role": "agent", "seen_name": "管理员", "seen_role": "admin"}
        assert http.post(f"/studio/people/{admin}", json=body).json()["type"] == "own-account"
    page.get_by_test_id("save").click()
    expect(page.get_by_role("main").get_by_role("alert")).not_to_be_empty()


@pytest.mark.slow
def test_two_admins_at_one_person_are_told(
    office: Office, enter: Callable[..., Page], person: Callable[..., tuple[int, str]]
) -> None:
    id, _ = person(shown="老名字")
    first, second = enter(path=f"/studio/people/{id}"), enter(path=f"/studio/people/{id}")
    first.get_by_label("显示名称").fill("新名字")
    first.get_by_test_id("save").click()
    expect(first.get_by_role("heading", level=1)).to_have_text("新名字")
    second.get_by_text("主管", exact=True).click()
    second.get_by_test_id("save").click()
    expect(second.get_by_role("alert")).to_have_text("刚才有人改过，请刷新页面再试。")
    account = office.accounts.account(id)
    assert account and (account.display_name, account.role) == ("新名字", "agent")


WAYS = (
    ("get", "/studio/people"),
    ("post", "/studio/people"),
    ("get", "/studio/people/1"),
    ("post", "/studio/people/1"),
    ("post", "/studio/people/1/password"),
    ("post", "/studio/people/1/disable"),
    ("post", "/studio/people/1/enable"),
    ("post", "/studio/people/1/sign-ins/end"),
    ("post", "/studio/people/1/sign-ins/1/end"),
    ("post", "/studio/people/1/tokens/1/revoke"),
    ("get", "/studio/audit"),
    ("get", "/studio/audit.csv"),
)


@pytest.mark.parametrize("name", ("xiaoli", "supervisor"))
def test_only_admins_come_in(office: Office, name: str) -> None:
    with client(office, name) as http:
        for method, path in WAYS:
            json = {"json": {}} if method == "post" else {}
            assert http.request(method, path, **json).status_code == 403, path
        assert http.get("/account").status_code == 200
    before = kept(office)
    with client(office, None) as http:
        for method, path in (*WAYS, ("post", "/account/password"), ("post", "/account/sign-ins/1/end")):
            assert http.request(method, path).status_code == (303 if method == "get" else 401), path
    with client(office, "admin") as http:
        for method, path in (*WAYS, ("post", "/account/password"), ("post", "/account/sign-ins/end-others")):
            if method == "post":
                answer = http.post(path, headers={"Origin": "https://evil.example"})
                assert answer.status_code == 403 and answer.json()["type"] == "foreign-origin"
    assert [action for action, _ in kept(office)] == ["sign_in", *(action for action, _ in before)]


def test_what_is_nobody_and_nonsense(office: Office) -> None:
    with client(office, "admin") as http:
        assert http.get("/studio/people/999999").status_code == 404
        assert http.post("/studio/people/999999/disable").json()["type"] == "unknown"
        for body in ({}, {"name": "x" * 300, "display_name": "x", "role": "agent"}, {"name": "x"}, [1]):
            assert http.post("/studio/people", json=body).status_code == 422
        body = {"name": "x", "display_name": "x", "role": "owner"}
        assert http.post("/studio/people", json=body).status_code == 422
        body = {"name": "x\u202ey", "display_name": "x", "role": "agent"}
        assert http.post("/studio/people", json=body).json()["type"] == "wrong-name"
        for query in ("before=0", "before=x", "who=%00", f"before={2**40}"):
            assert http.get(f"/studio/audit?{query}").status_code == 422
        for query in ("what=nonsense", "days=99", "who=nobody", "who=<b>", "before=1"):
            assert http.get(f"/studio/audit?{query}").status_code == 200


@pytest.mark.slow
def test_the_audit_is_narrowed_paged_and_exported(office: Office, enter: Callable[..., Page]) -> None:
    store = office.store
    for number in range(120):
        audits.note(store, "cli:0", "webhook_add", webhook=number)
    audits.note(store, '=cmd|"/c calc"!A1', "train", training="\u202e=1+1", commit="x")
    page = enter(path="/studio/audit")
    page.get_by_test_id("what").select_option("webhooks")
    rows = page.get_by_test_id("audit-row")
    expect(rows).to_have_count(50)
    expect(rows.first).to_contain_text("终端（系统用户 0）")
    expect(rows.first).to_contain_text("添加了 webhook #119")
    page.get_by_test_id("older").click()
    expect(rows.first).to_contain_text("#69")
    page.get_by_test_id("older").click()
    expect(rows).to_have_count(20)
    expect(page.get_by_test_id("older")).to_have_count(0)
    page.wait_for_load_state()
    page.get_by_test_id("who").select_option(label="小王")
    expect(page.get_by_test_id("audit-empty")).to_be_visible()
    page.goto(f"{office.url}/studio/audit?what=models")
    expect(rows.first.locator(".said")).to_contain_text("=1+1")
    with client(office, "admin") as http:
        answer = http.get("/studio/audit.csv?what=webhooks&who=cli:0")
        lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert len(lines) >= 121 and lines[1][3] == "添加了 webhook #119"
        lines = list(csv.reader(io.StringIO(http.get("/studio/audit.csv").content.decode("utf-8-sig"))))
        assert not [cell for line in lines for cell in line[1:] if cell.lstrip().startswith(FORMULA)]
        assert kept(office)[0] == ("audit_export", {})


def test_failed_sign_ins_are_kept_without_what_was_typed(office: Office) -> None:
    with client(office, None) as http:
        unknown = f"guess{secrets.token_hex(4)}"
        for _ in range(10):
            signing_in(http, unknown, "geheim-123456")
        signing_in(http, "xiaowang", "geheim-123456")
    rows = kept(office)[:10]
    assert unknown not in str(rows) and "geheim" not in str(rows)
    id = next(id for id, shown in office.accounts.display_names().items() if shown == "小王")
    assert rows[0] == ("sign_in_failed", {"account": id, "address": "127.0.0.1"})
    # Once it is stopped, that is kept once.
    assert [action for action, _ in rows[1:]] == ["sign_in_blocked", *["sign_in_failed"] * 8]


def test_a_browser_keeps_nothing_of_before_its_sign_in(office: Office) -> None:
    with client(office, "xiaoli") as other:
        fixed = other.cookies["office"]
    with httpx.Client(base_url=office.url, headers={"Origin": office.url}, timeout=30) as http:
        http.cookies.set("office", fixed)
        http.post("/sign-out")
        http.cookies.set("office", fixed)
        assert http.get("/desk").status_code == 303
        http.cookies.clear()
        form = http.get("/sign-in")
        before = form.headers["set-cookie"]
        token = re.search(r'name="token" value="([^"]+)"', form.text)
        assert token
        data = {"name": "xiaoli", "password": office.passwords["xiaoli"], "token": token[1]}
        after = http.post("/sign-in", data=data).headers["set-cookie"]
        assert before.split(";")[0] != after.split(";")[0]
        http.cookies.clear()
        http.cookies.set("office", before.partition("=")[2].split(";")[0])
        assert http.get("/desk").status_code == 303


def test_looks_at_what_customers_said_are_kept_once(office: Office) -> None:
    admin = next(id for id, shown in office.accounts.display_names().items() if shown == "管理员")
    days = {"first": "2001-01-01", "last": "2001-01-02"}
    narrowed = "from=2001-01-01&to=2001-01-02"
    with client(office, "admin") as http:
        for _ in range(2):
            assert http.get("/studio").status_code == 200
            words = "figure=unanswered&wording=秘密"
            assert http.get(f"/studio/figures/conversations?{words}&{narrowed}").status_code == 200
            assert http.get(f"/studio/figures/days.csv?{narrowed}").status_code == 200
    rows = kept(office, admin)
    assert rows[:2] == [("figures_export", {"table": "days", **days})] * 2
    assert rows.count(("view_list", {"figure": "unanswered", "number": 1, **days})) == 1
    assert [action for action, _ in rows].count("view_review") == 1
    assert "秘密" not in str(rows)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ("light", "dark"))
def test_nothing_sticks_out(office: Office, enter: Callable[..., Page], people: People, scheme: str) -> None:
    people.add("cli:0", f"l{secrets.token_hex(14)}", "很长的显示名称" * 4, "agent")
    page = enter(color_scheme=scheme)
    for path in ("/studio/people", "/studio/people/1", "/studio/audit", "/account"):
        page.goto(f"{office.url}{path}")
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path

"""The office's door over plain HTTP: who gets in, and what strangers and other sites cannot do."""

import re
import secrets
from collections.abc import Iterator

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from bot.conversations.database import connect as database
from bot.staff.tokens import Tokens

from .conftest import Office


@pytest.fixture
def http(office: Office) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=office.url, headers={"Origin": office.url}, timeout=20) as client:
        yield client


def sign_in(http: httpx.Client, name: str, password: str, **more: str) -> httpx.Response:
    form = http.get("/sign-in").text
    found = re.search(r'name="token" value="([^"]+)"', form)
    token = found.group(1) if found else ""
    return http.post("/sign-in", data={"name": name, "password": password, "token": token, **more})


@pytest.mark.parametrize("path", ["/desk", "/studio", "/", "/docs", "/openapi.json", "/anything"])
def test_strangers_are_sent_to_the_sign_in(http: httpx.Client, path: str) -> None:
    answer = http.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=")


def test_strangers_see_no_pages_parts(http: httpx.Client) -> None:
    answer = http.get("/_nicegui/3/static/nicegui.js")
    assert answer.status_code == 401
    assert answer.json()["type"] == "signed-out"


def test_health_and_safe_headers(http: httpx.Client) -> None:
    answer = http.get("/healthz")
    assert answer.json() == {"status": "ok"}
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "server" not in answer.headers


def test_the_cookie_is_strict_and_unreadable_for_scripts(office: Office, http: httpx.Client) -> None:
    answer = sign_in(http, "xiaoli", office.passwords["xiaoli"])
    assert answer.status_code == 303 and answer.headers["location"] == "/desk"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "max-age=43200" in cookie
    assert http.get("/desk").status_code == 200
    assert http.get("/studio").status_code == 403


@pytest.mark.parametrize("change", ["flip", "cut", "unsigned", "empty"])
def test_a_tampered_cookie_signs_nobody_in(office: Office, http: httpx.Client, change: str) -> None:
    sign_in(http, "xiaoli", office.passwords["xiaoli"])
    value = http.cookies["office"]
    http.cookies.clear()
    forged = {
        "flip": ("A" if value[5] != "A" else "B").join((value[:5], value[6:])),
        "cut": value[:-4],
        "unsigned": value.split(".")[0],
        "empty": "",
    }[change]
    answer = http.get("/desk", headers={"Cookie": f"office={forged}"})
    assert answer.status_code == 303


def test_signed_out_means_out_even_with_the_old_cookie(office: Office, http: httpx.Client) -> None:
    sign_in(http, "supervisor", office.passwords["supervisor"])
    kept = http.cookies["office"]
    assert http.post("/sign-out").status_code == 303
    http.cookies.clear()
    assert http.get("/desk", headers={"Cookie": f"office={kept}"}).status_code == 303


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/desk/../x",
        "javascript:1",
        "/desk?c=a b",
    ],
)
def test_no_redirect_leads_elsewhere(office: Office, http: httpx.Client, target: str) -> None:
    answer = sign_in(http, "xiaoli", office.passwords["xiaoli"], next=target)
    assert answer.headers["location"] == "/desk"


def test_the_form_of_another_site_is_refused(office: Office, http: httpx.Client) -> None:
    data = {"name": "xiaoli", "password": office.passwords["xiaoli"], "token": "guess"}
    assert http.post("/sign-in", data=data).status_code == 403
    for origin in ("https://evil.example", "null"):
        answer = http.post("/sign-in", data=data, headers={"Origin": origin})
        assert answer.status_code == 403 and answer.json()["type"] == "foreign-origin"


def test_guessing_is_stopped_by_name(http: httpx.Client) -> None:
    name = f"guess-{secrets.token_hex(4)}"
    answers = [sign_in(http, name, f"try-{number}").status_code for number in range(9)]
    assert answers == [403] * 8 + [429]


def test_guessing_is_stopped_however_the_name_is_spelled(http: httpx.Client) -> None:
    name = f"guess-{secrets.token_hex(4)}"
    spelled = [name, name.upper(), f" {name} ", f"ｇ{name[1:]}", f"{name[:3]}\0{name[3:]}"]
    answers = [sign_in(http, spelled[number % 5], f"try-{number}").status_code for number in range(9)]
    assert answers == [403] * 8 + [429]


@pytest.mark.parametrize("path", ["/static/x", "/static/staff/../desk/desk.js", "/static/desk/desk.js"])
def test_strangers_get_no_page_out_of_a_static_address(http: httpx.Client, path: str) -> None:
    answer = http.get(path)
    assert "nicegui" not in answer.text and "x-nicegui-content" not in answer.headers


@pytest.mark.parametrize("size", [70_000, 2_000_000])
def test_large_forms_are_refused(http: httpx.Client, size: int) -> None:
    answer = sign_in(http, "x" * size, "x")
    assert answer.status_code in (413, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_live_line_wants_our_origin_a_sign_in_and_its_own_page(
    office: Office, http: httpx.Client
) -> None:
    sign_in(http, "xiaoli", office.passwords["xiaoli"])
    mine = f"office={http.cookies['office']}"
    page = http.get("/desk").text
    found = re.search(r"client_id['\"&#39;quot; :]+([0-9a-f-]{36})", page)
    assert found
    with httpx.Client(base_url=office.url, headers={"Origin": office.url}, timeout=20) as other:
        sign_in(other, "xiaowang", office.passwords["xiaowang"])
        theirs = f"office={other.cookies['office']}"
    line = office.url.replace("http", "ws") + "/_nicegui_ws/socket.io/?EIO=4&transport=websocket&client_id="

    def status(origin: str, cookie: str, client: str) -> int:
        headers = {"Origin": origin, "Cookie": cookie}
        try:
            with connect(line + client, additional_headers=headers, open_timeout=10):
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code

    client = found.group(1)
    assert status(office.url, mine, client) == 101
    assert status("https://evil.example", mine, client) == 403
    assert status(office.url, "", client) == 403
    assert status(office.url, theirs, client) == 403
    assert status(office.url, mine, "") == 403
    polling = http.get("/_nicegui_ws/socket.io/?EIO=4&transport=polling")
    assert polling.status_code == 403


def test_a_token_opens_the_api_and_no_page(office: Office) -> None:
    engine = database(office.settings.database)
    _, key = Tokens(engine).make("xiaowang")
    engine.dispose()
    with httpx.Client(base_url=office.url, headers={"Authorization": f"Bearer {key}"}) as http:
        assert http.get("/api/desk/me").json()["name"] == "xiaowang"
        assert http.get("/api/desk/nothing").headers["content-type"] == "application/problem+json"
        assert http.get("/desk").status_code == 303

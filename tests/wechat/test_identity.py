"""A shopper binds her WeChat to her account in the shop; and what strangers try."""

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import jwt
import pytest
from playwright.async_api import async_playwright, expect
from sqlalchemy import func, select
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from structlog.testing import capture_logs

from bot.channels.wechat import accounts, api, binding, sign_ins
from bot.channels.wechat.accounts import Account, WrongAccounts
from bot.channels.wechat.authorisation import address
from bot.channels.wechat.book import Book
from bot.channels.wechat.models import SignIn
from bot.channels.wechat.sign_ins import SignIns
from bot.channels.wechat.simulator.delivery import Delivery
from bot.channels.wechat.simulator.world import Follower
from bot.conversations import outbox
from bot.conversations.models import Conversation
from bot.conversations.models import Delivery as Owed
from bot.conversations.steps import Reply, append, locked
from bot.conversations.store import Store
from bot.front import create
from bot.migrations import upgrade
from bot.settings import Settings
from bot.shop.app import create_app
from tests.browser import launching
from tests.faults import TroubledEngine
from tests.servers import free_port, serving

from .line import SEND, Line, connected
from .simulated import AES_KEY, SECRET

SIGN_IN = "https://shop.example/wechat-sign-in?from=chat"
EXCHANGE = "/sns/oauth2/access_token"
OTHERS = "c2002"


class Engine(TroubledEngine):
    """Says whom it was asked by; two messages to 两条."""

    async def answer(self, request: Request) -> Response:
        said = await request.json()
        who = (said.get("customer") or {}).get("id", "访客")
        texts = ["第一条", "第二条"] if said.get("text") == "两条" else [f"{who} 问 {said.get('text')}"]
        understanding = {"intent": "greet", "confidence": 0.9, "ranking": [], "entities": []}
        return JSONResponse(
            {"replies": [{"text": text} for text in texts], "understanding": understanding, "model": "m"}
        )


class Connect(Protocol):
    def __call__(self, **options: Any) -> AbstractAsyncContextManager[Line]: ...


@pytest.fixture
def connect(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    monkeypatch.setattr(api, "PAUSE", 0.01)
    with serving(Engine().app()) as url:
        yield lambda **options: connected(store, url, tmp_path, **{"sign_in_url": SIGN_IN, **options})


@pytest.fixture
async def line(connect: Connect) -> AsyncIterator[Line]:
    async with connect() as line:
        yield line


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of the installation that ``line`` belongs to."""
    return Settings(data_dir=tmp_path)


def token(settings: Settings, id: str = "c1001", name: str | None = "张小红", **claims: Any) -> str:
    """What the shop says of its customer."""
    said = {"sub": id, "name": name, "aud": "chat", "exp": datetime.now(UTC) + timedelta(minutes=5), **claims}
    return jwt.encode(said, settings.customer_secret, "HS256")


class Browser:
    """The browser of one phone: it keeps cookies, and goes where it is sent."""

    def __init__(self, line: Line, http: httpx.AsyncClient) -> None:
        self.line, self.http = line, http
        self.front = line.fronts[0]

    async def get(self, page: str, /, **query: str) -> httpx.Response:
        return await self.http.get(page, params=query or None)

    async def post(self, page: str, **fields: str) -> httpx.Response:
        return await self.http.post(f"{self.front}/{page}", data=fields)

    async def to_wechat(self, shopper: Follower) -> str:
        """Open the link in the chat, as far as WeChat sends it back; the address."""
        opens = f"/simulator/accounts/{self.line.account.id}/followers/{shopper.openid}/opens"
        hop = await self.get(self.line.simulator + opens, url=f"{self.front}/login")
        for _ in range(2):
            hop = await self.get(hop.headers["location"])
        return hop.headers["location"]

    async def to_shop(self, shopper: Follower) -> str:
        """As far as the shop's page; the state that came along."""
        sent = await self.get(await self.to_wechat(shopper))
        assert sent.status_code == 303 and sent.headers["location"].startswith(SIGN_IN + "&")
        query = parse_qs(urlsplit(sent.headers["location"]).query)
        assert query["return_to"] == [f"{self.front}/bind"] and query["from"] == ["chat"]
        return query["state"][0]

    async def bind(self, shopper: Follower, customer_token: str) -> httpx.Response:
        """The whole way."""
        state = await self.to_shop(shopper)
        asked = await self.post("bind", state=state, customer_token=customer_token)
        return await self.post("confirm", **fields(asked))

    async def unbind(self, shopper: Follower) -> httpx.Response:
        return await self.post("unbind", **fields(await self.get(await self.to_wechat(shopper))))


@asynccontextmanager
async def browsing(line: Line) -> AsyncIterator[Browser]:
    async with httpx.AsyncClient(timeout=20) as http:
        yield Browser(line, http)


@pytest.fixture
async def browser(line: Line) -> AsyncIterator[Browser]:
    async with browsing(line) as browser:
        yield browser


def fields(page: httpx.Response) -> dict[str, str]:
    """What the page's form sends."""
    assert page.status_code == 200, page.text
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))


def title(page: httpx.Response) -> tuple[int, str]:
    found = re.search("<h1>(.*)</h1>", page.text)
    assert found
    return page.status_code, found[1]


async def until(right: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not right():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


STALE = (410, "页面已失效")
BOUND = (200, "绑定成功")
UNBOUND = (200, "已解除绑定")


def customer(line: Line, shopper: Follower) -> str | None:
    """Whose the shopper's conversation is."""
    known = Book(line.store).known("shop", shopper.openid)
    return line.store.conversation(known.conversation_id).customer_id if known else None


# The whole way


async def test_a_shopper_becomes_the_customer(line: Line, browser: Browser, settings: Settings) -> None:
    shopper, other = line.phone(), line.phone("小明")
    for each in (shopper, other):
        await line.write(each, "在吗")
    before = line.conversation(shopper)
    state = await browser.to_shop(shopper)
    asked = await browser.post("bind", state=state, customer_token=token(settings))
    assert title(asked) == (200, "绑定店铺账号") and "张**" in asked.text and "张小红" not in asked.text
    assert customer(line, shopper) is None, "nothing is done before she confirms"
    done = await browser.post("confirm", **fields(asked))
    assert title(done) == BOUND and "返回微信" in done.text
    assert (customer(line, shopper), customer(line, other)) == ("c1001", None)
    assert line.conversation(shopper) == before
    found = line.store.conversation(before)
    assert (found.customer_name, found.channel) == ("张小红", "wechat")
    shown = await line.shown(shopper, lambda screen: len(screen) == 2)
    assert "已绑定账号“张**”" in shown[1]
    for each in (shopper, other):
        await line.write(each, "我的订单")
    assert line.screen(shopper)[-1] == "c1001 问 我的订单"
    assert line.screen(other)[-1] == "访客 问 我的订单"


async def test_one_who_never_wrote_can_bind(line: Line, browser: Browser, settings: Settings) -> None:
    shopper = line.phone()
    assert title(await browser.bind(shopper, token(settings, name=None))) == BOUND
    assert customer(line, shopper) == "c1001"
    await line.write(shopper, "我的订单")
    shown = await line.shown(shopper, lambda screen: len(screen) == 2)
    assert "c**" in shown[0] and shown[1] == "c1001 问 我的订单"


async def test_the_pages_are_kept_from_others(line: Line, browser: Browser, settings: Settings) -> None:
    shopper = line.phone()
    login = await browser.get(f"{browser.front}/login")
    assert re.fullmatch(
        r"guitai_wechat=[0-9a-f]{64}; HttpOnly; Max-Age=600; Path=/; SameSite=lax",
        login.headers["set-cookie"],
    )
    returned = await browser.get(await browser.to_wechat(shopper))
    state = parse_qs(urlsplit(returned.headers["location"]).query)["state"][0]
    asked = await browser.post("bind", state=state, customer_token=token(settings))
    for answer in (login, returned, asked):
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
    policy = asked.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "script" not in asked.text and "://" not in asked.text, "nothing of others, and no script"


async def test_a_link_that_the_phone_opens_twice_leads_on(line: Line, browser: Browser) -> None:
    first, second = await browser.to_wechat(line.phone()), await browser.to_wechat(line.phone())
    line.fail(EXCHANGE, delay=0.3)
    answers = await asyncio.gather(*(browser.get(url) for url in (first, first, second)))
    assert [answer.status_code for answer in answers] == [303, 303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert line.account.calls["oauth"] == 2, "each code was changed once"


async def test_the_welcome_leads_there(line: Line, connect: Connect) -> None:
    event = {"MsgType": "event", "Event": "subscribe", "EventKey": ""}
    shopper = line.phone()
    await line.deliver(shopper, event)
    assert f'<a href="{line.fronts[0]}/login">点此绑定</a>' in line.screen(shopper)[0]
    async with connect(sign_in_url="") as without:
        shopper = without.phone()
        await without.deliver(shopper, event)
        assert "欢迎" in without.screen(shopper)[0] and "绑定" not in without.screen(shopper)[0]


# What strangers try


async def test_a_state_counts_once(line: Line, browser: Browser, settings: Settings) -> None:
    shopper = line.phone()
    back = await browser.to_wechat(shopper)
    await browser.get(back)
    state = parse_qs(urlsplit(back).query)["state"][0]
    mine = {"state": state, "customer_token": token(settings)}
    for _ in range(2):  # the button may be pressed twice
        assert title(await browser.post("confirm", **mine)) == BOUND
    told = [message.text for message in line.log(shopper)]
    assert len(told) == 1
    assert title(await browser.get(back)) == STALE
    for page in ("bind", "confirm"):
        again = await browser.post(page, state=state, customer_token=token(settings, OTHERS))
        assert title(again) == STALE
    assert customer(line, shopper) == "c1001"
    assert line.account.calls["oauth"] == 1


async def test_a_state_belongs_to_the_browser_that_began(
    line: Line, browser: Browser, settings: Settings
) -> None:
    attacker, victim = line.phone("黑客"), line.phone()
    async with browsing(line) as hers:
        # Her browser is sent to where his sign-in would end.
        assert title(await hers.get(await browser.to_wechat(attacker))) == STALE
        assert line.account.calls["oauth"] == 0
        state = await browser.to_shop(attacker)
        # The shop signs her in with his state: she would bind her account to his phone.
        lured = await hers.post("bind", state=state, customer_token=token(settings))
        assert title(await hers.post("confirm", **fields(lured))) == STALE
        await hers.to_shop(victim)  # and now that she has a cookie of her own
        assert title(await hers.post("confirm", **fields(lured))) == STALE
        # He has no token of hers, and what she brought is not kept.
        assert title(await browser.post("confirm", state=state, customer_token=""))[0] == 403
        assert title(await hers.post("unbind", state=state)) == STALE
    assert customer(line, attacker) is None and customer(line, victim) is None


@pytest.mark.parametrize("page", ["authorized", "bind", "confirm", "unbind"])
async def test_a_state_runs_out(
    line: Line, browser: Browser, settings: Settings, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shopper = line.phone()
    if page == "authorized":
        monkeypatch.setattr(sign_ins, "LASTS", timedelta(seconds=-1))
        assert title(await browser.get(await browser.to_wechat(shopper))) == STALE
        return
    state = await browser.to_shop(shopper)
    with line.store.writing() as session:
        session.scalars(select(SignIn)).one().until -= sign_ins.LASTS
    answer = await browser.post(page, state=state, customer_token=token(settings))
    assert title(answer) == STALE
    await browser.get(f"{browser.front}/login")
    with line.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(SignIn)) == 1, "the old one is forgotten"


def test_a_state_belongs_to_an_account(store: Store) -> None:
    mine = SignIns(store)
    state = mine.begin("shop", "browser")
    assert mine.of_browser("shop", state, "browser")
    assert not mine.of_browser("outlet", state, "browser") and not mine.open("outlet", state)
    assert not mine.of_browser("shop", state, "") and not mine.open("shop", state[:-1])


@pytest.mark.parametrize("state", ["", "0" * 64, "'; drop table", '"><script>alert(1)</script>', "\ud800"])
async def test_an_invented_state_leads_nowhere(
    line: Line, browser: Browser, settings: Settings, state: str
) -> None:
    await browser.get(f"{browser.front}/login")
    said = state.encode("utf-8", "surrogatepass")
    answers = [
        await browser.http.get(f"{browser.front}/authorized?{urlencode({'state': said, 'code': 'x'})}")
    ]
    for page in ("bind", "confirm", "unbind"):
        content = urlencode({"state": said, "customer_token": token(settings)})
        form = {"content-type": "application/x-www-form-urlencoded"}
        answers.append(await browser.http.post(f"{browser.front}/{page}", content=content, headers=form))
    for answer in answers:
        assert title(answer) == STALE and "<script>" not in answer.text
    assert line.account.calls["oauth"] == 0


async def test_a_code_counts_once(line: Line, browser: Browser) -> None:
    used = parse_qs(urlsplit(first := await browser.to_wechat(line.phone())).query)["code"][0]
    assert (await browser.get(first)).status_code == 303
    late = await browser.to_wechat(line.phone())
    for code in (used, "erfunden", "", "x" * 5000):
        back = parse_qs(urlsplit(await browser.to_wechat(line.phone())).query)
        answer = await browser.get(f"{browser.front}/authorized", state=back["state"][0], code=code)
        assert title(answer) == STALE
    line.account.clock.forward(301)
    assert title(await browser.get(late)) == STALE
    mine = {"appid": line.account.app_id, "code": used, "grant_type": "authorization_code"}
    for secret, code in (("falsch", 40125), (SECRET, 40163)):
        answer = await browser.get(line.simulator + EXCHANGE, secret=secret, **mine)
        assert answer.json()["errcode"] == code


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"errcode": 40125}, STALE),
        ({"errcode": 40013}, STALE),
        ({"status": 502}, (503, "暂时没办成")),
    ],
)
async def test_wechat_may_refuse(
    line: Line, browser: Browser, fault: dict[str, int], told: tuple[int, str]
) -> None:
    back = await browser.to_wechat(line.phone())
    line.fail(EXCHANGE, **fault)
    assert title(await browser.get(back)) == told
    assert title(await browser.get(back)) == STALE, "its code may be spent"


async def test_nobody_is_bound_by_the_picture_of_a_page(line: Line, browser: Browser) -> None:
    shopper = line.phone()
    shopper.snapshot = True
    assert title(await browser.get(await browser.to_wechat(shopper))) == (200, "请使用完整服务")
    shopper.snapshot = False
    assert await browser.to_shop(shopper)


@pytest.mark.parametrize(
    "wrong", [{"aud": "session"}, {"exp": 1}, {"sub": ""}, {"exp": datetime(2100, 1, 1, tzinfo=UTC)}]
)
async def test_only_the_shop_says_who_she_is(
    line: Line, browser: Browser, settings: Settings, wrong: dict[str, Any]
) -> None:
    shopper = line.phone()
    state = await browser.to_shop(shopper)
    foreign = jwt.encode({"sub": "c1001", "aud": "chat", "exp": 9**9}, "0" * 32, "HS256")
    for bad in (token(settings, **wrong), foreign, "", "x" * 60_000):
        for page in ("bind", "confirm"):
            answer = await browser.post(page, state=state, customer_token=bad)
            assert title(answer) == (403, "没能确认账号")
    assert title(await browser.post("confirm", state=state, customer_token=token(settings))) == BOUND


async def test_a_name_is_only_text(line: Line, browser: Browser, settings: Settings) -> None:
    state = await browser.to_shop(line.phone())
    for name in ("<script>alert(1)</script>", '"onclick', "&nbsp;x"):
        page = await browser.post("bind", state=state, customer_token=token(settings, name=name))
        shown = {"<": "&lt;", '"': "&#34;", "&": "&amp;"}[name[0]]
        assert f"“{shown}**”" in page.text and name not in page.text


async def test_another_customers_wechat_is_not_taken_over(
    line: Line, browser: Browser, settings: Settings
) -> None:
    shopper = line.phone()
    first, second = [await browser.to_shop(shopper) for _ in range(2)]
    await browser.post("confirm", state=first, customer_token=token(settings))
    late = await browser.post("confirm", state=second, customer_token=token(settings, OTHERS))
    assert title(late) == (409, "已绑定其他账号")
    assert customer(line, shopper) == "c1001"
    page = await browser.get(await browser.to_wechat(shopper))
    assert title(page) == (200, "已绑定店铺账号") and "张**" in page.text


async def test_nothing_personal_is_logged(
    line: Line, browser: Browser, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    shopper, hers = line.phone(), token(settings)
    with capture_logs() as ours, caplog.at_level(logging.WARNING):
        failing = await browser.to_wechat(shopper)
        line.fail(EXCHANGE, errcode=40029)
        await browser.get(failing)
        failing = await browser.to_wechat(shopper)
        line.fail(EXCHANGE, status=502)
        await browser.get(failing)
        await browser.post("bind", state="0", customer_token=hers)
        assert title(await browser.bind(shopper, hers)) == BOUND
        assert title(await browser.unbind(shopper)) == UNBOUND
    logged = f"{ours} {caplog.text}"
    assert "wechat.not_authorised" in logged
    code = parse_qs(urlsplit(failing).query)["code"][0]
    for secret in (shopper.openid, hers, SECRET, code, "张小红", "c1001"):
        assert secret not in logged


# Parted again


async def test_unbinding_gives_a_fresh_conversation(line: Line, browser: Browser, settings: Settings) -> None:
    shopper = line.phone()
    await line.write(shopper, "在吗")
    await browser.bind(shopper, token(settings))
    await line.shown(shopper, lambda screen: len(screen) == 2)
    old = line.conversation(shopper)
    page = await browser.get(await browser.to_wechat(shopper))
    for _ in range(2):  # the button may be pressed twice
        assert title(await browser.post("unbind", **fields(page))) == UNBOUND
    shown = await line.shown(shopper, lambda screen: len(screen) == 3)
    assert "解除绑定" in shown[2], "told in WeChat, by what her last message allows"
    new = line.conversation(shopper)
    assert new != old and customer(line, shopper) is None
    kept = line.store.conversation(old)
    assert (kept.customer_id, kept.owner) == ("c1001", "closed")
    with line.store.writing() as session:
        assert not session.scalars(select(Owed).where(Owed.conversation_id == old)).all()
        append(session, locked(session, old), Reply("您的订单已发货，寄往广州", sender="system"))
    await line.write(shopper, "我的订单")
    assert line.screen(shopper)[3:] == ["访客 问 我的订单"]
    await browser.bind(shopper, token(settings, OTHERS, "李雷"))
    assert customer(line, shopper) == OTHERS
    await line.shown(shopper, lambda screen: len(screen) == 5)
    assert not any("广州" in text for text in line.screen(shopper))


async def test_what_is_on_its_way_ends_before(line: Line, browser: Browser, settings: Settings) -> None:
    shopper = line.phone()
    await browser.bind(shopper, token(settings))
    page = await browser.get(await browser.to_wechat(shopper))
    line.fail(SEND, delay=0.8)
    await line.write(shopper, "两条", Delivery(tries=1))
    await until(lambda: line.account.calls["token"] > 0)  # the outbox has begun to send
    old = line.conversation(shopper)
    assert title(await browser.post("unbind", **fields(page))) == UNBOUND
    assert line.account.calls["send"], "what was being sent has arrived before"
    before = line.screen(shopper)
    with line.store.writing() as session:
        append(session, locked(session, old), Reply("您的订单已发货，寄往广州", sender="system"))
    shown = await line.shown(shopper, lambda screen: any("解除绑定" in text for text in screen))
    assert [text for text in shown[len(before) :] if "解除绑定" not in text] == []


async def test_where_the_phone_is_busy_nothing_changes(
    line: Line, browser: Browser, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binding, "PATIENCE", 0.2)
    shopper = line.phone()
    await browser.bind(shopper, token(settings))
    known = Book(line.store).known("shop", shopper.openid)
    assert known
    mine = known.conversation_id, known.receiver, "another", 30
    await until(lambda: outbox.hold(line.store, *mine) is not None)
    assert title(await browser.unbind(shopper)) == (503, "暂时没办成")
    assert customer(line, shopper) == "c1001"


async def test_who_leaves_is_forgotten(line: Line, browser: Browser, settings: Settings) -> None:
    shopper, other = line.phone(), line.phone()
    await browser.bind(shopper, token(settings))
    state = await browser.to_shop(other)
    half = await browser.to_wechat(shopper)
    await browser.get(half)
    shopper.follows = False
    await line.deliver(shopper, {"MsgType": "event", "Event": "unsubscribe", "EventKey": ""})
    with line.store.reading() as session:
        assert session.scalars(select(SignIn.openid)).all() == [other.openid]
        assert not session.scalars(select(Conversation).where(Conversation.customer_id == "c1001")).all()
    assert title(await browser.get(half)) == STALE
    assert title(await browser.post("confirm", state=state, customer_token=token(settings, OTHERS))) == BOUND


# The accounts


@pytest.mark.parametrize("options", [{"sign_in_url": ""}, {"verified": False}, {"kind": "miniprogram"}])
async def test_only_some_accounts_have_these_pages(connect: Connect, options: dict[str, Any]) -> None:
    async with connect(**options) as line, browsing(line) as browser:
        for page in ("login", "authorized"):
            assert (await browser.get(f"{browser.front}/{page}")).status_code == 404
        for page in ("bind", "confirm", "unbind"):
            assert (await browser.post(page)).status_code == 404
        assert (await browser.get(f"{browser.front}-other/login")).status_code == 404


def _account(**more: str) -> Account:
    keys = {"app_id": "wx0123456789abcdef", "app_secret": SECRET, "token": "geheim", "aes_key": AES_KEY}
    return accounts.checked({"name": "shop", **keys, **more})


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "shop.example/in", "https://", "https://a.example/#in"]
)
def test_a_wrong_page_of_the_shop_is_told(url: str) -> None:
    with pytest.raises(WrongAccounts, match="sign_in_url"):
        _account(sign_in_url=url)


def test_wechat_has_another_host_for_pages() -> None:
    for base in (api.BASE, "https://sh.api.weixin.qq.com"):
        url = address(_account(base_url=base), "https://bot.example/wechat/shop/authorized", "abc")
        assert url == (
            "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx0123456789abcdef"
            "&redirect_uri=https%3A%2F%2Fbot.example%2Fwechat%2Fshop%2Fauthorized"
            "&response_type=code&scope=snsapi_base&state=abc#wechat_redirect"
        )


def test_behind_https_and_how_often(tmp_path: Path) -> None:
    accounts.add(tmp_path, _account(sign_in_url=SIGN_IN))
    settings = Settings(data_dir=tmp_path, front_public_url="https://bot.example", sessions_per_minute=3)
    upgrade(settings.database)
    with serving(create(settings)) as url, httpx.Client(base_url=url) as http:
        login = http.get("/wechat/shop/login")
        assert login.headers["location"].startswith("https://open.weixin.qq.com/")
        cookie = login.headers["set-cookie"]
        assert cookie.startswith("__Host-guitai_wechat=") and "Secure" in cookie and "Domain" not in cookie
        assert "Path=/;" in cookie
        assert [http.get("/wechat/shop/login").status_code for _ in range(3)] == [303, 303, 429]
        assert http.post("/wechat/shop/confirm").status_code == 429


# The sample shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[str]:
    settings = Settings(data_dir=tmp_path, front_public_url="https://bot.example")
    with serving(create_app(settings)) as url:
        yield url


def test_the_shop_gives_tokens_to_the_front_alone(shop: str, settings: Settings) -> None:
    state = "ab" * 32
    with httpx.Client(base_url=shop) as http:
        for hostile in (
            "",
            "https://evil.example/wechat/shop/bind",
            "https://bot.example.evil.example/wechat/shop/bind",
            "https://bot.example@evil.example/wechat/shop/bind",
            "https://bot.example/wechat/shop/bind@evil.example",
            "https://botxexample/wechat/shop/bind",
            "http://bot.example/wechat/shop/bind",
            "//bot.example/wechat/shop/bind",
            "https://bot.example/wechat/../evil/bind",
            "https://bot.example/wechat/shop/bind\n",
            "https://bot.example/wechat/shop/bind?to=https://evil.example",
            "javascript:alert(1)//https://bot.example/wechat/shop/bind",
        ):
            answer = http.get("/wechat-sign-in", params={"return_to": hostile, "state": state})
            assert answer.status_code == 400 and "token" not in answer.text
        good = {"return_to": "https://bot.example/wechat/shop/bind"}
        assert http.get("/wechat-sign-in", params={**good, "state": '"><script>'}).status_code == 400
        page = http.get("/wechat-sign-in", params={**good, "state": state})
    assert page.status_code == 200 and 'action="https://bot.example/wechat/shop/bind"' in page.text
    policy = page.headers["content-security-policy"]
    assert "form-action https://bot.example;" in policy and "frame-ancestors 'none'" in policy
    assert page.headers["referrer-policy"] == "no-referrer" and page.headers["cache-control"] == "no-store"
    given = re.search('name="customer_token" value="([^"]+)"', page.text)
    assert given
    claims = jwt.decode(given[1], settings.customer_secret, ["HS256"], audience="chat")
    assert claims["sub"].startswith("c") and claims["exp"] - claims["iat"] == 900


async def test_in_a_real_browser(connect: Connect, tmp_path: Path) -> None:
    """From the phone by a shop of another site, whose post brings no cookie."""
    port = free_port()
    async with connect(sign_in_url=f"http://localhost:{port}/wechat-sign-in") as line:
        settings = Settings(data_dir=tmp_path, front_public_url=line.fronts[0].removesuffix("/wechat/shop"))
        with serving(create_app(settings), port):
            async with async_playwright() as playwright:
                chromium = await playwright.chromium.launch(**launching())
                context = await chromium.new_context(viewport={"width": 390, "height": 844})
                phone = await context.new_page()
                await phone.goto(line.simulator)
                async with context.expect_page() as opened:
                    await phone.get_by_role("link", name="点此绑定").click()
                page = await opened.value
                await page.get_by_role("button", name="林晓雨").click()
                await page.get_by_role("button", name="确认绑定").click()
                await expect(page.get_by_role("heading", name="绑定成功")).to_be_visible()
                await expect(phone.get_by_text("微信已绑定账号“林**”")).to_be_visible()
                await chromium.close()

"""The pages on which a shopper binds her WeChat to her account in the shop, and parts them again.

Her way: login → WeChat → authorised → the shop's page → bind → confirm. The shop's page posts the customer's
token, which so stands in no address; as a post from elsewhere brings no cookie, nothing is done before she
confirms on a page of ours.
"""

import asyncio
import base64
import hashlib
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

import httpx
import structlog
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader

from bot.channels.limits import RateLimit
from bot.channels.limits import address as caller
from bot.channels.web.tokens import Customer, customer_of
from bot.conversations.models import Conversation
from bot.conversations.steps import UnknownConversation
from bot.conversations.store import Store
from bot.conversations.watch import Watcher
from bot.problems import Problem
from bot.settings import Settings

from . import authorisation, binding
from .accounts import Account
from .authorisation import NotAuthorised, Snapshot
from .book import Book, Shopper
from .models import SignIn
from .sign_ins import ASKED, BEGUN, DONE, KNOWN, LASTS, SignIns, new_secret
from .wording import find, say

_HERE = Path(__file__).parent
_STYLE = (_HERE / "page.css").read_text()
_STYLE_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_MARKS = {"bind": "店", "unbind": "店", "bound": "✓", "unbound": "✓"}
_STATUS = {"stranger": 403, "other": 409, "stale": 410, "away": 503}
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_DIGEST}'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
}

ASK_SECONDS = 8.0  # longer than WeChat may take to tell the openid
LOOK_SECONDS = 0.1

log = structlog.get_logger()

Field = Annotated[str, Form()]
templates = Environment(loader=FileSystemLoader(_HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True)


def login_url(front: str, account: Account) -> str:
    """Where a shopper begins, and sees what she is bound to."""
    return f"{front}/wechat/{account.name}/login"


def create_router(
    accounts: Mapping[str, Account],
    http: httpx.AsyncClient,
    store: Store,
    watcher: Watcher,
    settings: Settings,
) -> APIRouter:
    """``/wechat/NAME/login`` and what follows it, for the accounts whose shoppers can sign in."""
    sign_ins, book = SignIns(store), Book(store)
    addresses = RateLimit(settings.sessions_per_minute)
    secure = settings.front.startswith("https:")
    # With this prefix no other page, not even of a subdomain, can put a cookie of its own in its place.
    cookie = "__Host-guitai_wechat" if secure else "guitai_wechat"

    async def count(request: Request) -> None:
        addresses.count(caller(request))

    router = APIRouter(prefix="/wechat", include_in_schema=False, dependencies=[Depends(count)])

    def known(name: str) -> Account:
        if name not in accounts or not accounts[name].signs_in:
            raise Problem(404, "no-sign-in", "Customers cannot sign in for this account.")
        return accounts[name]

    def mine(account: Account, state: str, request: Request) -> SignIn | None:
        return sign_ins.of_browser(account.name, state, request.cookies.get(cookie, ""))

    def her(sign_in: SignIn | None) -> tuple[Shopper, Conversation] | None:
        """The shopper whose browser it is, and her conversation, if she has one."""
        if sign_in and sign_in.openid and (shopper := book.known(sign_in.account, sign_in.openid)):
            try:
                return shopper, store.conversation(shopper.conversation_id)
            except UnknownConversation:
                pass  # erased this moment
        return None

    def vouched(token: str) -> Customer | None:
        try:
            return customer_of(settings.customer_keys, token)
        except Problem:
            return None

    @router.get("/{name}/login")
    def login(name: str, request: Request) -> Response:
        account = known(name)
        # Some phones open a link twice: both ways must lead to the end.
        browser = request.cookies.get(cookie, "")
        if not re.fullmatch("[0-9a-f]{64}", browser):
            browser = new_secret()
        state = sign_ins.begin(name, browser)
        answer = _redirect(
            authorisation.address(account, f"{settings.front}/wechat/{name}/authorized", state)
        )
        answer.set_cookie(
            cookie,
            browser,
            max_age=int(LASTS.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=secure,
        )
        return answer

    @router.get("/{name}/authorized")
    async def authorized(name: str, request: Request, state: str = "", code: str = "") -> Response:
        account = known(name)
        sign_in = await asyncio.to_thread(mine, account, state, request)
        if sign_in is None:
            return _page("stale")
        if await asyncio.to_thread(sign_ins.step, sign_in, BEGUN, ASKED):
            try:
                openid = await authorisation.openid(http, account, code)
            except (Snapshot, NotAuthorised) as error:
                await asyncio.to_thread(sign_ins.step, sign_in, ASKED, DONE)
                if isinstance(error, Snapshot):
                    return _page("snapshot")
                log.warning("wechat.not_authorised", account=name, code=error.code)
                return _page("away" if error.code is None else "stale")
            await asyncio.to_thread(sign_ins.step, sign_in, ASKED, KNOWN, openid)
        # Some phones follow WeChat's redirect twice, and show what comes second.
        deadline = time.monotonic() + ASK_SECONDS
        while (sign_in := await asyncio.to_thread(mine, account, state, request)) and sign_in.step == ASKED:
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(LOOK_SECONDS)
        if sign_in is None or sign_in.step != KNOWN:
            return _page("stale")
        found = await asyncio.to_thread(her, sign_in)
        if found and (customer := found[1].customer_id):
            who = binding.shown(found[1].customer_name, customer)
            return _page("unbind", who, action="unbind", state=state)
        query = urlencode({"return_to": f"{settings.front}/wechat/{name}/bind", "state": state})
        return _redirect(account.sign_in_url + ("&" if "?" in account.sign_in_url else "?") + query)

    @router.post("/{name}/bind")
    def ask(name: str, request: Request, state: Field = "", customer_token: Field = "") -> Response:
        sign_in = sign_ins.open(known(name).name, state)
        if sign_in is None or sign_in.step != KNOWN:
            return _page("stale")
        customer = vouched(customer_token)
        if customer is None:
            return _page("stranger")
        who = binding.shown(customer.name, customer.id)
        return _page("bind", who, action="confirm", state=state, customer_token=customer_token)

    @router.post("/{name}/confirm")
    async def confirm(name: str, request: Request, state: Field = "", customer_token: Field = "") -> Response:
        sign_in = await asyncio.to_thread(mine, known(name), state, request)
        if sign_in is None or sign_in.openid is None:
            return _page("stale")
        customer = await asyncio.to_thread(vouched, customer_token)
        if customer is None:
            return _page("stranger")
        who = binding.shown(customer.name, customer.id)
        found = await asyncio.to_thread(her, sign_in)
        if found and found[1].customer_id == customer.id:
            return _page("bound", who)  # the button was pressed twice
        if not await asyncio.to_thread(sign_ins.step, sign_in, KNOWN, DONE):
            return _page("stale")
        shopper = await asyncio.to_thread(book.shopper, name, sign_in.openid)
        try:
            bound = await asyncio.to_thread(binding.bind, store, shopper, customer)
        except UnknownConversation:
            return _page("stale")
        if not bound:
            return _page("other")
        watcher.hint(shopper.conversation_id)
        return _page("bound", who)

    @router.post("/{name}/unbind")
    async def unbind(name: str, request: Request, state: Field = "") -> Response:
        sign_in = await asyncio.to_thread(mine, known(name), state, request)
        if sign_in is None or sign_in.openid is None:
            return _page("stale")
        found = await asyncio.to_thread(her, sign_in)
        if found is None or found[1].customer_id is None:
            return _page("unbound")
        if not await asyncio.to_thread(sign_ins.step, sign_in, KNOWN, DONE):
            return _page("stale")
        try:
            fresh = await binding.unbind(store, book, found[0])
        except binding.Delivering:
            return _page("away")
        if fresh:
            watcher.hint(fresh.conversation_id)
        return _page("unbound")

    return router


def _redirect(url: str) -> RedirectResponse:
    return RedirectResponse(url, 303, headers=_HEADERS)


def _page(name: str, customer: str = "", *, action: str = "", **fields: str) -> HTMLResponse:
    """The page ``name`` of ``data/wechat.yml``, with a form where there is an ``action``."""
    html = templates.get_template("page.html").render(
        name=name,
        mark=_MARKS.get(name, "!"),
        style=_STYLE,
        title=say(f"page_{name}_title"),
        text=say(f"page_{name}_text", customer=customer),
        hint=find(f"page_{name}_hint"),
        button=find(f"page_{name}_button"),
        link=find(f"page_{name}_link"),
        action=action,
        fields=fields,
    )
    return HTMLResponse(html, _STATUS.get(name, 200), _HEADERS)

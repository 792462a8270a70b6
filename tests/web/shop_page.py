"""Shop pages with the widget, the front it comes from, and what tests do with them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Locator, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from bot.conversations.store import Store
from bot.front import create
from bot.migrations import upgrade
from bot.settings import Settings
from bot.wiring import Heart
from tests.faults import TroubledEngine
from tests.servers import free_port, serving

AGENT, AGENT_NAME = 7, "小王"


@dataclass
class Shop:
    """``url`` is a page that guards itself well; ``front`` can be stopped and started."""

    url: str
    settings: Settings
    engine: TroubledEngine
    store: Store
    pages: dict[str, str] = field(default_factory=dict)
    _running: ExitStack = field(default_factory=ExitStack)

    @property
    def front(self) -> str:
        return self.settings.front

    def start(self) -> None:
        self._running.enter_context(serving(create(self.settings), self.settings.front_port))

    def stop(self) -> None:
        self._running.close()

    def tag(self, **attributes: str) -> str:
        """The script tag, with ``data-`` attributes."""
        data = "".join(f' data-{name}="{escape(value)}"' for name, value in attributes.items())
        return f'<script src="{self.front}/widget.js"{data} async></script>'

    def page(self, html: str) -> str:
        """Put a page of one's own into the shop; its address."""
        path = f"/{uuid4().hex}"
        self.pages[path] = html
        return self.url + path

    def conversation(self, page: Page) -> str:
        """The conversation that the page's widget has."""
        key = f"guitai:{self.front}:anonymous"
        return str(page.evaluate("key => JSON.parse(localStorage.getItem(key)).conversation", key))

    def serve(self, page: Page, text: str = "您好，我来帮您看看。") -> str:
        """An agent takes the page's conversation and says something; the conversation."""
        conversation = self.conversation(page)
        self.store.ask_human(conversation)
        self.store.take(conversation, AGENT, AGENT_NAME)
        self.say(conversation, text)
        return conversation

    def say(self, conversation: str, text: str) -> None:
        self.store.say(conversation, AGENT, AGENT_NAME, text, uuid4().hex)


@contextmanager
def shop_with_widget(data_dir: Path) -> Iterator[Shop]:
    """A shop of one's own with an engine that can be put into trouble."""
    port, engine = free_port(), TroubledEngine()
    with serving(engine.app()) as engine_url:
        settings = Settings(
            data_dir=data_dir,
            engine_url=engine_url,
            front_port=free_port(),
            allowed_origins=f"http://127.0.0.1:{port}",
        )
        upgrade(settings.database)
        shop = Shop(f"http://127.0.0.1:{port}", settings, engine, Heart(settings).store)

        def guarded(request: Request) -> HTMLResponse:
            policy = (
                f"default-src 'none'; script-src {shop.front}; connect-src {shop.front}; img-src blob:;"
                " require-trusted-types-for 'script'"
            )
            page = f"<!doctype html><title>店</title>{shop.tag()}"
            return HTMLResponse(page, headers={"Content-Security-Policy": policy})

        def own(request: Request) -> HTMLResponse:
            return HTMLResponse(shop.pages.get(request.url.path, ""))

        with serving(Starlette(routes=[Route("/", guarded), Route("/{path}", own)]), port):
            shop.start()
            try:
                yield shop
            finally:
                shop.stop()


def opened(address: str, context: BrowserContext) -> Page:
    """The page at ``address`` with its chat open."""
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"the page failed: {error}"))
    # Playwright begins to catch file choosers with the first listener, and a key may be faster than that.
    page.on("filechooser", lambda _: None)
    page.goto(address)
    part(page, "launcher").click()
    return page


def part(page: Page, name: str) -> Locator:
    return page.locator(f"#guitai-widget [part~={name}]")


def messages(page: Page, sender: str = "") -> Locator:
    """The messages shown, of all or of one: shopper, bot, agent, system."""
    return page.locator(f"#guitai-widget [part~=message]{f'[data-from={sender}]' if sender else ''}")


def say(page: Page, text: str) -> None:
    part(page, "input").fill(text)
    part(page, "send").click()

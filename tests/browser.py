"""The system's Chromium under Playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, sync_playwright


def launching() -> dict[str, Any]:
    """How it is launched: headless, and speaking only to this machine."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    # As root, in a container or in CI, Chromium's own sandbox cannot be had.
    return {"executable_path": path, "args": ["--no-sandbox", "--disable-background-networking"]}


@contextmanager
def chromium_browser() -> Iterator[Browser]:
    """A browser for tests that are no coroutines."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launching())
        yield browser
        browser.close()

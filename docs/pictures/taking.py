"""How a picture is taken."""

from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize

HERE = Path(__file__).parent
DESK = ViewportSize(width=1440, height=900)
PHONE = ViewportSize(width=390, height=844)
COLOURS = 256  # of a picture: a third of the bytes, and nobody sees it


def new_page(browser: Browser, viewport: ViewportSize, **options: object) -> Page:
    """A page in a browser of its own, in Chinese."""
    context = browser.new_context(viewport=viewport, locale="zh-CN", **options)  # type: ignore[arg-type]
    context.set_default_timeout(20_000)
    return context.new_page()


new_phone: Callable[[Browser], Page] = partial(new_page, viewport=PHONE, has_touch=True, is_mobile=True)


def take(page: Page, name: str) -> None:
    """Write what the page shows to NAME.png, once it is still."""
    page.wait_for_timeout(1200)
    shot = Image.open(BytesIO(page.screenshot())).convert("RGB")
    few = shot.quantize(COLOURS, Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE)
    few.save(HERE / f"{name}.png", optimize=True)

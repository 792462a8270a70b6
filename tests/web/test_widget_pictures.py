"""Pictures in the widget, in a real browser on a shop's page that guards itself well."""

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from .shop_page import Shop, messages, opened, part

UPLOAD = "**/api/chat/attachments"
LOADED = "image => image.complete && image.naturalWidth > 0"


@pytest.fixture
def page(shop: Shop, context: Callable[..., BrowserContext]) -> Page:
    return opened(shop.url, context())


def mine(page: Page) -> Locator:
    return messages(page, "shopper")


def photo(kind: str = "JPEG", name: str = "鞋底.jpg", side: int = 400) -> dict[str, Any]:
    image = Image.new("RGB", (side, side * 3 // 4), "#b08968")
    ImageDraw.Draw(image).ellipse((side // 4, side // 8, side * 3 // 4, side * 5 // 8), fill="#7f5539")
    out = BytesIO()
    image.save(out, kind)
    return {"name": name, "mimeType": f"image/{kind.lower()}", "buffer": out.getvalue()}


def choose(page: Page, *files: dict[str, Any]) -> None:
    with page.expect_file_chooser() as chooser:
        part(page, "attach").click()
    chooser.value.set_files(list(files))  # type: ignore[arg-type]


def loaded(page: Page, picture: Locator) -> None:
    expect(picture).to_be_visible()
    page.wait_for_function(LOADED, arg=picture.element_handle())


def test_pictures_with_words_are_sent_shown_and_opened_large(page: Page) -> None:
    expect(part(page, "send")).to_be_disabled()
    choose(page, photo(), photo("PNG", "盒子.png"))
    expect(part(page, "tray").locator("img")).to_have_count(2)
    part(page, "input").fill("鞋底开胶了")
    part(page, "send").click()
    expect(part(page, "tray")).to_be_hidden()
    expect(mine(page)).to_have_count(2)
    for number in range(2):
        expect(mine(page).nth(number)).to_have_attribute("data-state", "sent")
    expect(mine(page).first).to_contain_text("鞋底开胶了")
    expect(page.get_by_text("回答 鞋底开胶了")).to_be_visible()

    page.reload()
    part(page, "launcher").click()
    pictures = part(page, "photo").locator("img")
    expect(pictures).to_have_count(2)
    loaded(page, pictures.first)
    part(page, "photo").first.press("Enter")
    large = part(page, "viewer")
    expect(large).to_be_visible()
    loaded(page, large.locator("img"))
    page.keyboard.press("Escape")
    expect(large).to_be_hidden()
    expect(part(page, "panel")).to_be_visible()
    expect(part(page, "photo").first).to_be_focused()


def test_a_chosen_picture_can_be_left_out(page: Page) -> None:
    choose(page, photo())
    expect(part(page, "send")).to_be_enabled()
    part(page, "remove").press("Enter")
    expect(part(page, "tray")).to_be_hidden()
    expect(part(page, "send")).to_be_disabled()
    expect(part(page, "input")).to_be_focused()


def test_a_failed_upload_is_told_and_tried_again(page: Page) -> None:
    page.route(UPLOAD, lambda route: route.abort())
    choose(page, photo())
    part(page, "send").click()
    expect(mine(page)).to_have_attribute("data-state", "failed")
    expect(part(page, "status")).to_contain_text("未发送")
    loaded(page, part(page, "photo").locator("img"))
    page.unroute(UPLOAD)
    part(page, "retry").click()
    expect(mine(page)).to_have_attribute("data-state", "sent")


def test_a_picture_that_did_not_load_is_asked_for_again(page: Page) -> None:
    choose(page, photo())
    part(page, "send").click()
    expect(mine(page)).to_have_attribute("data-state", "sent")
    page.route("**/api/chat/attachments/*", lambda route: route.abort())
    page.reload()
    part(page, "launcher").click()
    expect(part(page, "photo")).to_have_text("图片没有加载出来，点一下重试")
    page.unroute("**/api/chat/attachments/*")
    part(page, "photo").click()
    loaded(page, part(page, "photo").locator("img"))
    expect(part(page, "viewer")).to_be_hidden()


def test_a_lost_answer_sends_no_second_picture(page: Page) -> None:
    uploads, lost = [], []

    def lose(route: Route) -> None:
        if not lost:
            lost.append(route.fetch())
            return route.abort()
        route.continue_()

    page.route("**/api/chat/messages", lose)
    page.on("request", lambda r: uploads.append(r) if r.url.endswith("/attachments") else None)
    choose(page, photo())
    part(page, "send").click()
    expect(mine(page)).to_have_attribute("data-state", "sent")
    expect(mine(page)).to_have_count(1)
    assert len([u for u in uploads if u.method == "POST"]) == 1


def test_what_is_no_picture_is_told_before_and_after_the_upload(page: Page) -> None:
    svg = {"name": "a.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"}
    large = {"name": "b.jpg", "mimeType": "image/jpeg", "buffer": b"\0" * (10 * 1024 * 1024 + 1)}
    for refused in (svg, large):
        choose(page, refused)
        expect(part(page, "banner")).to_contain_text("10 MB 以内")
        expect(part(page, "tray")).to_be_hidden()
    choose(page, {"name": "c.jpg", "mimeType": "image/jpeg", "buffer": b"<script>alert(1)</script>"})
    part(page, "send").click()
    expect(mine(page)).to_have_attribute("data-state", "failed")
    expect(part(page, "status")).to_have_text("这张图片无法发送，请换一张试试")
    expect(part(page, "retry")).to_have_count(0)


DATA = """(element, [kind, name, bytes, text]) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], name, { type: "image/jpeg" }));
    if (text) data.items.add(text, "text/plain");
    const options = { bubbles: true, cancelable: true, composed: true };
    const event = kind === "paste"
        ? new ClipboardEvent("paste", { ...options, clipboardData: data })
        : new DragEvent(kind, { ...options, dataTransfer: data });
    return element.dispatchEvent(event);
}"""


def test_pictures_are_pasted_and_dropped(page: Page) -> None:
    bytes_ = list(photo()["buffer"])
    cells = part(page, "input").evaluate(DATA, ["paste", "a.jpg", bytes_, "单元格"])
    assert cells is True, "the text of cells is pasted by the browser"
    expect(part(page, "tray")).to_be_hidden()
    assert part(page, "input").evaluate(DATA, ["paste", "a.jpg", bytes_, ""]) is False
    expect(part(page, "tray").locator("img")).to_have_count(1)
    part(page, "panel").evaluate(DATA, ["dragover", "b.jpg", bytes_, ""])
    expect(part(page, "panel")).to_have_class(re.compile("drop"))
    assert part(page, "panel").evaluate(DATA, ["drop", "b.jpg", bytes_, ""]) is False
    expect(part(page, "panel")).not_to_have_class(re.compile("drop"))
    expect(part(page, "tray").locator("img")).to_have_count(2)


def test_it_can_be_named_and_reached_by_keyboard_and_fits_a_phone(
    shop: Shop, context: Callable[..., BrowserContext]
) -> None:
    page = opened(shop.url, context(has_touch=True))
    page.set_viewport_size({"width": 360, "height": 700})
    attach = page.get_by_role("button", name="发送图片")
    attach.focus()
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    assert chooser.value.is_multiple()
    chooser.value.set_files([photo(name=f"{n}.jpg") for n in range(9)])  # type: ignore[list-item]
    expect(part(page, "tray").locator("img")).to_have_count(9)
    expect(page.get_by_role("button", name="移除图片")).to_have_count(9)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    box = part(page, "send").bounding_box()
    assert box and box["x"] + box["width"] <= 360

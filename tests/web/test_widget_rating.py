"""Rating a service in the widget, and ending one, in a real browser and against the real front."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from .shop_page import AGENT, Shop, messages, opened, part, say


@pytest.fixture
def page(shop: Shop, context: Callable[..., BrowserContext]) -> Page:
    page = opened(shop.url, context())
    say(page, "在吗")
    expect(messages(page, "bot")).to_have_count(1)
    return page


def star(page: Page, name: str) -> Locator:
    return page.get_by_role("radio", name=name)


def test_a_service_is_rated_with_words_seen_again_and_changed(shop: Shop, page: Page) -> None:
    expect(part(page, "rating")).to_be_hidden()
    conversation = shop.serve(page)
    expect(messages(page, "agent")).to_have_count(1)
    shop.store.close(conversation, AGENT)
    card = part(page, "rating")
    expect(card).to_contain_text("小王的服务，您还满意吗？")
    expect(part(page, "comment")).to_be_hidden()

    star(page, "4 星，满意").check(force=True)
    expect(card).to_contain_text("满意")
    part(page, "comment").fill("  回复很快 <b>好</b>  ")
    part(page, "submit").click()
    expect(card).to_contain_text("谢谢您的评价！")
    expect(card).to_contain_text("回复很快 <b>好</b>")
    expect(part(page, "comment")).to_be_hidden()

    page.reload()
    part(page, "launcher").click()
    expect(star(page, "4 星，满意")).to_be_checked()
    expect(card).to_contain_text("回复很快 <b>好</b>")
    with page.expect_response("**/api/chat/rating"):
        star(page, "5 星，非常满意").check(force=True)
    expect(part(page, "comment")).to_have_value("回复很快 <b>好</b>")
    state = shop.store.state(conversation)
    assert state.rating and (state.rating["score"], state.rating["name"]) == (5, "小王")
    assert state.rating["comment"] == "回复很快 <b>好</b>", "a new score keeps the words"


def test_writing_on_goes_past_the_card(shop: Shop, page: Page) -> None:
    shop.store.end(shop.conversation(page))
    expect(part(page, "rating")).to_contain_text("这次服务，您还满意吗？")
    say(page, "还有一个问题")
    answer = page.get_by_text("回答 还有一个问题")
    expect(answer).to_be_visible()
    for _ in range(2):
        card, below = part(page, "rating").bounding_box(), answer.bounding_box()
        assert card and below and card["y"] + card["height"] < below["y"]
        page.reload()
        part(page, "launcher").click()
        expect(answer).to_be_visible()
        expect(part(page, "rating")).to_be_visible()


def test_stars_are_chosen_by_arrow_keys(shop: Shop, page: Page) -> None:
    shop.store.end(conversation := shop.conversation(page))
    star(page, "1 星，非常不满意").press("Space")
    for name in ("2 星，不满意", "3 星，一般"):
        page.keyboard.press("ArrowRight")
        expect(star(page, name)).to_be_focused()
        expect(star(page, name)).to_be_checked()
    page.keyboard.press("Tab")
    expect(part(page, "comment")).to_be_focused()
    page.keyboard.type("还可以")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(part(page, "rating")).to_contain_text("还可以")
    state = shop.store.state(conversation)
    assert state.rating and (state.rating["score"], state.rating["comment"]) == (3, "还可以")


def test_a_rating_that_fails_is_told_and_taken_back(shop: Shop, page: Page) -> None:
    shop.store.end(shop.conversation(page))
    expect(part(page, "rating")).to_be_visible()
    page.route("**/api/chat/rating", lambda route: route.abort())
    star(page, "5 星，非常满意").check(force=True)
    expect(part(page, "banner")).to_contain_text("请稍后再试")
    expect(star(page, "5 星，非常满意")).not_to_be_checked()
    page.unroute("**/api/chat/rating")
    page.route("**/api/chat/rating", lambda route: route.fulfill(status=409, json={}, headers=ANY_ORIGIN))
    star(page, "4 星，满意").check(force=True)
    expect(part(page, "rating")).to_be_hidden()
    expect(part(page, "banner")).to_contain_text("已经不能再评价")


ANY_ORIGIN = {"Access-Control-Allow-Origin": "*"}


def test_a_shopper_ends_an_agents_service_with_a_second_tap(shop: Shop, page: Page) -> None:
    button = part(page, "human")
    expect(button).to_have_text("转人工")
    conversation = shop.serve(page)
    expect(button).to_have_text("结束服务")
    button.click()
    expect(button).to_have_text("确定结束？")
    assert shop.store.state(conversation).owner == "agent"
    button.click()
    expect(part(page, "owner")).to_contain_text("服务已结束")
    expect(part(page, "rating")).to_contain_text("小王")
    expect(button).to_have_text("转人工")

"""The supervisor's live board, and that it is nobody else's."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from bot.conversations import audits
from bot.conversations.store import Store
from bot.handoff import agents, deadlines

from .conftest import Office
from .working import account, set_back, shift, wanted


@pytest.fixture
def store(office: Office) -> Iterator[Store]:
    with shift(office) as store:
        yield store


def line(page: Page, conversation: str) -> Locator:
    return page.locator(f'[data-testid=live-row][data-conversation="{conversation}"]')


def test_an_agent_has_no_live_board(office: Office, store: Store, sign_in: Callable[[str], Page]) -> None:
    page = sign_in("xiaowang")
    expect(page.get_by_test_id("to-live")).to_have_count(0)
    answer = page.goto(f"{office.url}/desk/live")
    assert answer is not None and answer.status == 403
    expect(page.get_by_test_id("forbidden")).to_be_visible()


def test_a_supervisor_sees_the_desk_and_steps_in(
    office: Office, store: Store, sign_in: Callable[[str], Page]
) -> None:
    wang, li, boss = (account(office, name) for name in ("小王", "小李", "主管"))
    agents.come(store, wang, "小王")
    agents.come(store, li, "小李", "busy")
    served, waits = wanted(store), wanted(store, "太过分了，气死我了")
    store.take(served, wang, "小王")
    set_back(store, waits, 600)

    page = sign_in("supervisor")
    expect(page.get_by_test_id("to-live")).to_contain_text("1")
    deadlines.check(store)
    page.wait_for_function("alerts.rung.length > 0")
    assert page.evaluate("alerts.rung") == [f"breach:{waits}"]
    page.get_by_test_id("to-live").click()
    expect(page.get_by_test_id("figure-waiting")).to_contain_text("1")
    expect(page.get_by_test_id("figure-overdue")).to_contain_text("1")
    expect(page.get_by_test_id("figure-longest")).to_contain_text("10:")
    expect(page.get_by_test_id("figure-there")).to_contain_text("2")
    expect(page.get_by_test_id(f"agent-{wang}")).to_contain_text("1/5")
    expect(page.get_by_test_id("live-moods")).to_contain_text("生气 1")
    expect(page.get_by_test_id("live-row").first).to_have_attribute("data-conversation", waits)

    page.get_by_test_id(f"agent-{wang}").get_by_test_id("do-setup").click()
    page.get_by_test_id("capacity").fill("2")
    for code in ("presales", "logistics", "after_sales", "general"):
        page.get_by_test_id(f"option-{code}").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id(f"agent-{wang}")).to_contain_text("1/2")
    skills = {agent.id: agent.skills for agent in agents.all(store)}
    assert (skills[wang], skills[li]) == (["complaints"], None)

    line(page, served).get_by_test_id("do-reassign").click()
    page.get_by_test_id(f"option-{li}").click()
    page.get_by_test_id("confirm").click()
    expect(line(page, served)).to_contain_text("小李")
    assert store.conversation(served).owner == f"agent:{li}"

    line(page, served).get_by_test_id("do-put_back").click()
    page.get_by_test_id("option-general").click()
    page.get_by_test_id("confirm").click()
    expect(line(page, served).locator(".live-holder")).to_contain_text("排队")
    assert store.conversation(served).owner == "queue"

    store.take(served, li, "小李")
    expect(line(page, served)).to_contain_text("小李")
    page.get_by_test_id(f"agent-{li}").get_by_test_id("do-offline").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id(f"agent-{li}")).to_contain_text("已下班")
    assert store.conversation(served).owner == "queue"

    line(page, waits).get_by_test_id("do-take_over").click()
    expect(page.get_by_test_id("composer")).to_be_visible()
    assert store.conversation(waits).owner == f"agent:{boss}"
    done = {each.action for each in audits.latest(store)}
    assert {"live_view", "configure_agent", "assign", "put_back", "force_offline", "take_over"} <= done

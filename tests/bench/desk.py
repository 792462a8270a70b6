"""Is the desk fast enough for fifty agents? ``make bench-desk``, and --help for the options.

First a queue of 1,000 is given to 50 agents who come online. Then the real stack: an agent's page and a
shopper's, both in Chromium, alone and then beside 49 more agents with 500 open conversations in which people
talk (their pages are without browsers, but speak to the office as a browser does: desk_pages.py). Moments on
the screens are noted by the pages themselves, when the frame in which something is seen has been painted.
Figures depend on the machine and on what else it does, which ``load`` tells.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from secrets import token_hex
from statistics import quantiles
from typing import Any

from playwright.sync_api import Browser

from bot.conversations import handoffs, ownership
from bot.conversations.store import Store
from bot.handoff import agents, assignment
from bot.migrations import upgrade
from bot.settings import ROOT, Settings
from bot.staff import Accounts
from bot.wiring import Heart
from tests.bench.desk_pages import AgentPage, Crowd, cookie
from tests.bench.desk_screens import AgentScreen, ShopperScreen
from tests.bench.load import LIMITS
from tests.browser import chromium_browser
from tests.shopper import Shopper
from tests.stack import Running, running_stack

Figures = dict[str, Any]
SETTLE = 10  # seconds in which people have begun to talk
DRAINED = 2  # seconds, aim
EACH = 10  # conversations of an agent
AIMS = {  # milliseconds, p95
    "hand-over to agent's screen": 1000,
    "agent's message to shopper's screen": 300,
    "key to letter": 100,
    "key to canned replies": 100,
    "click to marked row": 100,
    "click to conversation": 100,
    "click to list": 100,
}


def main() -> None:
    options = _options()
    result: Figures = {
        "at": datetime.now(UTC).isoformat(timespec="minutes"),
        "cpus": os.cpu_count(),
        "assignment": _assignment(options.waiting, options.agents),
    }
    os.environ |= {f"GUITAI_{name.upper()}": str(10**6) for name in LIMITS}
    with (
        tempfile.TemporaryDirectory() as folder,
        running_stack(Path(folder)) as running,
        chromium_browser() as browser,
    ):
        result |= _screens(running, browser, options)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n")
    _print(result)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--agents", type=int, default=50)
    parser.add_argument("--waiting", type=int, default=1000, help="in the queue that is drained")
    parser.add_argument("--samples", type=int, default=40, help="of each figure")
    parser.add_argument("--rate", type=float, default=4, help="messages a second, of shoppers and of agents")
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "bench-desk.json")
    return parser.parse_args()


# -- the queue ------------------------------------------------------------------------------------------


def _assignment(waiting: int, count: int) -> Figures:
    """A queue in which everybody waits for nobody, and then all agents come."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        upgrade(settings.database)
        store = Heart(settings).store
        agents.come(store, 0, "值班", "busy")
        for _ in range(waiting):
            store.ask_human(store.begin("web", None, None).id)
        order = [conversation.id for conversation, _, _ in handoffs.waiting(store, waiting)]
        for number in range(1, count + 1):
            agents.come(store, number, f"客服{number}")
            agents.configure(store, number, capacity=-(-waiting // count))
        load, cpu, began = os.getloadavg()[0], time.process_time(), time.perf_counter()
        given = assignment.assign(store)
        seconds, used = time.perf_counter() - began, time.process_time() - cpu
        held = store.counts().values()
        return {
            "seconds": round(seconds, 2),
            "CPU seconds": round(used, 2),
            "in order": given == order,
            "evenly": max(held) - min(held) <= 1,
            "load": round(load, 1),
        }


# -- the screens ----------------------------------------------------------------------------------------


def _screens(running: Running, browser: Browser, options: argparse.Namespace) -> Figures:
    settings = running.settings
    heart = Heart(settings)
    accounts = Accounts(heart.database)
    login = next(user for user in running.users if user["role"] == "agent")
    me = next(id for id, name in accounts.display_names().items() if name == login["display_name"])
    with (
        AgentScreen(browser, settings.office, login["name"], login["password"]) as agent,
        ShopperScreen(browser, settings) as shopper,
    ):
        agent.begin()
        agents.configure(heart.store, me, capacity=50)
        heart.store.ask_human(shopper.conversation)
        agent.seen("rows", shopper.conversation)
        alone = _measure(settings.front, heart.store, me, agent, shopper, options.samples)
        with _crowd(settings, heart.store, accounts, options) as crowd:
            office = running.process("office")
            busy, began, said = sum(office.cpu_times()[:2]), time.monotonic(), crowd.said
            full = _measure(settings.front, heart.store, me, agent, shopper, options.samples)
            lasted = time.monotonic() - began
            full |= {
                "pages": len(crowd.pages) + 1,
                "open conversations": len(handoffs.open(heart.store)),
                "messages a second": round((crowd.said - said) / lasted, 1),
                "not sent": crowd.failed,
                "CPU of the office": f"{100 * (sum(office.cpu_times()[:2]) - busy) / lasted:.0f} %",
                "MB of the office": round(office.memory_info().rss / 2**20),
            }
    return {"alone": alone, "full house": full}


@contextmanager
def _crowd(
    settings: Settings, store: Store, accounts: Accounts, options: argparse.Namespace
) -> Iterator[Crowd]:
    """All agents but one at their pages, everybody's hands full, and people talking."""
    staff = [
        accounts.add("agent", f"bench{number}", f"客服{number}", token_hex(12))
        for number in range(1, options.agents)
    ]
    ids = [account.id for account in staff]
    begun = filter(None, map(accounts.sign_ins.begin, staff))
    pages = [AgentPage(settings.office, cookie(settings.office_secret, each.key)) for each in begun]
    crowd = Crowd(pages, settings.front, options.rate)
    crowd.open()
    _until("all agents are online", lambda: sum(map(agents.there, agents.all(store))) >= options.agents)
    for id in ids:
        agents.configure(store, id, capacity=EACH)
    crowd.tokens = [_wait_in_queue(settings.front)[1] for _ in range(EACH * len(ids))]
    _until("nobody waits", lambda: ownership.QUEUE not in store.counts())
    for id, page in zip(ids, pages, strict=True):
        page.conversations = [conversation.id for conversation, _ in store.owned([ownership.agent(id)])]
    crowd.work()
    time.sleep(SETTLE)
    try:
        yield crowd
    finally:
        crowd.close()


def _measure(
    front: str, store: Store, me: int, agent: AgentScreen, shopper: ShopperScreen, samples: int
) -> Figures:
    """Milliseconds of each figure, by its name."""
    times: dict[str, list[float]] = {name: [] for name in AIMS}
    for _ in range(samples):
        conversation = _wait_in_queue(front)[0]
        [handed] = handoffs.of(store, conversation)
        seen = agent.seen("rows", conversation)
        times["hand-over to agent's screen"].append(seen - handed.at.timestamp() * 1000)
        if store.counts()[ownership.agent(me)] > EACH:
            store.close(conversation, me)
    agent.open(shopper.conversation)
    for _ in range(samples):
        word = f"#{token_hex(4)}#"
        sent = agent.say(word)
        times["agent's message to shopper's screen"].append(shopper.seen("texts", word) - sent)
    for letter, _ in zip(cycle("abcdefgh"), range(samples), strict=False):
        times["key to letter"].append(agent.key(letter, f"desk.composer().value.endsWith({letter!r})"))
    for _ in range(samples):
        agent.page.get_by_test_id("composer").fill("")
        times["key to canned replies"].append(agent.key("/", "document.querySelector('.canned-option')"))
    agent.page.get_by_test_id("composer").fill("")
    mine = [conversation.id for conversation, _ in store.owned([ownership.agent(me)])]
    chosen = cycle(f"[data-conversation='{conversation}']" for conversation in mine)
    seen = {"click to marked row": "desk-row{} [aria-current=true]", "click to conversation": ".chat{}"}
    for name, where in seen.items():
        for conversation, _ in zip(chosen, range(samples), strict=False):
            shown = f"document.querySelector({where.format(conversation)!r})"
            times[name].append(agent.click(f"desk-row{conversation}", shown))
            agent.page.wait_for_timeout(300)
    for name, _ in zip(cycle(("queue", "mine")), range(samples // 2 * 2), strict=False):
        tab = f"[data-testid=tab-{name}]"
        times["click to list"].append(
            agent.click(tab, f"document.querySelector('{tab}').ariaSelected === 'true'")
        )
    return {
        "load": round(os.getloadavg()[0], 1),
        **{name: _percentiles(each) for name, each in times.items()},
    }


def _wait_in_queue(front: str) -> tuple[str, str]:
    """A new shopper asks for a person; her conversation and its token."""
    shopper = Shopper(front)
    shopper.http.post("/api/chat/human").raise_for_status()
    shopper.http.close()
    return shopper.conversation, shopper.token


def _percentiles(times: list[float]) -> dict[str, int]:
    cuts = quantiles(times, n=20, method="inclusive")
    return {"p50": round(cuts[9]), "p95": round(cuts[18]), "max": round(max(times)), "n": len(times)}


def _until(what: str, true: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            sys.exit(f"Within {seconds:.0f} s it did not come to this: {what}.")
        time.sleep(0.2)


def _print(result: Figures) -> None:
    drained, alone, full = result["assignment"], result["alone"], result["full house"]
    order = "in order" if drained["in order"] and drained["evenly"] else "NOT IN ORDER"
    print(f"\n{'milliseconds':40}{'aim p95':>10}{'alone p50':>12}{'p95':>7}{'full house p50':>17}{'p95':>7}")
    for name, aim in AIMS.items():
        one, many = alone[name], full[name]
        missed = "" if max(one["p95"], many["p95"]) <= aim else "   missed"
        print(f"{name:40}{aim:>10}{one['p50']:>12}{one['p95']:>7}{many['p50']:>17}{many['p95']:>7}{missed}")
    print(
        f"\nA drained queue: {drained['seconds']} s ({drained['CPU seconds']} s of a core), {order}; aim 2 s"
        f"{'' if drained['seconds'] <= DRAINED else ', missed'}."
    )
    told = (
        "pages",
        "open conversations",
        "messages a second",
        "not sent",
        "CPU of the office",
        "MB of the office",
    )
    print("Full house: " + ", ".join(f"{name} {full[name]}" for name in told) + ".")
    print(f"Load: {drained['load']} / {alone['load']} / {full['load']} on {result['cpus']} cores.")


if __name__ == "__main__":
    main()

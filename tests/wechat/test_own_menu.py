"""The menu under an account's chat: put there by the command, tapped on the phone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from bot.channels.wechat import accounts, own_menu
from bot.channels.wechat.accounts import Account as Configured
from bot.channels.wechat.accounts import WrongAccounts
from bot.channels.wechat.simulator.app import create_app
from bot.channels.wechat.simulator.servers import WeChat
from bot.channels.wechat.simulator.world import Account
from bot.settings import Settings
from tests.commands import bot
from tests.servers import serving

from .simulated import AES_KEY, SECRET

FRONT = "https://shop.example"


def configured(base_url: str = FRONT, **more: object) -> Configured:
    known = {"name": "shop", "app_id": "wx0123456789abcdef", "app_secret": SECRET, "aes_key": AES_KEY}
    return Configured.model_validate({**known, "token": "geheim", "base_url": base_url, **more})


def simulated(**more: bool) -> Account:
    return Account("gh_1", "wx0123456789abcdef", SECRET, "geheim", AES_KEY, "http://127.0.0.1:9/", **more)


def test_each_title_is_its_key_and_the_last_leads_to_the_sign_in() -> None:
    menu = {"查物流": "我的快递到哪了", "人工客服": "转人工"}
    listed = own_menu.buttons(configured(menu=menu, sign_in_url=f"{FRONT}/in"), FRONT)
    assert listed == [
        {"type": "click", "name": "查物流", "key": "查物流"},
        {"type": "click", "name": "人工客服", "key": "人工客服"},
        {"type": "view", "name": "绑定账号", "url": f"{FRONT}/wechat/shop/login"},
    ]
    assert [one["name"] for one in own_menu.buttons(configured(menu=menu), FRONT)] == list(menu)
    full = {**menu, "退换货": "退货"}
    assert [one["name"] for one in own_menu.buttons(configured(menu=full, sign_in_url=FRONT), FRONT)] == [
        *full
    ]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "one to 3"),
        ({"menu": dict.fromkeys("甲乙丙丁", "转人工")}, "one to 3"),
        ({"menu": {"查询我的物流": "查物流"}}, "four Chinese"),
        ({"menu": {"": "查物流"}}, "four Chinese"),
        ({"menu": {"查物流": "查物流"}, "kind": "miniprogram"}, "official"),
    ],
)
def test_what_wechat_would_not_take_is_told(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(WrongAccounts, match=said):
        own_menu.buttons(configured(**wrong), FRONT)


def test_the_command_puts_it_there_and_the_phone_taps_it(
    tmp_path: Path, context: Callable[..., BrowserContext]
) -> None:
    account, settings = simulated(), Settings(data_dir=tmp_path, front_public_url=FRONT)
    with serving(create_app(WeChat([account]))) as url:
        accounts.add(tmp_path, configured(url, menu={"查物流": "查物流"}, sign_in_url=f"{FRONT}/in"))
        early = bot(settings, "wechat", "menu", "shop")
        assert early.returncode == 1 and "bot migrate" in early.stderr and "Traceback" not in early.stderr
        assert bot(settings, "migrate").returncode == 0
        done = bot(settings, "wechat", "menu", "shop")
        assert (done.returncode, done.stdout.split()) == (0, ["查物流", "绑定账号"])
        page = context().new_page()
        page.goto(url)
        page.get_by_role("button", name="切换菜单").click()
        bind = page.get_by_role("link", name="绑定账号")
        expect(bind).to_be_visible()
        expect(bind).to_have_attribute(
            "href",
            f"/simulator/accounts/gh_1/followers/{only(account)}/opens?url="
            "https%3A%2F%2Fshop.example%2Fwechat%2Fshop%2Flogin",
        )
        with page.expect_request("**/does") as told:
            page.get_by_role("button", name="查物流").click()
        assert told.value.post_data_json == {"event": "CLICK", "key": "查物流"}


@pytest.mark.slow
def test_a_refusal_is_told_without_secrets(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    bot(settings, "migrate")
    with serving(create_app(WeChat([simulated(verified=False)]))) as url:
        accounts.add(tmp_path, configured(url, menu={"查物流": "查物流"}))
        accounts.add(tmp_path, configured(url, name="other", app_secret="falsch", menu={"查物流": "查物流"}))
        for name, said in (("shop", "48001"), ("other", "no_token"), ("nobody", "wechat list")):
            refused = bot(settings, "wechat", "menu", name)
            assert refused.returncode == 1 and said in refused.stderr, refused.stderr
            assert not any(word in refused.stderr for word in ("Traceback", SECRET, "falsch"))


def only(account: Account) -> str:
    return next(iter(account.followers))

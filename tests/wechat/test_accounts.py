"""The file of accounts: written by the command, read by the processes, wrong in every way."""

import os
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from bot.channels.wechat import accounts
from bot.channels.wechat.accounts import Account, WrongAccounts
from bot.settings import Settings
from tests.commands import bot

SOUND = {
    "name": "shop",
    "app_id": "wx0123456789abcdef",
    "app_secret": "sehr-geheim",
    "token": "abc123",
    "aes_key": "A" * 43,
}


def written(data_dir: Path, text: str, mode: int = 0o600) -> Path:
    path = data_dir / accounts.FILE
    path.write_text(text)
    path.chmod(mode)
    return path


def test_what_is_added_is_read(tmp_path: Path) -> None:
    assert accounts.load(tmp_path) == {}
    menu = {"退换货": "退货", "人工客服": "转人工"}
    first, second = Account(**SOUND), Account(**{**SOUND, "name": "outlet", "verified": False, "menu": menu})
    accounts.add(tmp_path, first)
    accounts.add(tmp_path, second)
    assert accounts.load(tmp_path) == {"shop": first, "outlet": second}
    assert [*accounts.load(tmp_path)["outlet"].menu] == [*menu]
    assert os.stat(tmp_path / accounts.FILE).st_mode & 0o777 == 0o600
    with pytest.raises(WrongAccounts, match="already"):
        accounts.add(tmp_path, first)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "Shop!"}, "name"),
        ({"app_id": "wx-sehr-geheim"}, "app_id"),
        ({"token": ""}, "token"),
        ({"aes_key": "sehr-geheim"}, "43"),
        ({"aes_key": ""}, "EncodingAESKey"),
        ({"mode": "offen"}, "mode"),
        ({"passive_seconds": 5}, "passive_seconds"),
        ({"colour": "sehr-geheim"}, "colour"),
    ],
)
def test_a_wrong_account_is_told_without_its_secrets(
    tmp_path: Path, wrong: dict[str, object], said: str
) -> None:
    lines = "".join(f"  {key}: {value!r}\n" for key, value in {**SOUND, **wrong}.items())
    written(tmp_path, "-\n" + lines)
    with pytest.raises(WrongAccounts, match=said) as told:
        accounts.load(tmp_path)
    assert "sehr-geheim" not in str(told.value)


@pytest.mark.parametrize("text", ["", "a: b", "- [", "- just text"])
def test_another_file_is_told(tmp_path: Path, text: str) -> None:
    written(tmp_path, text)
    with pytest.raises(WrongAccounts, match=accounts.FILE):
        accounts.load(tmp_path)


def test_two_of_one_name_and_a_file_that_others_may_read(tmp_path: Path) -> None:
    accounts.add(tmp_path, Account(**SOUND))
    path = tmp_path / accounts.FILE
    written(tmp_path, path.read_text() * 2)
    with pytest.raises(WrongAccounts, match="two accounts"):
        accounts.load(tmp_path)
    path.chmod(0o644)
    with pytest.raises(WrongAccounts, match="chmod 600"):
        accounts.load(tmp_path)


def test_keys_are_made_as_wechat_takes_them() -> None:
    for _ in range(20):
        Account(**{**SOUND, "token": accounts.new_token(), "aes_key": accounts.new_aes_key()})
        assert accounts.new_aes_key().isalnum()


def test_the_command_tells_what_to_enter(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)

    def added(name: str, app_id: str) -> CompletedProcess[str]:
        return bot(settings, "wechat", "add", name, "--app-id", app_id, "--app-secret", "sehr-geheim")

    done = added("shop", SOUND["app_id"])
    account = accounts.load(tmp_path)["shop"]
    assert done.returncode == 0 and "/wechat/shop" in done.stdout
    assert account.token in done.stdout and account.aes_key in done.stdout
    assert "sehr-geheim" not in done.stdout + done.stderr
    listed = bot(settings, "wechat", "list")
    assert "wx0123456789abcdef" in listed.stdout and account.token not in listed.stdout
    for wrong, said in ((added("shop", SOUND["app_id"]), "already"), (added("other", "123"), "app_id")):
        assert wrong.returncode == 1 and said in wrong.stderr and "Traceback" not in wrong.stderr


@pytest.mark.parametrize(
    ("kind", "app_id", "where"),
    [("miniprogram", "wx0123456789abcdef", "消息推送"), ("wecom", "ww0123456789abcdef", "微信客服")],
)
def test_accounts_of_other_kinds_are_added(tmp_path: Path, kind: str, app_id: str, where: str) -> None:
    settings = Settings(data_dir=tmp_path)
    given = ("--kind", kind, "--app-id", app_id, "--app-secret", "sehr-geheim")
    done = bot(settings, "wechat", "add", "other", *given)
    assert done.returncode == 0 and where in done.stderr and "/wechat/other" in done.stdout
    account = accounts.load(tmp_path)["other"]
    assert (account.kind, account.app_id) == (kind, app_id)
    assert kind in bot(settings, "wechat", "list").stdout
    refused = bot(settings, "wechat", "add", "more", *given, "--no-verified")
    assert refused.returncode == 1 and "customer-service API" in refused.stderr


def test_the_demo_has_an_account_of_each_kind(tmp_path: Path) -> None:
    accounts.add(tmp_path, Account(**SOUND))
    for port in (8003, 9003):
        accounts.ensure_simulated(tmp_path, f"http://127.0.0.1:{port}", "http://127.0.0.1:8002/wechat")
    known = accounts.load(tmp_path)
    assert [each.kind for each in known.values()] == ["official", "official", "miniprogram", "wecom"]
    assert [each.signs_in for each in known.values()] == [False, True, False, False]
    assert known["shop"] == Account(**SOUND)
    assert {each.base_url for each in known.values()} == {
        "https://api.weixin.qq.com",
        "http://127.0.0.1:9003",
    }

"""The command ``bot wechat``."""

import asyncio
import sys
from typing import Annotated, NoReturn

import httpx
import typer

from bot.channels.wechat.kinds import Kind
from bot.channels.wechat.outcomes import Outcome

# Where each kind's settings page is.
SETTINGS = {
    Kind.OFFICIAL: "mp.weixin.qq.com: 设置与开发 → 基本配置 → 服务器配置",
    Kind.MINIPROGRAM: "mp.weixin.qq.com: 开发管理 → 开发设置 → 消息推送",
    Kind.WECOM: "work.weixin.qq.com: 应用管理 → 微信客服 → API → 接收消息服务器",
}

app = typer.Typer(no_args_is_help=True, help="WeChat accounts whose messages come here.")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Part of its address here: lower case, digits, hyphens.")],
    app_id: Annotated[str, typer.Option(help="AppID, wx and 16 digits; of WeCom the corp id, ww and 16.")],
    app_secret: Annotated[
        str, typer.Option(prompt="AppSecret", hide_input=True, help="Asked for where it is not given.")
    ],
    kind: Annotated[
        Kind, typer.Option(help="公众号, 小程序 or 微信客服; the secret of WeCom is that of 微信客服.")
    ] = Kind.OFFICIAL,
    verified: Annotated[
        bool, typer.Option(help="Whether it may call the customer-service API (认证).")
    ] = True,
) -> None:
    """Connect an account, and print what to enter on its settings page."""
    from bot.channels.wechat import accounts
    from bot.settings import settings

    aes_key = accounts.new_aes_key()
    given = {
        "name": name,
        "kind": kind,
        "app_id": app_id,
        "app_secret": app_secret,
        "token": accounts.new_token(),
        "aes_key": aes_key,
        "verified": verified,
    }
    try:
        account = accounts.checked(given)
        accounts.add(settings.data_dir, account)
    except accounts.WrongAccounts as error:
        _fail(str(error))
    typer.echo(f"URL             {settings.front}/wechat/{name}")
    typer.echo(f"Token           {account.token}")
    typer.echo(f"EncodingAESKey  {account.aes_key}")
    if kind is not Kind.WECOM:
        typer.echo("Mode            安全模式")
    typer.secho(f"Restart front and worker, then enter these at {SETTINGS[kind]}.", err=True)


@app.command("list")
def list_accounts() -> None:
    """List the accounts: name, kind, AppID, whether verified, address."""
    from bot.channels.wechat import accounts
    from bot.settings import settings

    try:
        known = accounts.load(settings.data_dir)
    except accounts.WrongAccounts as error:
        _fail(str(error))
    for each in known.values():
        may = "verified" if each.verified else "replies only"
        typer.echo(
            "  ".join((each.name, each.kind, each.app_id, may, f"{settings.front}/wechat/{each.name}"))
        )


@app.command()
def menu(name: Annotated[str, typer.Argument(help="The account's name here.")]) -> None:
    """Put the menu of var/wechat.yml under the account's chat; phones show it within a day."""
    from sqlalchemy.exc import SQLAlchemyError

    from bot.channels.wechat import accounts, own_menu
    from bot.channels.wechat.api import Api
    from bot.channels.wechat.shelf import DatabaseShelf
    from bot.conversations.database import connect
    from bot.conversations.store import Store
    from bot.settings import settings

    async def put(account: accounts.Account, buttons: list[own_menu.Button]) -> Outcome:
        shelf = DatabaseShelf(Store(connect(settings.database)))
        async with httpx.AsyncClient() as http:
            api = Api(http, name, account.app_id, account.app_secret, shelf, account.base_url)
            return await api.set_menu(buttons)

    try:
        account = accounts.load(settings.data_dir).get(name)
        if account is None:
            _fail(f"There is no account named {name}: see `bot wechat list`.")
        buttons = own_menu.buttons(account, settings.front)
        outcome = asyncio.run(put(account, buttons))
    except accounts.WrongAccounts as error:
        _fail(str(error))
    except SQLAlchemyError as error:
        _fail(f"The database cannot be used ({type(error).__name__}): run `bot migrate` first.")
    if not outcome.ok:
        _fail(f"WeChat does not take it: {outcome.kind} (errcode {outcome.code}).")
    for button in buttons:
        typer.echo(button["name"])


def _fail(message: str) -> NoReturn:
    typer.secho(message, fg="red", err=True)
    sys.exit(1)

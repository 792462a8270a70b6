"""The demo's process: WeChat's servers for the accounts that are configured to call this address."""

import uvicorn

from bot.settings import settings

from .. import own_menu
from ..accounts import Account as Configured
from ..accounts import load
from ..kinds import Kind
from .app import create_app
from .kf import Corp
from .servers import WeChat
from .world import Account, MiniProgram

_KINDS = {Kind.OFFICIAL: Account, Kind.MINIPROGRAM: MiniProgram, Kind.WECOM: Corp}


def _simulated(account: Configured) -> Account:
    simulated = _KINDS[account.kind](
        f"gh_{account.app_id[-12:]}",
        account.app_id,
        account.app_secret,
        account.token,
        account.aes_key,
        f"http://{settings.host}:{settings.front_port}/wechat/{account.name}",
        name="柜台小铺",
        mode=account.mode,
        verified=account.verified,
    )
    if account.menu:
        simulated.set_menu(own_menu.buttons(account, settings.front))
    return simulated


def main() -> None:
    """Serve until stopped."""
    here = settings.wechat_simulator
    configured = [each for each in load(settings.data_dir).values() if each.base_url == here]
    app = create_app(WeChat([_simulated(each) for each in configured]))
    # The phone polls: each look would be a line of the access log.
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.wechat_port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )


if __name__ == "__main__":
    main()

"""Web authorisation: the phone's browser gets a code, which the account's server changes for the openid.

Which phone a browser belongs to stands in a cookie, which the phone's own page sets with the links it opens.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Cookie, HTTPException
from fastapi.responses import RedirectResponse

from .servers import WeChat
from .world import SECRET_WRONG, Account, Refusal

CODE_LASTS = timedelta(minutes=5)
CODE_WRONG, CODE_USED, CODE_EXPIRED = 40029, 40163, 42003
PHONE = "wechat_simulator_phone"


@dataclass
class _Code:
    account: Account
    openid: str
    until: datetime
    used: bool = False


def create_router(world: WeChat) -> APIRouter:
    """What stands at open.weixin.qq.com and under api.weixin.qq.com/sns, and how a phone opens a link."""
    router = APIRouter()
    codes: dict[str, _Code] = {}

    @router.get("/simulator/accounts/{id}/followers/{openid}/opens")
    async def opens(id: str, openid: str, url: str) -> RedirectResponse:
        if id not in world.accounts or openid not in world.accounts[id].followers:
            raise HTTPException(404, "There is no such follower.")
        answer = _redirect(url)
        answer.set_cookie(PHONE, openid, httponly=True, samesite="lax")
        return answer

    @router.get("/connect/oauth2/authorize")
    async def authorize(
        appid: str,
        redirect_uri: str,
        response_type: str,
        scope: str,
        state: str = "",
        openid: Annotated[str, Cookie(alias=PHONE)] = "",
    ) -> RedirectResponse:
        account = world.of_app(appid)
        if (response_type, scope) != ("code", "snsapi_base"):
            raise HTTPException(400, "Only snsapi_base is simulated.")
        if not account.verified or not (len(state) <= 128 and (state.isalnum() or not state)):
            raise HTTPException(400, "The account may not do this, or the state is not letters and digits.")
        if openid not in account.followers:
            raise HTTPException(400, "请在微信客户端打开链接")
        code = secrets.token_hex(16)
        codes[code] = _Code(account, openid, account.clock.now() + CODE_LASTS)
        joint = "&" if urlsplit(redirect_uri).query else "?"
        return _redirect(f"{redirect_uri}{joint}{urlencode({'code': code, 'state': state})}")

    @router.get("/sns/oauth2/access_token")
    async def access_token(appid: str, secret: str, code: str, grant_type: str) -> dict[str, str | int]:
        account = world.of_app(appid)
        account.calls["oauth"] += 1
        if not secrets.compare_digest(secret.encode(), account.secret.encode()):
            raise Refusal(SECRET_WRONG)
        found = codes.get(code)
        if found is None or found.account is not account or grant_type != "authorization_code":
            raise Refusal(CODE_WRONG)
        if found.used:
            raise Refusal(CODE_USED)
        if found.until <= account.clock.now():
            raise Refusal(CODE_EXPIRED)
        found.used = True
        unreal = account.followers[found.openid].snapshot
        return {
            "access_token": secrets.token_urlsafe(48),
            "expires_in": 7200,
            "refresh_token": secrets.token_urlsafe(48),
            "openid": f"o{secrets.token_hex(13)}" if unreal else found.openid,
            "scope": "snsapi_base",
            **({"is_snapshotuser": 1} if unreal else {}),
        }

    return router


def _redirect(url: str) -> RedirectResponse:
    if urlsplit(url).scheme not in ("http", "https"):
        raise HTTPException(400, "The phone opens http and https only.")
    return RedirectResponse(url, 302)

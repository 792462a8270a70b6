"""Web authorisation: a page learns the openid of who opens it in WeChat, which asks her nothing.

Source: https://developers.weixin.qq.com/doc/service/guide/h5/auth.html and
https://developers.weixin.qq.com/doc/service/api/webdev/access/api_snsaccesstoken.html
"""

from urllib.parse import urlencode, urlsplit

import httpx

from .accounts import Account
from .api import TIMEOUT
from .inbound import OPENID

OPEN = "https://open.weixin.qq.com"
LONGEST_CODE = 128


class NotAuthorised(Exception):
    """WeChat does not tell the openid; ``code``: its errcode, None where it does not answer."""

    def __init__(self, code: int | None = None) -> None:
        super().__init__("WeChat does not answer." if code is None else f"errcode {code}")
        self.code = code


class Snapshot(Exception):
    """The page is only shown as a picture, to a user who does not exist, until she asks for the whole."""


def address(account: Account, redirect_uri: str, state: str) -> str:
    """Where the browser gets a code; WeChat wants the query in this order, and a state of letters and digits.

    This page has a host of its own beside all of WeChat's API; a simulator has one for both.
    """
    real = (urlsplit(account.base_url).hostname or "").endswith(".weixin.qq.com")
    query = {
        "appid": account.app_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": "snsapi_base",
        "state": state,
    }
    base = OPEN if real else account.base_url.rstrip("/")
    return f"{base}/connect/oauth2/authorize?{urlencode(query)}#wechat_redirect"


async def openid(http: httpx.AsyncClient, account: Account, code: str) -> str:
    """Who has brought this code, which counts once, for five minutes.

    Raises:
        NotAuthorised: the code is wrong, used or old, the app secret is wrong, or WeChat does not answer.
        Snapshot: there is nobody yet.
    """
    if not 0 < len(code) <= LONGEST_CODE:
        raise NotAuthorised(40029)
    query = {
        "appid": account.app_id,
        "secret": account.app_secret,
        "code": code,
        "grant_type": "authorization_code",
    }
    url = f"{account.base_url.rstrip('/')}/sns/oauth2/access_token"
    try:
        response = await http.get(url, params=query, timeout=TIMEOUT)
        answer = response.json()
    except (httpx.HTTPError, ValueError):
        raise NotAuthorised from None
    if not isinstance(answer, dict):
        raise NotAuthorised
    if error := answer.get("errcode"):
        raise NotAuthorised(error if isinstance(error, int) else None)
    if answer.get("is_snapshotuser") == 1:
        raise Snapshot
    found = answer.get("openid")
    if not isinstance(found, str) or not OPENID.fullmatch(found):
        raise NotAuthorised
    return found

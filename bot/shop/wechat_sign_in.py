"""Where a customer comes from WeChat to sign in: the demo lets her choose who she is.

A real shop signs her in as always, and then shows a page whose form sends itself.
"""

import re

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from bot.problems import Problem
from bot.settings import Settings
from bot.shop.page import origin, safe_headers, templates
from bot.shop.seed import customer_token, customers_for_demo

router = APIRouter(include_in_schema=False)


@router.get("/wechat-sign-in")
def sign_in(request: Request, return_to: str = "", state: str = "") -> HTMLResponse:
    settings: Settings = request.app.state.settings
    # Whoever gets a token is the customer: it goes to the front and nowhere else.
    ours = re.escape(settings.front) + r"/wechat/[a-z0-9-]{1,32}/bind"
    if not re.fullmatch(ours, return_to) or not re.fullmatch("[0-9a-f]{64}", state):
        raise Problem(400, "wrong-return", "Come here from WeChat: open the link in the chat again.")
    people = [
        {**person, "token": customer_token(settings, person["id"], hours=0.25)}
        for person in customers_for_demo()
    ]
    html = templates.get_template("wechat_sign_in.html").render(
        people=people, return_to=return_to, state=state
    )
    headers = safe_headers(settings, form_action=origin(settings.front))
    return HTMLResponse(html, headers=headers | {"Referrer-Policy": "no-referrer"})

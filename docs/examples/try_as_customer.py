"""A page with the chat as one of your customers sees it: ``python docs/examples/try_as_customer.py ID NAME``.

For trying only, as whoever opens it is that customer. docs/connect-your-shop.md explains it.
"""

import sys
import time

import jwt
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from bot.settings import Settings

PORT = 8090
PAGE = """<!doctype html><html lang="zh"><meta charset="utf-8"><title>{id}</title>
<script src="{front}/widget.js" data-open data-customer-token="{token}"></script>"""


def app(settings: Settings, id: str, name: str) -> Starlette:
    def page(request: Request) -> HTMLResponse:
        now = int(time.time())
        claims = {"sub": id, "name": name, "aud": "chat", "iat": now, "exp": now + 900}
        token = jwt.encode(claims, settings.customer_secret, algorithm="HS256")
        return HTMLResponse(PAGE.format(id=id, front=settings.front, token=token))

    return Starlette(routes=[Route("/", page)])


if __name__ == "__main__":
    uvicorn.run(app(Settings(), *sys.argv[1:3]), host="127.0.0.1", port=PORT, log_level="warning")

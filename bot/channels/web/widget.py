"""The widget as browsers get it: without comments and blanks, in place of a build step."""

from functools import cache
from pathlib import Path

import rjsmin
from fastapi import APIRouter, Response

SOURCE = Path(__file__).parent / "static" / "widget.js"
HEADERS = {
    "Cache-Control": "public, max-age=300",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}

router = APIRouter(include_in_schema=False)


@router.get("/widget.js")
def widget() -> Response:
    return Response(minified(), media_type="text/javascript", headers=HEADERS)


@cache
def minified() -> str:
    return str(rjsmin.jsmin(SOURCE.read_text(encoding="utf-8"), keep_bang_comments=True))

"""The widget as browsers get it: minify.py makes the file."""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Header, Response

FILE = Path(__file__).parent / "static" / "widget.min.js"

router = APIRouter(include_in_schema=False)


@router.get("/widget.js")
def widget(if_none_match: Annotated[str, Header()] = "") -> Response:
    script, tag = _served()
    headers = {
        "ETag": tag,
        "Cache-Control": "public, max-age=300",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "X-Content-Type-Options": "nosniff",
    }
    # A proxy that compresses makes the tag weak.
    if tag in if_none_match:
        return Response(status_code=304, headers=headers)
    return Response(script, media_type="text/javascript", headers=headers)


@cache
def _served() -> tuple[bytes, str]:
    script = FILE.read_bytes()
    return script, f'"{sha256(script).hexdigest()[:16]}"'

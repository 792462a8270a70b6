"""How an answer looks in each channel, for the staff who write it: the channels' own styles and limits."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter

from bot.channels.wechat.texts import LARGEST

HERE = Path(__file__).parent
WIDGET = HERE / "web" / "static" / "widget.js"
PHONE = HERE / "wechat" / "simulator" / "page" / "phone.css"
_STYLE = re.compile(r"const STYLE = `\n(.*?)`;", re.DOTALL)
# Where the widget lies on the shop's page.
_HOST = re.compile(r"^.*:host\{.*\}$\n?", re.MULTILINE)

router = APIRouter(include_in_schema=False)


@router.get("/channels/looks")
def looks() -> dict[str, Any]:
    """Of each channel: its style sheet for a shadow root, and how many bytes one message holds."""
    return _looks()


@cache
def _looks() -> dict[str, Any]:
    style = _STYLE.search(WIDGET.read_text(encoding="utf-8"))
    assert style  # noqa: S101
    phone = PHONE.read_text(encoding="utf-8").replace(":root", ":host")
    return {
        "web": {"style": _HOST.sub("", style[1]), "bytes": None},
        "wechat": {"style": phone, "bytes": LARGEST},
    }

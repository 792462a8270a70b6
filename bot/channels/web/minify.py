"""Writes what the front serves as /widget.js: ``make widget``.

The result is committed, so that an installation needs no minifier. This one shortens local names, as the
limit of 40 KB demands; it has no wheel for Macs with Apple's processors.
"""

import re
from pathlib import Path

import minify

SOURCE = Path(__file__).parent / "static" / "widget.js"
TARGET = SOURCE.with_name("widget.min.js")
STYLE = re.compile(r"(?<=const STYLE = `).*?(?=`;)", re.DOTALL)
NO_NEWER_SYNTAX_THAN = 2018


def minified(source: str) -> str:
    """The widget without comments and blanks, with short names and style."""
    minify.config({"js-version": NO_NEWER_SYNTAX_THAN})
    source = STYLE.sub(lambda style: minify.string("text/css", style[0]), source)
    return str(minify.string("text/javascript", source)) + "\n"


if __name__ == "__main__":
    TARGET.write_text(minified(SOURCE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes")

"""What WeChat posts, XML or JSON, read as plain fields; and fields written for it."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

LARGEST = 64 * 1024  # bytes
_DEEPEST = 8  # of elements within each other; WeChat's own have three

Fields = dict[str, Any]
Format = Literal["xml", "json"]

# What XML 1.0 allows nowhere, not even within CDATA.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Unreadable(Exception):
    """The body is not what WeChat sends; the text says why, and nothing of what it holds."""


def read(body: bytes) -> tuple[Fields, Format]:
    """Return the fields of a body: texts and numbers as strings, and in what it was written.

    Raises:
        Unreadable: it is too large, no UTF-8, neither XML nor JSON, or names a field twice.
    """
    if len(body) > LARGEST:
        raise Unreadable(f"More than {LARGEST} bytes.")
    try:
        text = body.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise Unreadable("This is not UTF-8.") from None
    if text.startswith("<"):
        return _of_xml(text), "xml"
    return _of_json(text), "json"


def _of_xml(text: str) -> Fields:
    try:
        root = defusedxml.ElementTree.fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise Unreadable("This is no XML, or has a document type.") from None
    fields = _children(root, _DEEPEST)
    if root.tag != "xml" or not isinstance(fields, dict):
        raise Unreadable("The root is no <xml> with fields.")
    return fields


def _children(element: Element, deepest: int) -> Any:
    if not len(element):
        return element.text or ""
    if not deepest:
        raise Unreadable("The elements lie too deep within each other.")
    if all(child.tag == "item" for child in element):  # the only name that WeChat repeats
        return [_children(child, deepest - 1) for child in element]
    return _once((child.tag, _children(child, deepest - 1)) for child in element)


def _of_json(text: str) -> Fields:
    try:
        read = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Unreadable("This is neither XML nor JSON.") from None
    if not isinstance(read, dict):
        raise Unreadable("This is no JSON object.")
    return {name: _as_text(value) for name, value in read.items()}


def _as_text(value: Any) -> Any:
    """Numbers as XML gives them, so that what follows sees no difference."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return "" if value is None else value


def _no_number(_: str) -> Any:
    raise ValueError


def _once(fields: Iterable[tuple[str, Any]]) -> Fields:
    """Of a name given twice, one reader would see the first and another the last."""
    found: Fields = {}
    for name, value in fields:
        if name in found:
            raise Unreadable("A field is named twice.")
        found[name] = value
    return found


def write(fields: Mapping[str, Any], format: Format) -> str:
    """Return the body of a passive reply."""
    if format == "json":
        return json.dumps(fields, ensure_ascii=False)
    return f"<xml>{''.join(_element(name, value) for name, value in fields.items())}</xml>"


def _element(name: str, value: Any) -> str:
    if isinstance(value, int):
        content = str(value)
    elif isinstance(value, Mapping):
        content = "".join(_element(*field) for field in value.items())
    elif isinstance(value, list):
        content = "".join(_element("item", item) for item in value)
    else:
        content = _cdata(str(value))
    return f"<{name}>{content}</{name}>"


def _cdata(text: str) -> str:
    # Within CDATA nothing can be escaped, so its end is parted.
    return f"<![CDATA[{_FORBIDDEN.sub('', text).replace(']]>', ']]]]><![CDATA[>')}]]>"

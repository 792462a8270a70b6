"""All that is kept of a customer, as one archive to hand out: for machines, and for her to read."""

import json
import os
import zipfile
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from sqlalchemy import ColumnElement, Table, select
from sqlalchemy.orm import Session

from . import attachments, privacy
from .attachments import Attachments
from .models import Attachment, Base, Conversation
from .steps import now
from .store import Store

Rows = list[dict[str, Any]]

_pages = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True)


class NothingKept(Exception):
    """No conversation is kept of whom was asked for."""


def export(store: Store, data_dir: Path, which: ColumnElement[bool], out: Path, by: str) -> Counter[str]:
    """Write the conversations that ``which`` chooses to the new zip archive ``out``, for its owner alone.

    It holds ``data.json`` (every row as it is kept), ``conversations.html`` and the pictures.

    Returns:
        How many rows of what it holds.

    Raises:
        NothingKept; FileExistsError: ``out`` is there already; OSError: it cannot be written.
    """
    with store.reading() as session:
        found = _rows(session, Base.metadata.tables[Conversation.__tablename__], which)
        if not found:
            raise NothingKept
        conversations = [_all_of(session, conversation) for conversation in found]
    pictures = _pictures(store, data_dir, conversations)
    with open(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        try:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                data = {"exported_at": now(), "conversations": conversations}
                archive.writestr(
                    "data.json", json.dumps(data, default=datetime.isoformat, ensure_ascii=False, indent=2)
                )
                page = _pages.get_template("export.html")
                names = {key: name for key, (name, _) in pictures.items()}
                archive.writestr(
                    "conversations.html", page.render(conversations=conversations, pictures=names)
                )
                for name, path in pictures.values():
                    archive.write(path, name)
        except BaseException:
            out.unlink()
            raise
    counts = Counter(conversation=len(found))
    for each in conversations:
        counts.update({name: len(rows) for name, rows in each.items() if isinstance(rows, list) and rows})
    with store.writing() as session:
        privacy.audit(session, by, "export", counts)
    return counts


def _all_of(session: Session, conversation: dict[str, Any]) -> dict[str, Any]:
    rows = {
        table.name: _rows(session, table, table.c.conversation_id == conversation["id"])
        for table in privacy.tables()
    }
    return {**conversation, **rows}


def _rows(session: Session, table: Table, which: ColumnElement[bool]) -> Rows:
    query = select(table).where(which).order_by(*table.primary_key)
    return [dict(row) for row in session.execute(query).mappings()]


def _pictures(store: Store, data_dir: Path, conversations: Rows) -> dict[str, tuple[str, Path]]:
    """By id the name in the archive and the file of each picture that is (still) there."""
    kept = Attachments(store, data_dir)
    ids = [row["id"] for each in conversations for row in each[Attachment.__tablename__]]
    return {
        found.id: (f"pictures/{found.id[:8]}-{attachments.file_name(found)}", path)
        for found, path in filter(None, map(kept.find, ids))
    }

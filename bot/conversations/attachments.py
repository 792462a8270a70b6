"""Pictures of conversations: rows in the log's database, bytes in a folder that no web server knows."""

import asyncio
import os
import re
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from . import pictures
from .models import Attachment
from .steps import now
from .store import Store

ID = re.compile("[0-9a-f]{32}")
UNUSED_FOR = timedelta(days=1)
SWEEP_SECONDS = 3600
# A picture is only ever looked at, whatever a browser might make of it.
HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

log = structlog.get_logger()


class Attachments:
    """The pictures of one installation, in ``data_dir/attachments``."""

    def __init__(self, store: Store, data_dir: Path) -> None:
        self._store = store
        self._folder = data_dir / "attachments"

    def keep(self, conversation_id: str, data: bytes) -> str:
        """Keep a picture, made anew; its id.

        Raises:
            pictures.UnknownFormat, pictures.Unreadable, UnknownConversation.
        """
        picture = pictures.clean(data)
        attachment_id = secrets.token_hex(16)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / attachment_id
        # On the disk before the row: what the log shows can be had.
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(picture.data)
            file.flush()
            os.fsync(file.fileno())
        try:
            self._store.attach(conversation_id, attachment_id, picture.type, len(picture.data))
        except Exception:
            path.unlink()
            raise
        return attachment_id

    def find(self, attachment_id: str) -> tuple[Attachment, Path] | None:
        """The picture and where its bytes are; None where there is none, or none any more."""
        found = self._store.attachment(attachment_id) if ID.fullmatch(attachment_id) else None
        path = self._folder / found.id if found else None
        return (found, path) if found and path and path.is_file() else None

    def sweep(self) -> None:
        """Delete what was uploaded a day ago and never sent, and files that a crash left without a row."""
        before = now() - UNUSED_FOR
        self._store.forget_unused_attachments(before)
        for path in self._folder.glob("*"):
            written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            if written < before and self._store.attachment(path.name) is None:
                path.unlink(missing_ok=True)

    async def sweep_hourly(self) -> None:
        """Sweep for ever."""
        while True:
            try:
                await asyncio.to_thread(self.sweep)
            except (OSError, SQLAlchemyError) as error:
                log.error("attachments.not_swept", error=type(error).__name__)
            await asyncio.sleep(SWEEP_SECONDS)


def file_name(attachment: Attachment) -> str:
    """What the picture is called where somebody saves it."""
    suffix = "png" if attachment.type == "image/png" else "jpg"
    return f"{attachment.created_at:%Y%m%d-%H%M%S}.{suffix}"

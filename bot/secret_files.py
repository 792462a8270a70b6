"""Secrets that processes share, in files; for both environments, so the standard library only."""

import secrets
from pathlib import Path


def read_or_make(data_dir: Path, purpose: str) -> str:
    """Read the secret from ``<data_dir>/secrets/<purpose>``, made at first use with mode 0600."""
    folder = data_dir / "secrets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / purpose
    if not path.exists():
        # Made whole under another name and linked, so two processes at first start agree on one.
        fresh = folder / f".{purpose}.{secrets.token_hex(4)}"
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(48))
        try:
            path.hardlink_to(fresh)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text()

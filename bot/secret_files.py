"""Secrets that processes share, in files; for both environments, so the standard library only.

A file's first line is the secret; each further one is a former secret and the Unix time until when it counts.
"""

import math
import secrets
import time
from functools import lru_cache
from pathlib import Path


def read_or_make(data_dir: Path, purpose: str) -> str:
    """Read the secret from ``<data_dir>/secrets/<purpose>``, made at first use with mode 0600."""
    return keys(data_dir, purpose)[0]


def keys(data_dir: Path, purpose: str) -> tuple[str, ...]:
    """The secret, and behind it the former ones that still count; read anew once the file has changed."""
    path = _made(data_dir, purpose)
    at = time.time()
    return tuple(key for key, until in _lines(path, path.stat().st_mtime_ns) if at < until)


def rotate(data_dir: Path, purpose: str, seconds: float = 0) -> None:
    """Make a new secret; the present one counts for ``seconds`` more, else none of the former."""
    path = _made(data_dir, purpose)
    (present, _), *former = _lines(path, path.stat().st_mtime_ns)
    at = time.time()
    if not seconds:
        former = []
    kept = [(key, until) for key, until in [(present, at + seconds), *former] if at < until]
    fresh = _fresh(path, [secrets.token_urlsafe(48), *(f"{key} {until:.0f}" for key, until in kept)])
    fresh.replace(path)


def _made(data_dir: Path, purpose: str) -> Path:
    path = data_dir / "secrets" / purpose
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made whole under another name and linked, so two processes at first start agree on one.
        fresh = _fresh(path, [secrets.token_urlsafe(48)])
        try:
            path.hardlink_to(fresh)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path


def _fresh(path: Path, lines: list[str]) -> Path:
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    fresh.touch(mode=0o600)
    fresh.write_text("\n".join(lines))
    return fresh


@lru_cache(maxsize=32)
def _lines(path: Path, _changed: int) -> tuple[tuple[str, float], ...]:
    parts = [line.split() for line in path.read_text().splitlines() if line.strip()]
    return tuple((key, float(until[0]) if until else math.inf) for key, *until in parts)

"""Which models answer now: asked of the engines themselves."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx

SECONDS = 1.0


def serving(engines: Sequence[str]) -> list[str | None]:
    """Of each engine, by its address, the name of its model; None where it gives no answer now."""
    with ThreadPoolExecutor(max(len(engines), 1)) as pool:
        return list(pool.map(_model, engines))


def in_use(engines: Sequence[str]) -> set[str] | None:
    """The models that answer; None where an engine that may serve another gives no answer."""
    answered = serving(engines)
    return None if None in answered else {name for name in answered if name}


def _model(engine: str) -> str | None:
    try:
        answer = httpx.get(f"{engine}/webhooks/conversation/ready", timeout=SECONDS).raise_for_status()
        return str(answer.json()["model"])
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return None

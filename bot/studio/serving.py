"""Which models serve: by what was promoted, else asked of the engines themselves."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx

from bot import live_model
from bot.settings import Settings

SECONDS = 1.0


def serving(settings: Settings) -> set[str]:
    """Names of the models that answer; none where that cannot be told now."""
    try:
        live = live_model.read(settings.models_dir)
    except live_model.Unreadable:
        live = None
    if live and (model := live.model(live.live)):
        return {live_model.short(model)}
    return {name for name in _asked(settings.engine_urls) if name}


def in_use(settings: Settings) -> set[str] | None:
    """Names of the models that answer or stand by; None where that cannot be told now."""
    try:
        live = live_model.read(settings.models_dir)
    except live_model.Unreadable:
        return None
    if live:
        return {live_model.short(model) for model in (live.blue, live.green) if model}
    answered = _asked(settings.engine_urls)
    return None if None in answered else {name for name in answered if name}


def _asked(engines: Sequence[str]) -> list[str | None]:
    with ThreadPoolExecutor(max(len(engines), 1)) as pool:
        return list(pool.map(_model, engines))


def _model(engine: str) -> str | None:
    try:
        answer = httpx.get(f"{engine}/webhooks/conversation/ready", timeout=SECONDS).raise_for_status()
        return str(answer.json()["model"])
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return None

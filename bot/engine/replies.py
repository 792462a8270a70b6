"""Answers filled with the shop's policies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.utils.endpoints import EndpointConfig

from bot.policies import PATH, Policies


class ShopReplies(TemplatedNaturalLanguageGenerator):
    """Rasa's responses, where ``{return_days}`` is what data/policies.yml says now.

    A slot of the same name and a value given by an action go before a policy.
    """

    def __init__(self, endpoint_config: EndpointConfig, domain: Domain) -> None:
        """Answer with the responses of ``domain``; in endpoints.yml, ``policies`` may name another file."""
        super().__init__(domain.responses)
        self._policies = Policies(Path(endpoint_config.kwargs.get("policies", PATH)))

    def _response_variables(  # type: ignore[override]
        self, filled_slots: dict[str, Any] | None, kwargs: dict[str, Any]
    ) -> dict[str, Any]:
        return {**self._policies.now(), **(filled_slots or {}), **kwargs}

"""What the bot says: the wordings that stand in the bot's files now, filled with the shop's policies."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.core.nlg.generator import ResponseVariationFilter
from rasa.shared.core.domain import Domain
from rasa.utils.endpoints import EndpointConfig

from bot import policies, validity
from bot.engine.fingerprint import bot_folder
from bot.followed import data_file
from bot.policies import Policies
from bot.wordings import Variation, Wordings, words

HUMAN = "/human_agent"


class ShopReplies(TemplatedNaturalLanguageGenerator):
    """The model's responses, each in the wording that the bot's files have for it now.

    Of a response with days only what may be said today is said; what goes before what: see bot/validity.py.
    ``{return_days}`` is what data/policies.yml says now; a slot of the same name and an action's own value
    go before a policy.
    """

    def __init__(self, endpoint_config: EndpointConfig, domain: Domain) -> None:
        """Answer with the responses of ``domain``; in endpoints.yml, ``folder`` may name another bot's files.

        Raises:
            Unreadable: the policies or data/wording.yml are broken.
        """
        super().__init__(domain.responses)
        folder = Path(endpoint_config.kwargs.get("folder") or bot_folder())
        self._policies = Policies(data_file(folder, policies.FILE))
        self._wordings = Wordings(folder)
        self._words = words(folder)

    def _random_response_for(
        self, utter_action: str, output_channel: str, filled_slots: dict[str, Any]
    ) -> dict[str, Any] | None:
        if utter_action not in self.responses:
            return None
        wordings = self._wordings.now().get(utter_action) or self.responses[utter_action]

        def fitting(some: Sequence[Variation]) -> list[Variation]:
            among = ResponseVariationFilter({utter_action: list(some)})
            return list(among.responses_for_utter_action(utter_action, output_channel, filled_slots))

        if said := fitting(validity.in_force(wordings, validity.today())):
            return validity.without_days(random.choice(validity.foremost(said)))  # noqa: S311
        return self._lapsed() if fitting(wordings) else None

    def _lapsed(self) -> dict[str, Any]:
        """What is said where nothing of the response may be said today: never a promise of another day."""
        said = self._words.now()
        return {"text": said["lapsed"], "buttons": [{"title": said["buttons"]["human"], "payload": HUMAN}]}

    def _response_variables(  # type: ignore[override]
        self, filled_slots: dict[str, Any] | None, kwargs: dict[str, Any]
    ) -> dict[str, Any]:
        return {**self._policies.now(), **(filled_slots or {}), **kwargs}

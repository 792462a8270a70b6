"""Whatever is sent: no 5xx, and every answer as the OpenAPI says (schemathesis over the whole document)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import schemathesis
from hypothesis import given
from hypothesis import settings as trying
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from bot.front import create
from bot.migrations import upgrade
from bot.settings import Settings
from tests.faults import TroubledEngine
from tests.generated import GENERATED
from tests.servers import serving

from .calls import begin, customer_token, until
from .test_pictures import kept, picture

DOCUMENT = Path("docs/web-channel.openapi.json")
EXAMPLES = 30
MANY = 10**9
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OPERATIONS = {
    operation.label: operation
    for operation in (found.ok() for found in schemathesis.openapi.from_path(DOCUMENT).get_all_operations())
}
# The stream has no end: what it answers to a shopper is tested beside it.
STREAM = "GET /api/chat/stream"
UNGUARDED = "POST /api/chat/sessions"


@dataclass
class Begun:
    """A shopper's session, and what she has."""

    conversation: str
    headers: dict[str, str]
    attachment: str
    customer_token: str


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Settings]]:
    with serving(TroubledEngine().app()) as engine:
        settings = Settings(
            data_dir=tmp_path_factory.mktemp("api"),
            engine_url=engine,
            messages_per_minute=MANY,
            address_messages_per_minute=MANY,
            sessions_per_minute=MANY,
        )
        upgrade(settings.database)
        with serving(create(settings)) as url:
            yield url, settings


@pytest.fixture
def begun(front: tuple[str, Settings]) -> Begun:
    url, settings = front
    token = customer_token(settings)
    with httpx.Client(base_url=url) as http:
        conversation, headers = begin(http, customer_token=token)
        said = {"client_id": "first", "text": "在吗"}
        http.post("/api/chat/messages", json=said, headers=headers).raise_for_status()
        until(http, headers, 2)
        http.post("/api/chat/close", headers=headers).raise_for_status()
        return Begun(conversation, headers, kept(http, headers, picture()), token)


def attempts(label: str, url: str, begun: Begun | None) -> Counter[int]:
    """The statuses of what was tried, each checked against the document."""
    operation, statuses = OPERATIONS[label], Counter[int]()

    @given(operation.as_strategy() | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    @trying(GENERATED, max_examples=EXAMPLES, derandomize=True)
    def attempt(case: schemathesis.Case) -> None:
        turn = statuses.total()
        if begun and turn % 2:
            place_own(case, begun)
        # No header is a token that the strategy made up.
        headers = begun.headers if begun else {"Authorization": ""}
        answer = case.call_and_validate(base_url=url, headers=headers, checks=CHECKS, timeout=10)
        statuses[answer.status_code] += 1

    attempt()
    return statuses


def place_own(case: schemathesis.Case, begun: Begun) -> None:
    """Put in what exists wherever it fits, so that more than the door is tried."""
    if "id" in (case.path_parameters or {}):
        case.path_parameters["id"] = begun.attachment
    if isinstance(case.body, dict):
        own = {"conversation": begun.conversation, "customer_token": begun.customer_token}
        case.body.update({name: value for name, value in own.items() if name in case.body})
        if "client_id" in case.body:
            said = {"text": "在吗", "attachment": begun.attachment}
            case.body = {"client_id": case.body["client_id"]} | {
                name: value for name, value in said.items() if name in case.body or name == "text"
            }


@pytest.mark.parametrize("label", [label for label in OPERATIONS if label != STREAM])
def test_a_shopper_gets_what_the_document_says(label: str, front: tuple[str, Settings], begun: Begun) -> None:
    statuses = attempts(label, front[0], begun)
    assert statuses.keys() & {200, 201, 202}, statuses


@pytest.mark.parametrize("label", OPERATIONS)
def test_a_stranger_gets_what_the_document_says(label: str, front: tuple[str, Settings]) -> None:
    statuses = attempts(label, front[0], None)
    assert label == UNGUARDED or not statuses.keys() & {200, 201, 202}, statuses

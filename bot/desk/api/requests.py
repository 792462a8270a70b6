"""What the calls take, as docs/desk-api.openapi.json states it."""

import unicodedata
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, model_validator

from bot.conversations import tickets
from bot.conversations.store import TEXT_LIMIT

from .caller import LARGEST

NOTE_LIMIT = 500
PRESENCES = Literal["online", "busy", "away", "offline"]
STATES = Literal["open", "in_progress", "waiting", "resolved", "closed"]
AccountId = Annotated[int, Field(ge=1, le=LARGEST)]


def visible(text: str) -> str:
    """The text without what cannot be seen. Raises ValueError: nothing of it can."""
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs")).strip()
    if not any(unicodedata.category(c)[0] not in "CZ" for c in text):
        raise ValueError("the text is empty")
    return text


Text = Annotated[str, Field(max_length=TEXT_LIMIT), AfterValidator(visible)]
ShortText = Annotated[str, Field(max_length=NOTE_LIMIT), AfterValidator(visible)]


def _near(moment: datetime) -> datetime:
    if not 2000 <= moment.year <= 2200:
        raise ValueError("the moment is out of all range")
    return moment


Due = Annotated[AwareDatetime, AfterValidator(_near)]
ClientId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,63}$")]
Code = Annotated[str, Field(pattern="^[a-z0-9_]{1,32}$")]


class PresenceRequest(BaseModel):
    """To go offline with open conversations, say where they go ``to``: queue, or a colleague's id."""

    presence: PRESENCES
    to: Literal["queue"] | AccountId | None = None


class AgentRequest(BaseModel):
    """What is left out stays; ``skills`` null: every queue."""

    capacity: int | None = Field(None, ge=0, le=50)
    skills: list[Code] | None = Field(None, max_length=50)


class SayRequest(BaseModel):
    """The same ``client_id`` again is the same message."""

    client_id: ClientId
    text: Text


class NoteRequest(BaseModel):
    """``whisper``: from a supervisor to whoever serves. The same ``client_id`` again is the same note."""

    client_id: ClientId
    kind: Literal["note", "whisper"] = "note"
    text: Text


class ToRequest(BaseModel):
    """To whom, with a note for her."""

    to: AccountId
    note: ShortText | None = None


class QueueRequest(BaseModel):
    """Into which queue (null: where it was), with a note for whoever takes it."""

    queue: Code | None = None
    note: ShortText | None = None


class InviteRequest(BaseModel):
    agent: AccountId


class HandBackRequest(BaseModel):
    """``settled``: what was agreed, for the bot to go on with."""

    settled: ShortText | None = None
    tags: list[Code] = Field([], max_length=20)


class CloseRequest(BaseModel):
    """Codes of data/desk.yml, as ``GET /codes`` lists them."""

    outcome: Code | None = None
    tags: list[Code] = Field([], max_length=20)


class TicketRequest(BaseModel):
    """The same ``client_id`` again is the same ticket."""

    client_id: ClientId
    title: Annotated[str, Field(max_length=tickets.TITLE_LIMIT), AfterValidator(visible)]
    text: Text | None = None
    queue: Code | None = None
    owner: AccountId | None = None
    due: Due | None = None


class TicketChange(BaseModel):
    """What is left out stays. ``tell``: the shopper reads the note.

    A note needs a ``client_id``: if the ticket has a note of this id, nothing is changed.
    """

    state: STATES | None = None
    owner: AccountId | None = None
    due: Due | None = None
    note: ShortText | None = None
    tell: bool = True
    client_id: ClientId | None = None

    @model_validator(mode="after")
    def _once(self) -> "TicketChange":
        if self.note is not None and self.client_id is None:
            raise ValueError("a note needs a client_id")
        return self

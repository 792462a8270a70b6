"""What the web channel's calls take and give, as docs/web-channel.openapi.json states it."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from bot.channels.visible import visible
from bot.conversations import attachments, ratings
from bot.conversations.store import TEXT_LIMIT


class SessionRequest(BaseModel):
    """``customer_token``: signed by the shop, none for an anonymous visitor; ``conversation``: to resume."""

    customer_token: str | None = Field(None, max_length=4096)
    conversation: str | None = Field(None, pattern="^[a-z0-9]{1,32}$")


class Session(BaseModel):
    """``token`` opens the conversation's other calls; ``seq`` is the last message's number so far."""

    conversation: str
    token: str
    seq: int


class MessageRequest(BaseModel):
    """``text``, an ``attachment``'s id or both, or the ``payload`` of an offered button.

    The same ``client_id`` is the same message.
    """

    client_id: str = Field(pattern=r"^[A-Za-z0-9._:-]{1,64}$")
    text: str | None = Field(None, max_length=TEXT_LIMIT)
    payload: str | None = Field(None, min_length=1, max_length=1000)
    attachment: str | None = Field(None, pattern=f"^{attachments.ID.pattern}$")

    @field_validator("text")
    @classmethod
    def visible(cls, text: str | None) -> str | None:
        """Control characters are dropped; what remains must show something."""
        if text is None:
            return None
        text = visible(text)
        if text is None:
            raise ValueError("the message is empty")
        return text

    @model_validator(mode="after")
    def says_one_thing(self) -> "MessageRequest":
        said = self.text is not None or self.attachment is not None
        if said == (self.payload is not None):
            raise ValueError("give text, attachment or both, or else payload")
        return self


class Accepted(BaseModel):
    seq: int


class Uploaded(BaseModel):
    """``id``: to be sent as a message's ``attachment`` within a day."""

    id: str


class RatingRequest(BaseModel):
    """``score``: 1 (very dissatisfied) to 5 (very satisfied)."""

    score: int = Field(ge=1, le=5)
    comment: str | None = Field(None, max_length=ratings.COMMENT_LIMIT)


class Rating(BaseModel):
    """The service that ended with message ``seq``, by bot or agent, and what the shopper said of it."""

    seq: int
    by: str
    name: str | None
    score: int | None
    comment: str | None


class Button(BaseModel):
    title: str
    payload: str


class Message(BaseModel):
    """A message as all see it; members that it does not have are left out."""

    # What a newer bot says beside it is passed on.
    model_config = ConfigDict(extra="allow")

    seq: int
    at: str = Field(json_schema_extra={"format": "date-time"})
    sender: Literal["shopper", "bot", "agent", "system"] = Field(alias="from")
    name: str = ""
    text: str = ""
    buttons: list[Button] = []
    card: dict[str, Any] = {}
    cards: list[dict[str, Any]] = []
    attachment: str = ""
    client_id: str = ""


class History(BaseModel):
    items: list[Message]

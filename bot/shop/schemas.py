"""What several calls take or answer; the OpenAPI document is made from these and their neighbours."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.json_schema import SkipJsonSchema

from bot.shop.clock import CHINA

Fen = Annotated[int, Field(ge=0, description="Money in fen (1/100 yuan).")]
# Absent members are left out of the answer, never null.
Sometimes = SkipJsonSchema[None]
Moment = Annotated[datetime, AfterValidator(lambda moment: moment.astimezone(CHINA))]

# What PostgreSQL cannot keep is no text.
_PLAIN = r"^[^\x00]*$"
Text = Annotated[str, StringConstraints(max_length=200, pattern=_PLAIN, strip_whitespace=True)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_PLAIN, strip_whitespace=True)]
Number = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]


class Answer(BaseModel):
    model_config = ConfigDict(
        validate_by_name=True, json_schema_extra=lambda schema: _drop_null_defaults(schema)
    )


class Asked(BaseModel):
    """A body; what it should not have is refused, as it would be lost unseen."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=lambda schema: _drop_null_defaults(schema))


def _drop_null_defaults(schema: dict[str, object]) -> None:
    properties = schema.get("properties")
    if isinstance(properties, dict):
        for member in properties.values():
            if member.get("default", "") is None:
                del member["default"]


class ProblemDetail(Answer):
    """RFC 9457."""

    type: Annotated[str, Field(description="Stable short name of the problem.")]
    title: str
    status: int
    detail: Annotated[str, Field(description="What to do about it.")]


class InvalidField(Answer):
    at: list[str]
    reason: str


class InvalidRequest(ProblemDetail):
    errors: list[InvalidField] | Sometimes = None


class Forbidden(ProblemDetail):
    """The shop's rules forbid it now."""

    cause: Annotated[str, Field(description="Stable code, such as shipped or late.")]
    reason: Annotated[str, Field(description="Why, in Chinese, to be shown.")]


class Health(Answer):
    status: Literal["ok"] = "ok"


class Permission(Answer):
    allowed: bool
    reason: Annotated[str, Field(description="Why not, in Chinese, to be shown.")] | Sometimes = None
    cause: Annotated[str, Field(description="Stable code of the reason.")] | Sometimes = None


class Recipient(Answer):
    name: Annotated[str, Field(description="Masked.")]
    phone: Annotated[str, Field(description="Masked.")]
    text: Annotated[str, Field(description="Region in full, the rest masked.")]


class Page(Answer):
    page: int
    page_size: int
    total: Annotated[int, Field(description="On all pages.")]

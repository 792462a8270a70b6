"""What all answers share."""

from pydantic import BaseModel, ConfigDict


class Given(BaseModel):
    """Made of a row or of an object of ours."""

    model_config = ConfigDict(from_attributes=True)

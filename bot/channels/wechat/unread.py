"""What no bot can read, as the people who serve the shopper see it in the log."""

from . import inbound
from .inbound import Inbound
from .wording import say

LONGEST = 200  # characters of a place's name


def place(message: inbound.Location) -> str | None:
    """What a place that she has sent is called, on one line; None where it has no name."""
    return " ".join(message.label.split())[:LONGEST] or None


def noted(message: Inbound) -> str:
    """The line that stands for the message."""
    match message:
        case inbound.Text():
            return say("noted_blank")
        case inbound.Voice():
            return say("noted_voice")
        case inbound.Video():
            return say("noted_video")
        case inbound.Image():
            return say("noted_picture")
        case inbound.Location():
            named = place(message)
            where = named or f"{message.latitude[:12]}, {message.longitude[:12]}"
            return say("noted_location", where=where)
        case inbound.MiniProgramPage():
            return say("noted_page", title=" ".join(message.title.split())[:LONGEST])
        case inbound.Unsupported(kind="sticker"):
            return say("noted_sticker")
        case inbound.Unsupported(kind="file"):
            return say("noted_file")
    return say("noted_other")

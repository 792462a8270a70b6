"""Who makes a change of the files."""

from dataclasses import dataclass

from bot.staff.sessions import Staff


@dataclass(frozen=True)
class Author:
    """Who makes a change."""

    name: str
    """As people call them."""
    account: str
    """Their account's name; the part before the @ of the commit's address."""

    @classmethod
    def of(cls, staff: Staff) -> "Author":
        """Of a member of staff."""
        return cls(staff.display_name, staff.name)


BY_HAND = Author("files", "files")
"""The author of what was found changed on disk."""

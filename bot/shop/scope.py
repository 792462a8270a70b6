"""What a call may see."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scope:
    """Everything of one customer, or one single order of an anonymous visitor."""

    customer: str | None = None
    order: str | None = None

    @property
    def name(self) -> str:
        """Under which this scope's keys and misses are kept."""
        return f"customer:{self.customer}" if self.customer else f"order:{self.order}"

"""The right column: the packet first, then the customer with what she bought, then what happened."""

from .column import Sidebar

__all__ = ["Sidebar"]

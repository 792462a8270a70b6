"""Proof before promotion: a candidate beside the model that serves, and whether it may take its place."""

from .comparisons import Comparisons
from .rules import Verdict

__all__ = ["Comparisons", "Verdict"]

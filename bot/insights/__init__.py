"""Figures of the log: how many services there were, who answered them, how fast, and about what."""

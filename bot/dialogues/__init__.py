"""Whole dialogues as people write them (docs/testing-dialogues.md): reading them, and what they expect."""

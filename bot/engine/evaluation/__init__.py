"""How well a trained model reads labelled messages; see docs/understanding.md for the figures' meaning."""

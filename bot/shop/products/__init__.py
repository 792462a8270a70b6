"""The catalogue: reading only."""

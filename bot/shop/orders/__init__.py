"""Orders: what they are, what may be done with them, and doing it."""

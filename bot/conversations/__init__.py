"""The heart: message log, ownership, turns and delivery. Knows no web framework, no Rasa, no channel."""

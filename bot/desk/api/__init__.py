"""The desk as an API, for another desk in place of our page: JSON and server-sent events."""

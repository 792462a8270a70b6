"""The website: HTTP and server-sent events for the widget (docs/embed.md)."""

"""What the calls give, as docs/desk-api.openapi.json states it; a module for each kind of call."""

"""What the bot does for a shopper: one module per capability, run by ``python -m actions``."""

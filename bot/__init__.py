"""Guitai (柜台): a Chinese customer-support bot for shops, with a human desk behind it."""

"""The admins' studio: what the bot did not understand."""

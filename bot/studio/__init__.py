"""The studio: where admins teach the bot. Rules in the modules here, what browsers see in ``pages``."""

"""What was kept of who looked at what and who did what, as admins read it."""

"""Rules and stories as the admins see them: listed, edited in a form or as text, drawn, and checked."""

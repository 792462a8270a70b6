"""What the bot is taught by: intents with their examples, its answers, and the words it knows."""

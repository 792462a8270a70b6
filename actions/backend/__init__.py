"""Client of the order contract. Knows neither Rasa nor the bot, so the desk may use it too."""

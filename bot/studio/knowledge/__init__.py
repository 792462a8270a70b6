"""What the bot knows to answer: FAQ topics with their wordings, the shop's own numbers, and how they fare."""

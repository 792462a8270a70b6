"""The review inbox: turns from which the bot can learn, alike ones together, and what was decided on them."""

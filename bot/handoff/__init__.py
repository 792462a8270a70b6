"""From the bot to a human: the queue and the escalation packet. Rules, no pages."""

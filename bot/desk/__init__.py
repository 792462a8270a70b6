"""The agents' desk: queue, conversations and customers on one page."""

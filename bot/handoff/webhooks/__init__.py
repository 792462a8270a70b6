"""Tells other systems of conversations, tickets and ratings: signed, in order, again until they have it.

The log is the truth. What each webhook is owed is read from it, so nothing is lost between the two; what a
process died over is sent again under the same id.
"""

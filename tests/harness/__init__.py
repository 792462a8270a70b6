"""A fault harness: shoppers and agents work on the real stack while its parts are killed, frozen and cut off.

Then the log is read and every promise checked. ``make faults``.
"""

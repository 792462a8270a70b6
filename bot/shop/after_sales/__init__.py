"""Returns, exchanges, refunds without return, resends, repairs; and money on its way back."""

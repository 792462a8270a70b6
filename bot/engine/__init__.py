"""What runs inside Rasa, in the engine environment (Python 3.10); the only place that imports rasa."""

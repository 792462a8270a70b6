"""Tests that import rasa: run in the engine environment (``make test`` does)."""

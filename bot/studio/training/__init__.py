"""Trainings: asked for by admins, made one at a time by the worker in a process of their own."""

"""Callbacks of a run: what it keeps, and when it stops."""

"""Requests that a server runs on a new version before it answers anybody."""

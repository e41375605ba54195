"""A run from its directory and configuration to its summary: what a user starts."""

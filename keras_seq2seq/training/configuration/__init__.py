"""The configuration of a run: its keys, its files, and the recipes that come with the library."""

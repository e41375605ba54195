"""Parts of the command `generate`."""

"""How a run survives: checkpoints, signals, and losses that are not finite."""

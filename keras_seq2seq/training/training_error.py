"""What stops a run."""


class TrainingError(RuntimeError):
    """A run cannot go on."""

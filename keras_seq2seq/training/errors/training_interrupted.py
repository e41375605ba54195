"""A run that was asked to stop."""

from keras_seq2seq.training.errors.training_error import TrainingError


class TrainingInterrupted(TrainingError):
    """A signal came; the run has written a checkpoint and can be resumed.

    Args:
        message: Where it stopped and how it goes on.
        signal: Number of the signal.

    Example:

    ```python
    try:
        train(config, run)
    except TrainingInterrupted as stop:
        train(config, run, resume=True)
    ```
    """

    def __init__(self, message: str, signal: int = 2):
        super().__init__(message)
        self.signal = signal

"""What stops a run."""


class TrainingError(RuntimeError):
    """A run cannot go on.

    Example:

    ```python
    try:
        train(config, run)
    except TrainingError as error:
        ...     # "No epoch gave a finite validation loss. Lower training.learning_rate, ..."
    ```
    """

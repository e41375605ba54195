"""What is wrong with a checkpoint."""


class CheckpointError(ValueError):
    """A checkpoint is broken, or does not fit the model it shall be loaded into.

    Example:

    ```python
    try:
        checkpoint = Checkpoint.read(path)
    except CheckpointError as error:
        ...     # "runs/mine/checkpoints/00003-0000000.ckpt is broken: its checksum is wrong."
    ```
    """

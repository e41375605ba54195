"""The one error that a run configuration raises."""


class ConfigError(ValueError):
    """A run configuration cannot be used as it is.

    The message names the key and where it was set, says what came and what is expected.

    Example:

    ```python
    try:
        config = load_config("run.toml")
    except ConfigError as error:
        ...     # 'run.toml: unknown key training.epoch. Did you mean training.epochs?'
    ```
    """

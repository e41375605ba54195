"""What all clients raise when a server refuses or does not answer."""


class ServingError(RuntimeError):
    """A request was not answered.

    Args:
        message: The server's own words, or what happened on the way.
        kind: `HTTP 400`, `INVALID_ARGUMENT`, `deadline`, `connection` ...: short, to be counted.
    """

    def __init__(self, message: str, kind: str):
        super().__init__(f"{kind}: {message}")
        self.kind = kind

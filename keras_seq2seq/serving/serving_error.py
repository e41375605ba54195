"""What a request is refused with."""

import grpc


class ServingError(Exception):
    """A refusal of a request: one of the codes of gRPC, which REST translates, and a message.

    Codes and messages are those of TensorFlow Serving, so that a client that is written against
    this server understands the other.

    Args:
        code: A `grpc.StatusCode`.
        message: What the client reads.

    Example:

    ```python
    raise ServingError(grpc.StatusCode.NOT_FOUND, "Servable not found for request: Latest(ko_en)")
    ```
    """

    def __init__(self, code: grpc.StatusCode, message: str):
        super().__init__(message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code.name}: {self.message}"


def invalid(message: str) -> ServingError:
    """The refusal of a request that is wrong in itself."""
    return ServingError(grpc.StatusCode.INVALID_ARGUMENT, message)

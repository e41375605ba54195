"""What TensorFlow says of a request that it refuses."""

# The codes that requests meet; TensorFlow's are those of gRPC.
_NAMES = {
    1: "CANCELLED",
    2: "UNKNOWN",
    3: "INVALID_ARGUMENT",
    4: "DEADLINE_EXCEEDED",
    5: "NOT_FOUND",
    8: "RESOURCE_EXHAUSTED",
    9: "FAILED_PRECONDITION",
    11: "OUT_OF_RANGE",
    12: "UNIMPLEMENTED",
    13: "INTERNAL",
}


class NativeError(RuntimeError):
    """A request, or the loading of a model, that ended with an error of TensorFlow.

    The session answers further requests.

    Args:
        code: int. TensorFlow's, which is gRPC's: 3 is INVALID_ARGUMENT.
        message: str. TensorFlow's own words.

    Attributes:
        code, message: as above.
        name: str, of the code.

    Example:

    >>> NativeError(3, "Shape [2,3] is not compatible with expected shape [?]").name
    'INVALID_ARGUMENT'
    """

    def __init__(self, code: int, message: str):
        self.code, self.message = code, message
        self.name = _NAMES.get(code, f"code {code}")
        super().__init__(f"{self.name}: {message}")

"""A source that the model does not read whole."""


class LongSourceError(ValueError):
    """A source has more tokens than the model reads.

    Attributes:
        number: int. Which one, from 1.
        problem: str. What is wrong with it, without its number.
    """

    def __init__(self, number: int, problem: str):
        super().__init__(f"Source {number} {problem}")
        self.number = number
        self.problem = problem

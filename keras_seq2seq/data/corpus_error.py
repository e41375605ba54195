"""The one error that reading a corpus raises."""


class CorpusError(ValueError):
    """A corpus cannot be used as it is.

    The message names the file and line, says what was found and how to mend it.
    """

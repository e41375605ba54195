"""The one error that reading a corpus raises."""


class CorpusError(ValueError):
    """A corpus cannot be used as it is.

    The message names the file and line, says what was found and how to mend it.

    Example:

    ```python
    try:
        pairs = read_pairs("train.tsv")
    except CorpusError as error:
        print(error)  # train.tsv, line 7: no tab found, but column 2 is wanted. ...
    ```
    """

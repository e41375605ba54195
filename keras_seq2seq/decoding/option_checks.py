"""What one look at a single option does not show: ids, and lengths that contradict each other."""

import numbers
from collections.abc import Iterable
from typing import Any

from keras_seq2seq.decoding.search_option import is_known, shortened


def as_sequences(banned: Any) -> Any:
    """Banned ids as a tuple of tuples of int, `None` without any; tensors stay as they are."""
    if banned is None or not is_known(banned):
        return banned
    if hasattr(banned, "tolist"):  # an array, of `banned_table` or of a caller
        rows = banned.tolist()
        banned = [_behind_padding(row) if isinstance(row, list) else row for row in _listed(rows)]
    found = []
    for ids in _listed(banned):
        ids = _listed(ids, banned)
        if not ids:
            raise ValueError("banned_ids holds an empty sequence, which would ban everything.")
        for wrong in (i for i in ids if not isinstance(i, numbers.Integral) or isinstance(i, bool)):
            raise ValueError(f"banned_ids must hold token ids, which are ints, got {wrong!r}.")
        for wrong in (i for i in ids if not 0 <= i < 2**31):
            raise ValueError(f"banned_ids must be from 0 to below 2**31, got {wrong}.")
        found.append(tuple(map(int, ids)))
    return tuple(found) or None


def _listed(value: Any, whole: Any = None) -> list[Any]:
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        shown = shortened(value if whole is None else whole)
        raise ValueError(f"banned_ids must be sequences of ids, as ((17,), (4, 5)), got {shown}.")
    return list(value)


def _behind_padding(row: list[int]) -> list[int]:
    first = next((place for place, i in enumerate(row) if i != -1), len(row))
    return row[first:]


def banned_table(banned: Any) -> Any:
    """Sequences of ids as an int32 array [N, L], -1 before the short ones; tensors as they are.

    N and L are powers of two, so that a backend that compiles for each shape compiles seldom: the
    first sequence is repeated.
    """
    import numpy as np

    if not is_known(banned):
        return banned
    rows, columns = len(banned), max(2, *map(len, banned), 2)
    table = np.full([1 << (n - 1).bit_length() for n in (rows, columns)], -1, "int32")
    for row in range(len(table)):
        ids = banned[row if row < rows else 0]
        table[row, -len(ids) :] = ids
    return table


def none_if_empty(table: Any) -> Any:
    """`None` in place of a table without columns, which no graph can reduce."""
    if table is None or not is_known(table):
        return table
    import numpy as np

    return table if np.size(table) else None


def check_ids(options: Any, vocabulary_size: int) -> None:
    """Raises a `ValueError` for ids, and tables of ids, that a vocabulary has not."""
    import numpy as np

    of = f"the target's vocabulary of {vocabulary_size} tokens"
    banned = max(map(max, options.banned_ids)) if _has(options, "banned_ids") else -1
    forced = np.max(options.forced_ids) if _has(options, "forced_ids") else -1
    for name, largest in (("banned_ids", banned), ("forced_ids", forced)):
        if largest >= vocabulary_size:
            raise ValueError(
                f"{name}: {largest} is not in {of}; ids go from 0 to {vocabulary_size - 1}."
            )
    if _has(options, "allowed") and np.shape(options.allowed)[-1:] != (vocabulary_size,):
        shape = np.shape(options.allowed)
        raise ValueError(f"allowed must have a column for each of {of}, got the shape {shape}.")


def check_limit(options: Any, limit: int) -> None:
    """Raises a `ValueError` where more tokens are asked for than a model writes at most."""
    import numpy as np

    if _has(options, "max_length") and np.max(options.max_length, initial=0) > limit:
        raise ValueError(
            f"generate: max_length={shortened(options.max_length)} is above the model's "
            f"max_target_length of {limit}; set model.max_target_length before, and before an "
            "export."
        )
    check_lengths(options, limit)


def check_lengths(
    options: Any, limit: int | None = None, source_length: Any = None, owner: Any = None
) -> None:
    """Raises a `ValueError` where more tokens are asked for than are allowed.

    Args:
        options: `SearchOptions`; tensors among them are not looked at.
        limit: the model's limit of target tokens.
        source_length: int array [B], tokens of the sources without EOS. Without them ratios are
            not looked at.
        owner: int array [B], which source each row is of, if not each of its own.
    """
    if not any(_has(options, name) for name in ("min_length", "min_length_ratio", "forced_ids")):
        return
    import numpy as np

    least: dict[str, Any] = {}
    most: dict[str, Any] = {} if limit is None else {"the model's max_target_length": limit}
    for side, name in ((least, "min_length"), (most, "max_length")):
        if _has(options, name):
            side[name] = np.asarray(getattr(options, name))
    if _has(options, "forced_ids"):
        forced = np.asarray(options.forced_ids)  # [P] or [B, P]
        places = np.where(forced >= 0, np.arange(forced.shape[-1]) + 1, 0)
        least["the prefix (forced_ids)"] = places.max(axis=-1)
    real = True
    if source_length is not None:
        length = np.asarray(source_length, "float32")
        real = length > 0  # an empty source has an empty result, whatever is asked for
        if _has(options, "min_length_ratio"):
            ratio = np.asarray(options.min_length_ratio, "float32")
            least["min_length_ratio"] = np.floor(ratio * length)
        if _has(options, "max_length_ratio"):
            ratio = np.asarray(options.max_length_ratio, "float32")
            most["max_length_ratio"] = np.ceil(ratio * (length + 1))
    for lower, low in least.items():
        for upper, high in most.items():
            counts = upper != "max_length_ratio" or real
            if len({np.size(x) for x in (low, high, counts)} - {1}) > 1:
                continue  # of unlike batches, which is told where they meet theirs
            wrong = np.atleast_1d((low > high) & counts)
            if wrong.any():
                row = int(np.argmax(wrong))
                low, high = (np.broadcast_to(x, wrong.shape)[row] for x in (low, high))
                number = row if owner is None else owner[row]
                where = f"source {number + 1}: " if len(wrong) > 1 else ""
                raise ValueError(
                    f"{where}{lower} asks for at least {int(low)} tokens, but {upper} allows "
                    f"{int(high)}."
                )


def _has(options: Any, name: str) -> bool:
    value = getattr(options, name)
    return value is not None and is_known(value)

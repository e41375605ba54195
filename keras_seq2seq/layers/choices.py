"""Check of an option that takes one of a few names."""

from keras_seq2seq.nearest_name import did_you_mean


def check_choice(owner: str, option: str, value: object, choices: tuple) -> None:
    """Raises a `ValueError` naming the nearest valid choice if `value` is none of `choices`."""
    if value in choices:
        return
    hint = did_you_mean(value, map(str, choices), cutoff=0.4)
    raise ValueError(
        f"{owner}: {option}={value!r} is not known; choose one of "
        f"{', '.join(repr(c) for c in choices)}.{hint}"
    )

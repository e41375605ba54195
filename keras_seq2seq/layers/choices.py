"""Check of an option that takes one of a few names."""

import difflib


def check_choice(owner: str, option: str, value: object, choices: tuple) -> None:
    """Raises a `ValueError` naming the nearest valid choice if `value` is none of `choices`."""
    if value in choices:
        return
    near = difflib.get_close_matches(str(value), [str(c) for c in choices], n=1, cutoff=0.4)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(
        f"{owner}: {option}={value!r} is not known; choose one of "
        f"{', '.join(repr(c) for c in choices)}.{hint}"
    )

"""The valid name that a wrong one was meant to be."""

import difflib
from collections.abc import Iterable


def did_you_mean(name: object, names: Iterable[str], cutoff: float = 0.6) -> str:
    """Returns ` Did you mean 'x'?` for the nearest of `names`, or nothing if none is near.

    Args:
        name: what came.
        names: iterable of the valid strings.
        cutoff: float in [0, 1]. How alike they must be, as for `difflib.get_close_matches`.
    """
    near = difflib.get_close_matches(str(name), list(names), n=1, cutoff=cutoff)
    return f" Did you mean {near[0]!r}?" if near else ""

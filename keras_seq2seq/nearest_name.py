"""The valid name that a wrong one was meant to be."""

import difflib
from collections.abc import Iterable


def did_you_mean(name: object, names: Iterable[str], cutoff: float = 0.6) -> str:
    """Returns ` Did you mean 'x'?` for the nearest of `names`, or nothing if none is near.

    The only one that has the name among its words, as `mixed_float16` has `float16`, is nearest.

    Args:
        name: what came.
        names: iterable of the valid strings.
        cutoff: float in [0, 1]. How alike they must be, as for `difflib.get_close_matches`.
    """
    names = list(names)
    near = [valid for valid in names if f"_{name}_" in f"_{valid}_"]
    if len(near) != 1:
        near = difflib.get_close_matches(str(name), names, n=1, cutoff=cutoff)
    return f" Did you mean {near[0]!r}?" if near else ""

"""How the length of a hypothesis bears on its rank."""

from keras import ops

from keras_seq2seq.decoding.search_options import OPTIONS
from keras_seq2seq.tensors import Tensor


def length_divisor(length: Tensor, alpha: Tensor, kind: str) -> Tensor:
    """What the log-probability of a hypothesis is divided by.

    `"wu"`: ((5 + length) / 6) ** alpha; `"average"`: length ** alpha, so that alpha = 1 ranks by
    the mean log-probability of a token. alpha = 0 ranks by the log-probability itself; the larger
    alpha, the longer the hypotheses.

    Args:
        length: int tensor, tokens of the hypothesis, EOS included; at least 1.
        alpha: float tensor that broadcasts with `length`.
        kind: `"wu"` or `"average"`; others raise a ValueError.

    Example:

    >>> float(length_divisor(7, 1.0, "wu")), float(length_divisor(7, 1.0, "average"))
    (2.0, 7.0)

    Reference: [Wu et al., 2016](https://arxiv.org/abs/1609.08144), eq. 14.
    """
    kinds = OPTIONS["length_normalization"].choices
    if kind not in kinds:
        raise ValueError(f"length normalization {kind!r} is not known; choose one of {kinds}.")
    length = ops.cast(length, "float32")
    return ops.power((5.0 + length) / 6.0 if kind == "wu" else length, alpha)

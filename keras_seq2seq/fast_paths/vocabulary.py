"""What losses and searches ask of a row of logits, as long as the vocabulary."""

from keras import ops

from keras_seq2seq.fast_paths.fast_path import fast_path
from keras_seq2seq.tensors import Tensor


@fast_path("tensorflow_crossentropy")
def log_normalizer(logits: Tensor, likeliest: Tensor = None) -> Tensor:
    """log of the sum of exp over the vocabulary: float32 [..., V] -> [...].

    `likeliest`, int32 [...], is the place of the largest logit, if the caller knows it.
    """
    return ops.logsumexp(logits, axis=-1)


@fast_path("tensorflow_top_k")
def top_tokens(values: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The largest of each row, and their ids: [N, V] -> float32 and int32 [N, count].

    They stand in falling order, and equal ones in that of their ids.
    """
    largest, token = ops.top_k(values, count)
    return largest, ops.cast(token, "int32")

"""What a signature is made of."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import tensorflow as tf

from keras_seq2seq.tensors import Tensor

Signature: TypeAlias = tuple[Callable[..., dict[str, Tensor]], list[tf.TensorSpec]]


def specs(shape: Sequence[int | None], kinds: Mapping[str, Any]) -> list[tf.TensorSpec]:
    """Inputs of one shape: a dtype under each name."""
    return [tf.TensorSpec(list(shape), kind, name=name) for name, kind in kinds.items()]

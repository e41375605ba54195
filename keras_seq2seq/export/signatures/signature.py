"""What a signature is made of."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import keras
import tensorflow as tf

from keras_seq2seq.tensors import Tensor

Signature: TypeAlias = tuple[Callable[..., dict[str, Tensor]], list[tf.TensorSpec]]


def specs(shape: Sequence[int | None], kinds: Mapping[str, Any]) -> list[tf.TensorSpec]:
    """Inputs of one shape: a dtype under each name."""
    return [tf.TensorSpec(list(shape), kind, name=name) for name, kind in kinds.items()]


def named_tensors(**nests: Any) -> dict[str, Tensor]:
    """The tensors of nests under the names of these: `state_0`, ..., `memory_0`, ..."""
    return {
        f"{part}_{i}": tensor
        for part, nest in nests.items()
        for i, tensor in enumerate(keras.tree.flatten(nest))
    }

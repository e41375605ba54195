"""A model as the graph of a `.tflite` file needs it: weights as constants, one row, no waste."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
import tensorflow as tf

from keras_seq2seq.export.on_device.recurrence import StackUpTo
from keras_seq2seq.layers.encoder import Encoder
from keras_seq2seq.layers.memory import Memory
from keras_seq2seq.tensors import Tensor


class ForOneSentence:
    """A copy of a model, made ready to be traced into functions without variables.

    Variables that are read inside of a loop fail on the device. Freezing a finished graph would
    do, but not keep embedding lookups as what they are, which are stored once and quantize well.

    Args:
        model: float32 twin whose parts this class changes for good; nobody else may use it.
    """

    def __init__(self, model: Any):
        self._values = [(variable, variable.numpy()) for variable in model.variables]
        for layer in model._flatten_layers():
            if type(layer) is keras.layers.Embedding:
                layer.call = _Lookup(layer)
        for part in [model, *getattr(model, "models", [])]:
            if type(encoder := getattr(part, "encoder", None)) is Encoder:
                part.encoder = _EncoderUpToEos(encoder)

    def trace(
        self, function: Callable[..., Mapping[str, Tensor]], inputs: list[tf.TensorSpec]
    ) -> Any:
        """The concrete function of a signature, in which all weights are constants."""

        def with_constants(*tensors: tf.Tensor) -> Mapping[str, Tensor]:
            constants = [(variable, tf.constant(value)) for variable, value in self._values]
            with keras.StatelessScope(state_mapping=constants):
                return function(*tensors)

        traced = tf.function(with_constants, input_signature=inputs, autograph=False)
        return traced.get_concrete_function()


@tf.function(experimental_implements="embedding_matmul", autograph=False)
def _look_up(table: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
    """The converter knows a function of this name as its operator EMBEDDING_LOOKUP."""
    return tf.gather(table, ids)


class _Lookup:
    """Takes the place of the `call` of a `keras.layers.Embedding`."""

    def __init__(self, layer: keras.layers.Embedding):
        self.layer = layer

    def __call__(self, inputs: Tensor) -> Tensor:
        table = tf.convert_to_tensor(self.layer.embeddings)
        found = _look_up(table, tf.reshape(tf.cast(inputs, tf.int32), [-1]))
        return tf.reshape(found, [*inputs.shape, table.shape[1]])


class _EncoderUpToEos:
    """Takes the place of an `Encoder`: it takes as many steps as its one row [1, S] has tokens."""

    def __init__(self, encoder: Encoder):
        self.encoder = encoder

    def __call__(self, ids: Tensor) -> tuple[Any, Memory]:
        mask = ids != self.encoder.pad_id  # [1, S]
        length = tf.reduce_sum(tf.cast(mask, tf.int32))
        with _replaced(self.encoder, "rnn", StackUpTo(self.encoder.rnn, length)):
            state, memory = self.encoder.call(ids, padded=False, training=False)
        return state, memory._replace(mask=mask)


@contextlib.contextmanager
def _replaced(part: Any, name: str, value: Any) -> Iterator[None]:
    before = getattr(part, name)
    setattr(part, name, value)
    try:
        yield
    finally:
        setattr(part, name, before)

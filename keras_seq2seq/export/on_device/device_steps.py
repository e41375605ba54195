"""The signatures of single steps in a `.tflite` file, for clients that show tokens as they come."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from keras_seq2seq.export.on_device.any_ids import known_ids, up_to_eos
from keras_seq2seq.export.signatures.signature import Signature, named_tensors, specs
from keras_seq2seq.models.decodable import Decodable
from keras_seq2seq.tensors import Tensor
from keras_seq2seq.text.special_tokens import EOS


class DeviceSteps:
    """`encode` and `decode_step` of a model for one sentence.

    `encode` takes ids [1, S] and gives `finished`, int32 [1], 1 where the source is empty, and of
    state and memory what a step reads and what depends on the source: the rest, such as the norms
    of all tokens, stays in the graph of the step.

    Args:
        model: over ids.
        source_length: S.
        trace: makes a concrete function of a signature.
    """

    def __init__(
        self,
        model: Decodable,
        source_length: int,
        trace: Callable[..., Any],
    ):
        self.model = model
        self.source_length = source_length
        self.names: list[str] | None = None  # that travel; all of them until it is known
        encode = trace(*self.encode())
        self._given = encode.structured_outputs
        depend = _depending_on_inputs(encode)
        self.names = [n for n in sorted(self._given) if n in depend or n.startswith("state_")]
        self.names.remove("finished")
        _, *are_read = _is_read(trace(*self.decode_step()))
        pairs = zip(self.names, are_read, strict=True)
        self.names = [name for name, is_read in pairs if is_read or name.startswith("state_")]

    def encode(self) -> Signature:
        """ids [1, S] -> finished [1], state_0, ..., memory_0, ..."""

        def encode(ids: Tensor) -> dict[str, Tensor]:
            source = up_to_eos(ids, self.model.source_vocabulary_size, room_for_eos=1)
            state, memory = self.model.encode(source)
            found = _over_border(named_tensors(state=state, memory=memory))
            chosen = found if self.names is None else {name: found[name] for name in self.names}
            return {"finished": tf.cast(source[:, 0] == EOS, tf.int32), **chosen}

        return encode, specs([1, self.source_length], {"ids": tf.int32})

    def decode_step(self) -> Signature:
        """ids [1], state_i, memory_i -> next_ids, score [1], log_probs [1, V], state_i, ..."""
        names = self.names or []

        def decode_step(ids: Tensor, *tensors: Tensor) -> dict[str, Tensor]:
            # Of an empty source: what depends on none is the same for all.
            empty = tf.constant([[EOS, *[0] * (self.source_length - 1)]])
            structure = self.model.encode(empty)
            parts = named_tensors(state=structure[0], memory=structure[1])
            for name, value in zip(names, tensors, strict=True):
                kind = parts[name].dtype
                parts[name] = value > 0.5 if kind == tf.bool else tf.cast(value, kind)
            state, memory = keras.tree.pack_sequence_as(structure, list(parts.values()))
            ids = known_ids(ids, self.model.target_vocabulary_size)
            logits, state, attention = self.model.decode_step(ids, state, memory)
            log_probs = tf.nn.log_softmax(logits)  # [1, V]
            score, chosen = tf.math.top_k(log_probs, 1)
            found = {"next_ids": chosen[:, 0], "score": score[:, 0], "log_probs": log_probs}
            if self.model.attention is not None:
                found["attention"] = attention
            return found | _over_border(named_tensors(state=state))

        given = [
            tf.TensorSpec(self._given[name].shape, self._given[name].dtype, name=name)
            for name in names
        ]
        return decode_step, [*specs([1], {"ids": tf.int32}), *given]


def _over_border(tensors: dict[str, Any]) -> dict[str, Tensor]:
    kinds: dict[Any, Any] = {tf.bool: tf.float32}  # what no border lets through, as what
    return {name: tf.cast(t, kinds.get(t.dtype, t.dtype)) for name, t in tensors.items()}


def _depending_on_inputs(function: Any) -> list[str]:
    """The names of those outputs of a concrete function that its inputs bear on."""
    reached = {tensor.op for tensor in function.inputs}
    for operation in function.graph.get_operations():  # in the order in which they were made
        if any(tensor.op in reached for tensor in operation.inputs):
            reached.add(operation)
    names = sorted(function.structured_outputs)  # the order of the outputs
    return [n for n, t in zip(names, function.outputs, strict=True) if t.op in reached]


def _is_read(function: Any) -> list[bool]:
    """For each input of a concrete function, whether it bears on any output."""
    needed = {tensor.op for tensor in function.outputs}
    for operation in reversed(function.graph.get_operations()):
        if operation in needed:
            needed.update(tensor.op for tensor in operation.inputs)
    return [tensor.op in needed for tensor in function.inputs]

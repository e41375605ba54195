"""Recurrent layers over one sentence, in as few operators a step as a phone can be given.

An interpreter of `.tflite` files spends more time between small operators than in them. So inputs
are projected for all steps at once, and both directions go through one loop.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import tensorflow as tf
from keras import ops

from keras_seq2seq.layers.cells.gru import GRU
from keras_seq2seq.layers.cells.lstm import LSTM
from keras_seq2seq.layers.cells.ssru import SSRU
from keras_seq2seq.layers.cells.step_layer import State, StepLayer
from keras_seq2seq.layers.recurrent_stack import RecurrentStack
from keras_seq2seq.tensors import Tensor


class StackUpTo:
    """Takes the place of an encoder's `RecurrentStack` while the graph of a `.tflite` file is made.

    It reads the first `length` steps of its one row [1, S, E] and gives outputs [1, S, H or 2H]
    of which those behind `length` say nothing. Every shape outside of the loops is fixed: with a
    memory as long as the sentence, LiteRT 2.3.0 with XNNPACK read memory that nothing had written
    whenever a sentence was longer than the one before.

    Args:
        stack: `RecurrentStack`, built.
        length: int32 tensor [], L.
    """

    def __init__(self, stack: RecurrentStack, length: tf.Tensor):
        self.stack = stack
        self.length = length

    def __call__(self, inputs: Tensor, **_: Any) -> tuple[Tensor, list[State]]:
        stack, outputs, states = self.stack, inputs, []
        for index, forward in enumerate(stack.forward_layers):
            layers = [forward, *stack.backward_layers[index : index + 1]]
            below = outputs
            run = _run if type(forward) in _CELLS else _run_as_it_is
            outputs, state = run(layers, outputs, self.length)
            if stack.spec.residual and below.shape[-1] == stack.output_dim:
                outputs = outputs + below
            if stack.spec.layer_norm:
                outputs = stack.norm_layers[index](outputs)
            states.append(state)
        return outputs, states


def _run(layers: Sequence[StepLayer], inputs: Tensor, length: tf.Tensor) -> tuple[Tensor, State]:
    """One or both directions in one loop: inputs [1, S, E] -> outputs [1, S, D H], final state."""
    cell, steps, count = _CELLS[type(layers[0])], inputs.shape[1], len(layers)
    gates = [cell.project(layer, inputs[0, :length]) for layer in layers]  # [L, G]
    if count == 2:
        gates[1] = tf.reverse(gates[1], axis=[0])
    gates = tf.stack(gates, axis=1)  # [L, D, G]
    places = tf.range(steps)  # [S]

    def body(step: tf.Tensor, outputs: tf.Tensor, *state: tf.Tensor) -> Any:
        output, *after = cell.advance(layers, gates[step], *state)
        row = tf.reshape(output, [1, -1])  # [1, D H]
        return step + 1, tf.where(places[:, None] == step, row, outputs), *after

    # Zeros that depend on the input, or the file would hold them.
    zeros = tf.fill([count, layers[0].units], tf.cast(length, tf.float32) * 0)  # [D, H]
    outputs = tf.fill([steps, count * layers[0].units], zeros[0, 0])  # [S, D H]
    start = (tf.constant(0), outputs, *[zeros] * cell.states)
    _, outputs, *state = tf.while_loop(lambda step, *_: step < length, body, start)
    if count == 2:
        forward, backward = tf.split(outputs, 2, axis=1)
        order = tf.where(places < length, length - 1 - places, places)
        outputs = tf.concat([forward, tf.gather(backward, order)], axis=1)
    return outputs[None], [value[d : d + 1] for d in range(count) for value in state]


def _run_as_it_is(
    layers: Sequence[StepLayer], inputs: Tensor, length: tf.Tensor
) -> tuple[Tensor, State]:
    """As `_run`, for cells that are known by their `sequence` alone."""
    results = [layer.sequence(inputs[:, :length]) for layer in layers]
    outputs = [output for output, _ in results]  # [1, L, H]
    if len(layers) == 2:
        outputs[1] = tf.reverse(outputs[1], axis=[1])
    # The last step again and again: what is masked may be anything but of another shape.
    places = tf.minimum(tf.range(inputs.shape[1]), length - 1)
    outputs = tf.gather(tf.concat(outputs, axis=-1), places, axis=1)
    return outputs, [value for _, state in results for value in state]


# === Cells: `project` is what needs no step before, `advance` the rest ===


class _Cell(NamedTuple):
    project: Any  # layer, inputs [L, E] -> gates [L, G]
    advance: Any  # D layers, gates [D, G], state [D, H] ... -> output [D, H], new state [D, H] ...
    states: int


def _recurrent(layers: Sequence[Any], h: Tensor) -> Tensor:
    """The products of the states with each direction's own kernel: [D, H] -> [D, G]."""
    rows = tf.split(h, len(layers))
    products = zip(rows, layers, strict=True)
    return tf.concat([ops.matmul(row, x.cell.recurrent_kernel) for row, x in products], axis=0)


def _project_lstm(layer: Any, inputs: Tensor) -> Tensor:
    return ops.matmul(inputs, layer.cell.kernel) + layer.cell.bias


def _advance_lstm(layers: Sequence[Any], gates: Tensor, h: Tensor, c: Tensor) -> Any:
    i, f, new, o = tf.split(gates + _recurrent(layers, h), 4, axis=1)
    c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(new)
    h = tf.sigmoid(o) * tf.tanh(c)
    return h, h, c


def _project_gru(layer: Any, inputs: Tensor) -> Tensor:
    return ops.matmul(inputs, layer.cell.kernel) + layer.cell.bias[0]


def _advance_gru(layers: Sequence[Any], gates: Tensor, h: Tensor) -> Any:
    biases = [tf.convert_to_tensor(layer.cell.bias)[1] for layer in layers]
    z, r, new = tf.split(gates, 3, axis=1)
    of_z, of_r, of_new = tf.split(_recurrent(layers, h) + tf.stack(biases), 3, axis=1)
    z = tf.sigmoid(z + of_z)
    new = tf.tanh(new + tf.sigmoid(r + of_r) * of_new)
    h = new + z * (h - new)
    return h, h


def _project_ssru(layer: Any, inputs: Tensor) -> Tensor:
    return tf.concat(layer._gates(inputs), axis=1)  # [L, 2H]


def _advance_ssru(layers: Sequence[Any], gates: Tensor, c: Tensor) -> Any:
    forget, new = tf.split(gates, 2, axis=1)
    c = forget * c + new
    return tf.nn.relu(c), c


_CELLS = {
    LSTM: _Cell(_project_lstm, _advance_lstm, 2),
    GRU: _Cell(_project_gru, _advance_gru, 1),
    SSRU: _Cell(_project_ssru, _advance_ssru, 1),
}

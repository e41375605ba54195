"""Every fast path computes what its reference does: values and gradients, in a graph too."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_seq2seq.fast_paths import tensorflow_crossentropy
from keras_seq2seq.fast_paths.fast_path import FAST_PATHS, FastPath
from keras_seq2seq.layers import CELLS
from keras_seq2seq.objective import recoverable_optimizer, sequence_crossentropy

RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.normal(0, 3, (4, 5, 11)).astype("float32")
TARGETS = RANDOM.integers(0, 11, (4, 5)).astype("int32")
STEPS = RANDOM.normal(size=(3, 4, 5)).astype("float32")
STATE = [RANDOM.normal(size=(3, 7)).astype("float32") for _ in range(2)]
MANY = RANDOM.normal(0, 3, (6, 1283)).astype("float32")
MASK = np.arange(4) < np.array([[4], [1], [3]])


def lstm_arguments():
    """Layers that read either way, inputs, and a state or a mask."""
    for backwards in (False, True):
        layer = CELLS["lstm"](7, go_backwards=backwards)
        layer.build((None, None, 5))
        yield layer, STEPS, None, None
        yield layer, STEPS, STATE, None
        yield layer, STEPS, None, MASK


# What each is tried with; the gradient is taken of the tensors of floats.
ARGUMENTS = {
    "gated_scan": [(1 / (1 + np.exp(-STEPS)), 2 * STEPS, STEPS[0])],
    "lstm_sequence": list(lstm_arguments()),
    "divergence_of_halves": [(LOGITS,), (100 * LOGITS,)],
    "mean_of_all_devices": [(np.array(2.5, "float32"), MASK)],
    "squared_norm": [(STEPS,)],
    "summed_by_token": [(STEPS,)],
    "log_normalizer": [
        *((scale * LOGITS,) for scale in (1, 100)),  # at 100 a softmax underflows
        (LOGITS, LOGITS.argmax(-1)),
        (LOGITS[0], LOGITS[0].argmax(-1)),
    ],
    "top_tokens": [(MANY, 1), (MANY, 5), (MANY[:, :1280], 8), (np.round(MANY), 8)],
    "smoothed_negative_log_likelihood": [
        (TARGETS, scale * LOGITS, smoothing) for scale in (1, 100) for smoothing in (0.0, 0.1)
    ],
}


WIDTHS_ARE_KNOWN = {"lstm_sequence", "top_tokens"}  # in a graph; all other sizes are not


def with_gradients(function, arguments, tensors):
    """Results and gradients with tensors in the place of the arrays among the arguments."""
    floats = [tensor for tensor in tensors if tensor.dtype.is_floating]
    rest = iter(tensors)
    arguments = tf.nest.map_structure(lambda a: next(rest) if is_array(a) else a, arguments)
    with tf.GradientTape() as tape:
        tape.watch(floats)
        results = tf.nest.flatten(function(*arguments))
        # All of them count, each number with a weight of its own.
        total = sum(
            tf.reduce_sum(tf.sin(tf.range(tf.size(r), dtype="float32")) * tf.reshape(r, [-1]))
            for r in results
            if r.dtype.is_floating
        )
    return [*results, *tape.gradient(total, floats)]


def is_array(argument):
    return isinstance(argument, np.ndarray)


def test_all_of_them_are_tried():
    assert all(CELLS[name] for name in CELLS) and recoverable_optimizer  # what has fast paths
    assert {path.reference.__name__ for path in FAST_PATHS} == set(ARGUMENTS)


@pytest.mark.parametrize("in_graph", [False, True])
@pytest.mark.parametrize(
    ("name", "arguments"),
    [(name, arguments) for name, cases in ARGUMENTS.items() for arguments in cases],
)
def test_values_and_gradients_are_those_of_the_reference(name, arguments, in_graph):
    assert all(CELLS[name] for name in CELLS)
    (path,) = [path for path in FAST_PATHS if path.reference.__name__ == name]
    tensors = [tf.constant(a) for a in tf.nest.flatten(arguments) if is_array(a)]
    expected = with_gradients(path.reference, arguments, tensors)

    def run(*tensors):
        return with_gradients(path.fast, arguments, tensors)

    if in_graph:  # of any size
        width = [-1] if name in WIDTHS_ARE_KNOWN else []
        shapes = [
            [None] * (len(t.shape) - len(width)) + [t.shape[i] for i in width] for t in tensors
        ]
        specs = [tf.TensorSpec(s, t.dtype) for s, t in zip(shapes, tensors, strict=True)]
        run = tf.function(run, specs, autograph=False)
    for ours, theirs in zip(run(*tensors), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_the_fast_one_is_taken_where_it_applies(monkeypatch):
    calls = []
    path = sequence_crossentropy.log_normalizer
    fast = path.fast
    monkeypatch.setattr(
        tensorflow_crossentropy, "log_normalizer", lambda z: calls.append("fast") or fast(z)
    )
    path(LOGITS)
    assert calls == ["fast"] and path.__doc__ == path.reference.__doc__
    monkeypatch.setattr(tensorflow_crossentropy, "applies", lambda z: len(z) > 4, raising=False)
    np.testing.assert_array_equal(path(LOGITS), path.reference(LOGITS))
    assert calls == ["fast"]
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    path(np.concatenate([LOGITS, LOGITS]))
    assert calls == ["fast"] and isinstance(path, FastPath)

"""Every fast path computes what its reference does: values and gradients, in a graph too."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_seq2seq.fast_paths import tensorflow_crossentropy
from keras_seq2seq.fast_paths.fast_path import FAST_PATHS, FastPath
from keras_seq2seq.objective import sequence_crossentropy

RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.normal(0, 3, (4, 5, 11)).astype("float32")
TARGETS = RANDOM.integers(0, 11, (4, 5)).astype("int32")

# What each is tried with; the gradient is taken of the tensors of floats.
ARGUMENTS = {
    "divergence_of_halves": [(LOGITS,), (100 * LOGITS,)],
    "log_normalizer": [(LOGITS,), (100 * LOGITS,)],  # at 100 a softmax underflows
    "smoothed_negative_log_likelihood": [
        (TARGETS, scale * LOGITS, smoothing) for scale in (1, 100) for smoothing in (0.0, 0.1)
    ],
}


def with_gradients(function, tensors, others):
    floats = [tensor for tensor in tensors if tensor.dtype.is_floating]
    with tf.GradientTape() as tape:
        tape.watch(floats)
        results = tf.nest.flatten(function(*tensors, *others))
        # All of them count, each number with a weight of its own.
        total = sum(
            tf.reduce_sum(tf.sin(tf.range(tf.size(r), dtype="float32")) * tf.reshape(r, [-1]))
            for r in results
        )
    return [*results, *tape.gradient(total, floats)]


def test_all_of_them_are_tried():
    assert {path.reference.__name__ for path in FAST_PATHS} == set(ARGUMENTS)


@pytest.mark.parametrize("in_graph", [False, True])
@pytest.mark.parametrize(
    ("name", "arguments"),
    [(name, arguments) for name, cases in ARGUMENTS.items() for arguments in cases],
)
def test_values_and_gradients_are_those_of_the_reference(name, arguments, in_graph):
    (path,) = [path for path in FAST_PATHS if path.reference.__name__ == name]
    tensors = [tf.constant(a) for a in arguments if isinstance(a, np.ndarray)]
    others = arguments[len(tensors) :]
    expected = with_gradients(path.reference, tensors, others)

    def run(*tensors):
        return with_gradients(path.fast, tensors, others)

    if in_graph:  # of any size
        specs = [tf.TensorSpec([None] * len(t.shape), t.dtype) for t in tensors]
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

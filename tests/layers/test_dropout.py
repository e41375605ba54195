"""Every kind of dropout acts in training, there alone, and where it says."""

import keras
import numpy as np
import pytest
from contracts import random_ids

from keras_seq2seq import Attention, Decoder, Encoder, RecurrentStack
from keras_seq2seq.layers.dropout import make_dropout
from keras_seq2seq.layers.memory import Memory
from keras_seq2seq.layers.options.side_spec import SideSpec

RATES = [
    (Encoder, "embedding_dropout"),
    (Encoder, "layer_dropout"),
    (Encoder, "memory_dropout"),
    (Encoder, "token_dropout"),
    (Encoder, "recurrent_dropout"),
    (Decoder, "embedding_dropout"),
    (Decoder, "layer_dropout"),
    (Decoder, "hidden_dropout"),
    (Decoder, "token_dropout"),
    (Decoder, "attention_dropout"),
    (Decoder, "projection_dropout"),
    (Decoder, "recurrent_dropout"),
]


def _outputs(layer, training):
    ids = random_ids(4, 6, 30)
    if isinstance(layer, Encoder):
        return np.asarray(layer(ids, training=training)[1].values)
    random = np.random.default_rng(1)
    state = [[random.normal(size=(4, 8)).astype("float32")] * 2] * 2
    memory = Memory((), (), random.normal(size=(4, 5, 8)).astype("float32"), ())
    return np.asarray(layer(ids, state, memory, training=training)[0])


def _make(kind, **options):
    own = {"lexical_model": False} if kind is Decoder else {"bidirectional": False}
    defaults = {"units": 8, "embedding_dim": 6, "num_layers": 2, "dropout": 0.0}
    return kind(30, **{**own, **defaults, **options})


@pytest.mark.parametrize(("kind", "option"), RATES)
def test_each_acts_in_training_only_and_alone(kind, option):
    layer = _make(kind, **{option: 0.5})
    np.testing.assert_array_equal(_outputs(layer, False), _outputs(layer, False))
    assert not np.allclose(_outputs(layer, True), _outputs(layer, True))
    if option in ("embedding_dropout", "layer_dropout", "memory_dropout", "hidden_dropout"):
        # The one knob for all gives way to the finer one.
        others = {o: 0.0 for k, o in RATES[:3] + RATES[5:8] if k is kind}
        off = _make(kind, dropout=0.5, **others)
        # Training sums in another order: equal but for the last digits.
        np.testing.assert_allclose(_outputs(off, True), _outputs(off, False), rtol=1e-5, atol=1e-6)
        on = _make(kind, **{"dropout": 0.5, **others, option: None})
        assert not np.allclose(_outputs(on, True), _outputs(on, False))


def test_one_mask_for_all_steps_or_for_whole_tokens():
    ones = np.ones((3, 5, 40), "float32")
    each = np.asarray(make_dropout(0.5)(ones, training=True))
    locked = np.asarray(make_dropout(0.5, variational=True)(ones, training=True))
    tokens = np.asarray(make_dropout(0.5, whole_tokens=True)(ones, training=True))
    assert (locked == locked[:, :1]).all() and not (each == each[:, :1]).all()
    assert (tokens == tokens[..., :1]).all() and not (each == each[..., :1]).all()
    for mask in (each, locked, tokens):
        assert set(np.unique(mask)) == {0.0, 2.0}
    assert not (locked[0] == locked[1]).all()


def test_variational_dropout_reaches_every_layer():
    for layer in (_make(Encoder, variational_dropout=True, dropout=0.1),):
        for dropout in (layer.dropout_layer, layer.memory_dropout_layer, layer.rnn.dropout_layer):
            assert dropout.noise_shape == (None, 1, None)
    decoder = _make(Decoder, variational_dropout=True, dropout=0.1)
    for dropout in (decoder.dropout_layer, decoder.hidden_dropout_layer, decoder.rnn.dropout_layer):
        assert dropout.noise_shape == (None, 1, None)


def test_a_finer_rate_of_zero_is_a_rate():
    assert SideSpec(dropout=0.3, layer_dropout=0.0).rate_at("layer") == 0.0
    assert SideSpec(dropout=0.3, layer_dropout=None).rate_at("layer") == 0.3
    assert SideSpec(dropout=0.3, layer_dropout=-1).rate_at("layer") == 0.3


def test_dropped_attention_still_reports_whole_weights():
    random = np.random.default_rng(0)
    query, memory = (random.normal(size=(2, n, 6)).astype("float32") for n in (3, 5))
    attention = Attention("dot", dropout=0.5)
    context, weights = attention(query, memory, training=True)
    plain_context, plain = attention(query, memory)
    np.testing.assert_array_equal(weights, plain)
    assert not np.allclose(context, plain_context)


def test_masks_made_outside_of_a_loop_are_those_of_one_variational_pass():
    """Step by step with given masks = all steps at once with the same masks."""
    stack = RecurrentStack(units=6, num_layers=3, dropout=0.5, variational_dropout=True)
    inputs = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")
    state = [[keras.ops.zeros((2, 6))] * 2] * 3
    masks = stack.dropout_masks(keras.ops.array(inputs))
    assert [tuple(m.shape) for m in masks] == [(2, 1, 6)] * 2
    assert not np.array_equal(masks[0], masks[1])
    together, _ = stack(inputs, state, masks=masks)
    for step in range(4):
        one, state = stack(inputs[:, step : step + 1], state, masks=masks)
        np.testing.assert_allclose(one[:, 0], together[:, step], atol=1e-6)
    assert stack.dropout_masks(keras.ops.array(inputs)) is not None
    assert RecurrentStack(units=6, dropout=0.5).dropout_masks(keras.ops.array(inputs)) is None

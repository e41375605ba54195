import keras
import numpy as np
import pytest
from contracts import check_config_is_complete

from keras_seq2seq import Attention


@pytest.fixture
def query_and_memory():
    random = np.random.default_rng(0)
    return (
        random.normal(size=(2, 3, 6)).astype("float32"),
        random.normal(size=(2, 5, 6)).astype("float32"),
    )


SCORES = ["dot", "scaled_dot", "general", "additive"]


def _scores(attention, query, memory):
    """The formulas, one head: query [B, T, H], memory [B, S, M] -> [B, T, S]."""
    if attention.score == "additive":
        keys = memory @ np.asarray(attention.kernel).T
        queries = query @ np.asarray(attention.query_kernel)
        mixed = np.tanh(queries[:, :, None] + keys[:, None])  # [B, T, S, H]
        return mixed @ np.asarray(attention.vector)[:, 0]
    kernel = np.asarray(attention.kernel) if attention.score == "general" else np.eye(6)
    scale = 6**-0.5 if attention.score == "scaled_dot" else 1.0
    return scale * np.einsum("bth,hm,bsm->bts", query, kernel, memory)


def _softmax(scores):
    return np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)


@pytest.mark.parametrize("score", SCORES)
def test_equals_the_formula(score, query_and_memory):
    query, memory = query_and_memory
    attention = Attention(score)
    context, weights = attention(query, memory)
    expected = _softmax(_scores(attention, query, memory))
    np.testing.assert_allclose(weights, expected, atol=1e-5)
    np.testing.assert_allclose(context, expected @ memory, atol=1e-5)


@pytest.mark.parametrize("score", SCORES)
def test_each_head_is_an_attention_of_its_own(score, query_and_memory):
    """Three heads over widths of six: parts of two, put beside each other again."""
    query, memory = query_and_memory
    attention = Attention(score, num_heads=3)
    context, weights = attention(query, memory)
    keys = np.asarray(attention.keys(keras.ops.array(memory)))
    if score == "additive":
        queries = query @ np.asarray(attention.query_kernel)
    expected = []
    for head in range(3):
        part = slice(2 * head, 2 * head + 2)
        if score == "additive":
            mixed = np.tanh(queries[:, :, None, part] + keys[:, None, :, part])
            scores = mixed @ np.asarray(attention.vector)[part, 0]
        else:
            scores = query[..., part] @ keys[:, part]
            scores = scores * (2**-0.5 if score == "scaled_dot" else 1.0)
        expected.append(_softmax(scores))
        np.testing.assert_allclose(context[..., part], expected[-1] @ memory[..., part], atol=1e-5)
    np.testing.assert_allclose(weights, np.mean(expected, axis=0), atol=1e-5)


@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize("score", SCORES)
def test_masked_positions_get_exactly_nothing(score, heads, query_and_memory):
    query, memory = query_and_memory
    attention = Attention(score, num_heads=heads)
    mask = keras.ops.array([[True] * 3 + [False] * 2] * 2)
    context, weights = attention(query, memory, mask)
    short_context, short_weights = attention(query, memory[:, :3])
    np.testing.assert_allclose(context, short_context, atol=1e-6)
    np.testing.assert_allclose(weights[..., :3], short_weights, atol=1e-6)
    assert np.all(np.asarray(weights)[..., 3:] == 0)


@pytest.mark.parametrize("score", SCORES)
def test_keys_made_beforehand_change_nothing(score, query_and_memory):
    query, memory = query_and_memory
    attention = Attention(score)
    for ours, with_keys in zip(
        attention(query, memory), attention(query, memory, keys=attention.keys(memory)), strict=True
    ):
        np.testing.assert_array_equal(ours, with_keys)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("heads", [1, 2])
def test_mask_and_softmax_are_float32_under_mixed_precision(score, heads, policy, query_and_memory):
    query, memory = query_and_memory
    mask = keras.ops.array([[True] * 3 + [False] * 2] * 2)
    attention = Attention(score, heads, dtype=policy)
    context, weights = attention(query, memory, mask)
    assert keras.backend.standardize_dtype(weights.dtype) == "float32"
    assert keras.backend.standardize_dtype(context.dtype) == policy.removeprefix("mixed_")
    np.testing.assert_allclose(np.asarray(weights).sum(-1), 1, atol=1e-6)
    assert np.all(np.asarray(weights)[..., 3:] == 0)
    keys = attention.keys(keras.ops.cast(memory, policy.removeprefix("mixed_")))
    assert keras.backend.standardize_dtype(keys.dtype) == policy.removeprefix("mixed_")


def test_heads_must_divide_the_widths(query_and_memory):
    with pytest.raises(ValueError, match="num_heads=4 must divide the decoder's 6 units"):
        Attention("general", num_heads=4)(*query_and_memory)


def test_config():
    check_config_is_complete(Attention("additive", num_heads=2, dropout=0.1))

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


@pytest.mark.parametrize("score", ["dot", "general"])
def test_equals_the_formula(score, query_and_memory):
    query, memory = query_and_memory
    attention = Attention(score)
    context, weights = attention(query, memory)
    kernel = np.eye(6) if score == "dot" else np.asarray(attention.kernel)
    scores = np.einsum("bth,hm,bsm->bts", query, kernel, memory)
    expected = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    np.testing.assert_allclose(weights, expected, atol=1e-5)
    np.testing.assert_allclose(context, expected @ memory, atol=1e-5)


@pytest.mark.parametrize("score", ["dot", "general"])
def test_masked_positions_get_exactly_nothing(score, query_and_memory):
    query, memory = query_and_memory
    attention = Attention(score)
    mask = keras.ops.array([[True] * 3 + [False] * 2] * 2)
    context, weights = attention(query, memory, mask)
    short_context, short_weights = attention(query, memory[:, :3])
    np.testing.assert_allclose(context, short_context, atol=1e-6)
    np.testing.assert_allclose(weights[..., :3], short_weights, atol=1e-6)
    assert np.all(np.asarray(weights)[..., 3:] == 0)


@pytest.mark.parametrize("score", ["dot", "general"])
def test_keys_made_beforehand_change_nothing(score, query_and_memory):
    query, memory = query_and_memory
    attention = Attention(score)
    for ours, with_keys in zip(
        attention(query, memory), attention(query, memory, keys=attention.keys(memory)), strict=True
    ):
        np.testing.assert_array_equal(ours, with_keys)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mask_and_softmax_are_float32_under_mixed_precision(policy, query_and_memory):
    query, memory = query_and_memory
    mask = keras.ops.array([[True] * 3 + [False] * 2] * 2)
    context, weights = Attention("general", dtype=policy)(query, memory, mask)
    assert keras.backend.standardize_dtype(weights.dtype) == "float32"
    assert keras.backend.standardize_dtype(context.dtype) == policy.removeprefix("mixed_")
    np.testing.assert_allclose(np.asarray(weights).sum(-1), 1, atol=1e-6)


def test_config():
    check_config_is_complete(Attention("dot"))

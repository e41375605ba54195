import keras
import numpy as np
import pytest
from contracts import check_config_is_complete

from keras_seq2seq import Generator
from keras_seq2seq.layers.memory import Memory
from keras_seq2seq.specs.config_error import ConfigError

MEMORY = Memory((), (), (), ())  # the generator adds to it


def test_is_softmax_of_hidden_times_w():
    """Seed eq. 9."""
    hidden = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
    generator = Generator(7, fixed_norm=None)
    probabilities = np.asarray(generator(hidden))
    scores = hidden @ np.asarray(generator.kernel)
    expected = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    np.testing.assert_allclose(probabilities, expected, atol=1e-6)
    np.testing.assert_allclose(generator(hidden, logits=True), scores, atol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float32"])
@pytest.mark.parametrize("tied", [False, True])
def test_probabilities_are_float32_under_any_policy(policy, tied):
    embedding = keras.layers.Embedding(7, 4) if tied else None
    if tied:
        embedding.build((None,))
    generator = Generator(7, fixed_norm=None, embedding=embedding, dtype=policy)
    probabilities = generator(np.ones((2, 3, 4), "float32"))
    assert keras.backend.standardize_dtype(probabilities.dtype) == "float32"
    np.testing.assert_allclose(np.asarray(probabilities).sum(-1), 1, atol=1e-5)


def test_tied_generator_has_no_weight_of_its_own():
    embedding = keras.layers.Embedding(7, 4)
    embedding.build((None,))
    hidden = np.ones((1, 1, 4), "float32")
    generator = Generator(7, fixed_norm=None, embedding=embedding)
    expected = hidden @ np.asarray(embedding.embeddings).T
    np.testing.assert_allclose(generator(hidden, logits=True), expected, atol=1e-6)
    assert len(generator.weights) == len(embedding.weights)


def test_tied_embedding_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"\[7, 4\].*\[8, 4\]"):
        Generator(8, embedding=keras.layers.Embedding(7, 4))(np.ones((1, 1, 4), "float32"))


@pytest.mark.parametrize("tied", [False, True])
def test_fixed_norm_is_what_the_paper_says(tied):
    """r^2 times the cosine, plus a bias: section 4 of Nguyen and Chiang."""
    random = np.random.default_rng(0)
    embedding = keras.layers.Embedding(7, 4) if tied else None
    if tied:
        embedding.build((None,))
    generator = Generator(7, embedding=embedding, fixed_norm=3.0)
    hidden = random.normal(size=(2, 3, 4)).astype("float32")
    generator(hidden)
    generator.set_weights([random.normal(size=w.shape) for w in generator.weights])
    vectors = np.asarray(generator.embedding.embeddings if tied else generator.kernel)
    vectors = vectors if tied else vectors.T  # [V, H]
    cosines = np.einsum("bth,vh->btv", hidden, vectors)
    cosines /= np.linalg.norm(hidden, axis=-1)[..., np.newaxis] * np.linalg.norm(vectors, axis=-1)
    expected = 9 * cosines + np.asarray(generator.bias)
    np.testing.assert_allclose(generator(hidden, logits=True), expected, atol=1e-4)
    prepared = generator.prepare(MEMORY)
    assert prepared.token_norms.shape == ((7, 1) if tied else (1, 7))
    found = generator(hidden, memory=prepared, logits=True)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_step_of_a_search_is_no_rougher_than_training():
    hidden = np.random.default_rng(0).normal(size=(2, 3, 40)).astype("float32")
    generator = Generator(70, fixed_norm=5.0, dtype="mixed_bfloat16")
    logits = generator(hidden, logits=True)
    scaled = generator(hidden, memory=generator.prepare(MEMORY), logits=True)
    np.testing.assert_allclose(scaled, logits, atol=0.05)


def test_a_negative_norm_is_refused_and_one_of_0_means_free_norms():
    with pytest.raises(ConfigError, match="generator.fixed_norm is -1.0, but must be at least 0"):
        Generator(7, fixed_norm=-1.0)
    assert Generator(7, fixed_norm=0).spec == Generator(7, fixed_norm=None).spec
    assert Generator(7, fixed_norm=0).spec.fixed_norm is None


def test_prepared_or_not_and_where_it_looked_change_nothing_without_a_norm():
    generator = Generator(7, fixed_norm=None)
    hidden, weights = np.ones((2, 3, 4), "float32"), np.ones((2, 3, 5), "float32") / 5
    assert generator.prepare(MEMORY) == MEMORY
    np.testing.assert_array_equal(generator(hidden, weights, MEMORY), generator(hidden))


def test_config():
    check_config_is_complete(Generator(7))
    check_config_is_complete(Generator(7, fixed_norm=None))
    check_config_is_complete(Generator(7, fixed_norm=2.5))
    check_config_is_complete(Generator(7, embedding=keras.layers.Embedding(7, 4)))

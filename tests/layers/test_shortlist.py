import keras
import numpy as np
import pytest
from contracts import sources

from keras_seq2seq import Seq2Seq
from keras_seq2seq.decoding import SearchOptions
from keras_seq2seq.layers import Shortlist

SIZES = (40, 50)
KINDS = {
    "own kernel": {"tie_embeddings": False, "lexical_model": False, "fixed_norm": None},
    "own kernel, fixed norm": {"tie_embeddings": False, "lexical_model": False},
    "tied": {"fixed_norm": None},
    "tied, fixed norm": {},
    "ssru": {"cell": "ssru", "num_layers": 2},
}


def made(kind, candidates=5, always=10, size=24):
    model = Seq2Seq.from_options(*SIZES, units=8, embedding_dim=6, dropout=0.0, **KINDS[kind])
    random = np.random.default_rng(3)
    model.set_weights(
        [random.normal(0, 1.0, w.shape).astype("float32") for w in model.get_weights()]
    )
    return model.with_shortlist(random.integers(10, 50, (40, candidates)), np.arange(always), size)


def own_list(model, row):
    """The list of one source, told in plain Python."""
    shortlist = model.shortlist
    table, tokens = shortlist.get_weights()
    real = [i for i in row if i != 0]
    share = min(shortlist.candidates, (shortlist.size - shortlist.always) // len(real))
    return {*tokens.tolist(), *(int(t) for i in real for t in table[i, :share])}


def test_lists_are_those_of_each_source_alone():
    model, ids = made("tied"), sources()
    listed, allowed = map(np.asarray, model.shortlist(ids))
    for row, mask in zip(ids, allowed, strict=True):
        assert set(listed[mask].tolist()) == own_list(model, row)
        assert len(own_list(model, row)) <= model.shortlist.size
    assert listed[:4].tolist() == [0, 1, 2, 3]
    assert (np.diff(listed) > 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_greedy_search_is_that_of_all_tokens_with_the_others_forbidden(kind):
    model, ids = made(kind), sources()
    allowed = np.zeros((len(ids), SIZES[1]), bool)
    for mask, row in zip(allowed, ids, strict=True):
        mask[list(own_list(model, row))] = True
    few = model.generate(ids, 9, SearchOptions(shortlist=True))
    all_of_them = model.generate(ids, 9, SearchOptions(allowed=allowed))
    np.testing.assert_array_equal(few.ids, all_of_them.ids)
    assert len(np.unique(few.ids)) > 5


def test_probabilities_are_shared_among_the_list():
    model, ids = made("tied, fixed norm"), sources()
    few = model.generate(ids, 9, SearchOptions(beam_size=4, shortlist=True))
    for place, row in enumerate(ids):
        twin, bias = model.copy(), np.full(SIZES[1], -1e9, "float32")
        listed = list(own_list(model, row))
        bias[listed] = model.generator.bias.numpy()[listed]
        twin.generator.bias.assign(bias)
        exact = twin.generate(row[None], 9, SearchOptions(beam_size=4))
        np.testing.assert_array_equal(few.ids[place], exact.ids[0])
        np.testing.assert_allclose(few.score[place], exact.score[0], rtol=1e-4)


@pytest.mark.parametrize("beams", [1, 3])
def test_a_source_has_the_same_result_alone_and_among_others(beams):
    model, ids = made("tied, fixed norm"), sources()
    options = SearchOptions(beam_size=beams, shortlist=True, no_repeat_ngram=2, min_length=2)
    together = model.generate(ids, 9, options)
    for place, row in enumerate(ids):
        alone = model.generate(row[None, : row.tolist().index(3) + 1], 9, options)
        np.testing.assert_array_equal(alone.ids[0], together.ids[place])
        np.testing.assert_allclose(alone.score[0], together.score[place], rtol=1e-4, atol=1e-5)


def test_it_is_saved_and_copied_with_the_model(tmp_path):
    model, ids = made("tied, fixed norm"), sources()
    options = SearchOptions(shortlist=True)
    expected = model.generate(ids, 9, options).ids
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for twin in (loaded, model.copy(dropout=0.5), model.for_export()):
        np.testing.assert_array_equal(twin.generate(ids, 9, options).ids, expected)
    again = model.with_shortlist(*model.shortlist.get_weights(), 24)
    assert len(again.weights) == len(model.weights)
    assert len(model.trainable_weights) == len(made("tied, fixed norm").trainable_weights)


def test_mixed_precision():
    model, ids = made("tied, fixed norm").copy(dtype="mixed_bfloat16"), sources()
    found = model.generate(ids, 9, SearchOptions(beam_size=2, shortlist=True))
    assert np.isfinite(found.score).all()


def test_what_does_not_go_together_is_refused():
    model, ids = made("tied"), sources()
    plain = Seq2Seq.from_options(*SIZES, units=8, embedding_dim=6)
    with pytest.raises(ValueError, match="has learnt one"):
        plain.generate(ids, 9, SearchOptions(shortlist=True))
    with pytest.raises(ValueError, match="lists of at least 12 tokens"):
        model.generate(ids, 9, SearchOptions(beam_size=6, shortlist=True))
    for options in ({"sampling": True}, {"banned_ids": [[5]]}, {"forced_ids": [5]}):
        with pytest.raises(ValueError, match="whole vocabulary"):
            SearchOptions(shortlist=True, **options)
    with pytest.raises(ValueError, match="always=24, size=24"):
        Shortlist(*SIZES, 5, 24, 24)

"""What every model over ids does with options and weights, and how many graphs it keeps."""

import gc
import weakref

import keras
import numpy as np
import pytest
from contracts import few_at_first

from keras_seq2seq import SearchOptions, Seq2Seq
from keras_seq2seq.decoding.search_options import OPTIONS
from keras_seq2seq.models import decodable

V, T = 20, 6
SOURCES = np.array([[5, 6, 7, 3], [8, 3, 0, 0], [9, 9, 3, 0]], "int32")


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(3)
    model = Seq2Seq.from_options(V, V, units=8, embedding_dim=8)
    random = np.random.default_rng(3)
    model.set_weights([random.normal(0, 1, w.shape) for w in model.get_weights()])
    return model


def graphs(model):
    """How many functions a model keeps, and how many graphs those have."""
    functions = [c._method.predict_function for c in model._compiled_methods.values()]
    return len(functions), sum(f.experimental_get_tracing_count() for f in functions)


def alike(ours, theirs):
    return np.array_equal(ours.ids, theirs.ids) and np.allclose(ours.score, theirs.score, atol=1e-4)


def rows_of(result):
    return [row[:n].tolist() for row, n in zip(result.ids, result.length, strict=True)]


@pytest.mark.parametrize(
    "how", few_at_first(1, [{"beam_size": 3}, {}, {"sampling": True, "seed": 4}]), ids=str
)
def test_forty_lists_of_bans_are_one_graph(model, how):
    model._compiled_methods.clear()
    random = np.random.default_rng(0)
    free = model.generate(SOURCES, T, SearchOptions(min_length=4, **how))
    assert any({5, 6} & set(row) for row in rows_of(free))
    before, _ = graphs(model)
    for count in range(1, 41):
        bans = [random.integers(4, V, 1 + (i + count) % 5).tolist() for i in range(count)]
        options = SearchOptions(min_length=4, banned_ids=[[5], [6], *bans], **how)
        found = model.generate(SOURCES, T, options)
        assert not any({5, 6} & set(row) for row in rows_of(found))
        if count % 13 == 1:
            assert alike(found, model.search(SOURCES, T, options.for_batch(3)))
    functions, traces = graphs(model)
    assert functions == before + 1 and traces == functions  # of any shape


WIDTHS = {
    "banned_ids": [((5,),), ((5,), (6, 7, 8), (9,)), ((4, 5),) * 9],
    "forced_ids": [[5], [5, -1, 6], [[5, 6], [-1, -1], [7, 8]]],
    "allowed": [np.arange(V) > 2, np.arange(V) % 2 == 1, np.ones((3, V), "bool")],
}


@pytest.mark.parametrize(
    "name", few_at_first(10, [n for n, about in OPTIONS.items() if about.kind])
)
def test_every_option_twice_on_one_model(model, name):
    """With values, widths and batches that differ: the same function, the same as in no graph."""
    about = OPTIONS[name]
    how = {"beam": {"beam_size": 2}, "sampling": {"sampling": True}, "any": {}}[about.of]
    model._compiled_methods.clear()
    number = 2 if about.kind == "int32" else 0.9 if name == "top_p" else 1.25
    for value in WIDTHS.get(name, [number, [number, about.neutral, number]]):
        options = SearchOptions(**how, **{name: value})
        assert alike(
            model.generate(SOURCES, T, options), model.search(SOURCES, T, options.for_batch(3))
        )
        if name == "banned_ids" or np.ndim(value) < 1 + about.is_table:
            model.generate(SOURCES[:2], T, options)
    assert graphs(model) == (1, 1)  # of any shape


def test_a_model_keeps_so_many_functions_and_no_more(model, monkeypatch):
    monkeypatch.setattr(decodable, "MOST_COMPILED", 3)
    model._compiled_methods.clear()
    for length in (1, 2, 1, 3, 4):
        model.generate(SOURCES, length)
    assert [key[1] for key in model._compiled_methods] == [1, 3, 4]  # 2 was not used for longest
    gone = weakref.ref(next(iter(model._compiled_methods.values()))._method)
    for length in (5, 6, 7):
        model.generate(SOURCES, length)
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"banned_ids": ((V,),)}, f"banned_ids: {V} is not in the target's vocabulary of {V} tok"),
        ({"forced_ids": [V]}, "forced_ids: 20 is not in"),
        ({"allowed": np.ones(V + 1, "bool")}, "allowed must have a column"),
        ({"min_length": T + 1}, "at least 7 tokens, but the model's max_target_length allows 6"),
        ({"min_length_ratio": 3.0}, "source 1: min_length_ratio asks for at least 9"),
    ],
)
def test_what_does_not_fit_the_model_is_refused(model, options, said):
    with pytest.raises(ValueError, match=said):
        model.generate(SOURCES, T, SearchOptions(**options))


@pytest.mark.parametrize(
    ("value", "how"),
    [
        (np.inf, {}),
        (np.nan, {"beam_size": 3, "num_return": 2}),
        (np.inf, {"beam_size": 2}),
        (np.nan, {"sampling": True}),
    ],
    ids=str,
)
def test_weights_that_are_not_finite_are_told(value, how):
    model = Seq2Seq.from_options(V, V, units=8, embedding_dim=8)
    model.set_weights([np.full_like(w, value) for w in model.get_weights()])
    with pytest.raises(ValueError, match="not finite: its weights hold NaN or infinity"):
        model.generate(SOURCES, T, SearchOptions(**how))
    with pytest.raises(ValueError, match="not finite"):
        model.score_ids(SOURCES, SOURCES)
    empty = np.array([[3]], "int32")
    np.testing.assert_array_equal(
        model.generate(empty, T, SearchOptions(**how)).score.ravel()[0], 0
    )

"""What an option tells of itself, and the one default, wherever a search is asked for."""

import dataclasses

import numpy as np
import pytest
from decoding.random_models import EOS, PAD, STEPS, RandomModels
from keras import ops

from keras_seq2seq.decoding import SearchOptions, beam_search, search
from keras_seq2seq.decoding.search_options import OPTIONS

B = 60
HOW = {"any": {}, "beam": {"beam_size": 3}, "sampling": {"sampling": True, "seed": 5}}
IDS = {"max_length": STEPS, "eos_id": EOS, "pad_id": PAD}


def run(**options):
    models = RandomModels(B, seed=17)
    given = SearchOptions(**options).for_batch(B)
    more = {"source_mask": ops.ones((B, 3), "bool"), "source_length": np.full(B, 3)}
    return search(models.step, *models.start(), given, **IDS, **more)


def run_beams(**options):
    models = RandomModels(B, seed=17)
    mask = ops.ones((B, 3), "bool")
    return beam_search(
        models.step, *models.start(), beam_size=3, source_mask=mask, **IDS, **options
    )


def equal(ours, theirs):
    return np.array_equal(np.reshape(ours.ids, -1), np.reshape(theirs.ids, -1)) and np.allclose(
        np.reshape(ours.ranking, -1), np.reshape(theirs.ranking, -1), atol=1e-5
    )


def test_every_option_tells_all_of_itself():
    assert list(OPTIONS) == [field.name for field in dataclasses.fields(SearchOptions)]
    for name, about in OPTIONS.items():
        assert about.help.endswith(".") and about.of in HOW
        assert about.kind in (None, "int32", "float32", "bool")
        assert (about.neutral is not None) == (about.kind is not None and not about.is_table)
        assert f"\n    {name}: " in SearchOptions.__doc__


@pytest.mark.parametrize("name", [n for n, about in OPTIONS.items() if about.neutral is not None])
def test_a_neutral_value_changes_nothing(name):
    about = OPTIONS[name]
    assert about.least is None or about.neutral >= about.least
    how = dict(HOW[about.of])
    if name == "seed":
        del how["seed"]
    assert equal(run(**how, **{name: about.neutral}), run(**how))


def test_a_beam_search_has_one_length_penalty_whoever_asks():
    options = SearchOptions(beam_size=3)
    assert options.length_penalty == options.shape_of_graph().length_penalty == 1.0
    assert SearchOptions().length_penalty is SearchOptions(sampling=True).length_penalty is None
    models = RandomModels(B, seed=17)
    searches = [
        run_beams(),
        run_beams(length_penalty=1.0),
        run_beams(length_penalty=ops.ones(B)),
        run(beam_size=3),
        run(beam_size=3, length_penalty=np.ones(B)),
        search(models.step, *models.start(), options, **IDS),  # one float, not made for a batch
    ]
    assert all(equal(found, searches[0]) for found in searches)
    assert not equal(run_beams(length_penalty=0.0), searches[0])


@pytest.mark.parametrize("name", ["length_penalty", "coverage_penalty", "diversity"])
def test_one_number_is_the_same_as_one_for_each_example(name):
    assert equal(run_beams(**{name: 0.7}), run_beams(**{name: ops.full((B,), 0.7)}))
    assert not equal(run_beams(**{name: 0.7}), run_beams())


def test_options_of_rows_and_of_graphs_keep_what_was_given():
    options = SearchOptions(beam_size=2, length_penalty=[0.0, 0.5, 1.5], min_length=1)
    assert options.shape_of_graph() == SearchOptions(beam_size=2)
    assert hash(options.shape_of_graph()) == hash(SearchOptions(beam_size=2))
    some = options.for_batch(3).take(np.array([2, 0]))
    np.testing.assert_allclose(some.length_penalty, [1.5, 0.0])
    np.testing.assert_array_equal(some.min_length, [1, 1])


def test_options_by_name():
    assert SearchOptions.named({"beam_size": 3, "seed": None}) == SearchOptions(beam_size=3)
    with pytest.raises(ValueError, match="no option 'beam_sise'. Did you mean 'beam_size'"):
        SearchOptions.named({"beam_sise": 3})


@pytest.mark.parametrize("option", ["length_normalization", "length_penalty", "diversity"])
def test_what_is_for_beams_is_refused_elsewhere(option):
    value = "average" if option == "length_normalization" else 0.0
    with pytest.raises(ValueError, match=f"{option} has no effect on greedy search"):
        SearchOptions(**{option: value})
    with pytest.raises(ValueError, match=f"{option} is for beam search"):
        SearchOptions(sampling=True, **{option: value})


@pytest.mark.parametrize("search", [{}, {"beam_size": 2}])
def test_advice_leads_out(search):
    """What the message advises makes the option one that has an effect."""
    with pytest.raises(ValueError, match="top_k .*: set sampling=True, without beams"):
        SearchOptions(top_k=3, **search)
    assert SearchOptions(top_k=3, sampling=True).top_k == 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"sampling": "no"}, "sampling must be True or False, got 'no'"),
        ({"sampling": 2}, "sampling must be True or False, got 2"),
        ({"max_length": 2.9}, "max_length must be a whole number"),
        ({"max_length": [2, 2.5]}, "max_length must be a whole number"),
        ({"sampling": True, "top_k": 0.5}, "top_k must be a whole number"),
        ({"sampling": True, "seed": 2**40}, r"seed must be below 2\*\*31"),
        ({"min_length": np.int64(2**32 + 2)}, r"min_length must be below 2\*\*31"),
        ({"beam_size": 2.0}, "beam_size must be an int"),
    ],
)
def test_no_value_is_turned_into_another(options, said):
    with pytest.raises(ValueError, match=said):
        SearchOptions(**options)


def test_numbers_of_numpy_are_numbers():
    options = SearchOptions(beam_size=np.int64(3), max_length=np.int32(4))
    assert options == SearchOptions(beam_size=3, max_length=4)
    assert type(options.beam_size) is int

"""Ids that are none, lengths that contradict each other, and anything at all as an option."""

import dataclasses

import numpy as np
import pytest
from decoding.random_models import EOS, PAD, STEPS, VOCABULARY, RandomModels
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from keras_seq2seq.decoding import SearchOptions, search
from keras_seq2seq.decoding.option_checks import banned_table, check_ids, check_lengths
from keras_seq2seq.decoding.search_options import OPTIONS
from keras_seq2seq.decoding.searching import within_bounds

B = 3


@pytest.mark.parametrize(
    ("banned", "said"),
    [
        ("12", "must be sequences of ids"),
        (("12",), "must be sequences of ids"),
        (b"12", "must be sequences of ids"),
        (12, "must be sequences of ids"),
        ((5, 6), "must be sequences of ids"),
        (np.array([5, 6]), "must be sequences of ids"),
        (((5.0,),), "must hold token ids, which are ints, got 5.0"),
        ((("5",),), "must hold token ids"),
        (((True,),), "must hold token ids"),
        ((np.array([0.5]),), "must hold token ids"),
        (((),), "empty sequence"),
        (((5,), ()), "empty sequence"),
        (((-1,),), "from 0 to below"),
        (((2**31,),), "from 0 to below"),
        ([[6, -1], [6, 7]], "from 0 to below"),
    ],
    ids=repr,
)
def test_banned_ids_that_are_none_are_refused(banned, said):
    with pytest.raises(ValueError, match=said):
        SearchOptions(banned_ids=banned)


def test_banned_ids_come_in_many_forms():
    expected = ((5,), (6, 7))
    table = banned_table(expected)
    np.testing.assert_array_equal(table, [[-1, 5], [6, 7]])
    for same in (
        [[5], [6, 7]],
        ([5], np.array([6, 7])),
        iter(expected),
        table,
        table.astype("int8"),
    ):
        assert SearchOptions(banned_ids=same).banned_ids == expected
    for nothing in ((), [], None, np.zeros((0, 2), "int32")):
        options = SearchOptions(banned_ids=nothing)
        assert options == SearchOptions() and not options.arrays(2)


def test_tables_of_bans_come_in_few_shapes():
    shapes = {banned_table(((1,) * n,) * m).shape for n in range(1, 9) for m in range(1, 33)}
    assert shapes == {(n, m) for n in (1, 2, 4, 8, 16, 32) for m in (2, 4, 8)}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"banned_ids": ((1,), (2, 8))}, "banned_ids: 8 is not in the .* 8 tokens; ids go .* to 7"),
        ({"forced_ids": [1, 8]}, "forced_ids: 8 is not in"),
        ({"forced_ids": [[-1], [9]]}, "forced_ids: 9 is not in"),
        ({"allowed": [True] * 7}, r"allowed must have a column .* 8 tokens, got the shape \(7,\)"),
    ],
)
def test_ids_must_be_in_the_vocabulary(options, said):
    with pytest.raises(ValueError, match=said):
        check_ids(SearchOptions(**options), 8)
    check_ids(SearchOptions(**options), 10 if "allowed" not in options else 7)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"min_length": 10, "max_length": 5},
            "^min_length asks for at least 10 .* max_length ",
        ),
        ({"min_length": [1, 6, 1], "max_length": 5}, "^source 2: .* at least 6 tokens, .* 5"),
        ({"min_length": 3, "max_length": [9, 9, 2]}, "^source 3: .* at least 3 tokens, .* 2"),
        ({"forced_ids": [1, 1, 1], "max_length": 2}, r"prefix \(forced_ids\) asks .* 3 .* 2"),
        ({"forced_ids": [[1, -1], [1, 1]], "max_length": 1}, "^source 2: the prefix"),
    ],
)
def test_lengths_that_contradict_each_other_are_refused_at_once(options, said):
    with pytest.raises(ValueError, match=said):
        SearchOptions(**options)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"min_length": 9}, "min_length asks for at least 9 .* the model's max_target_length .* 8"),
        ({"min_length": [1, 2, 9, 1]}, "^source 3: min_length asks for at least 9"),
        ({"min_length_ratio": 2.0}, "^source 4: min_length_ratio asks for at least 10 .* 8"),
        ({"min_length_ratio": 1.5, "max_length": 6}, "^source 4: .* at least 7 .* max_length .* 6"),
        ({"min_length": 4, "max_length_ratio": 1.0}, "^source 2: .* 4 tokens, .*_ratio allows 3"),
        ({"min_length_ratio": 1.5, "max_length_ratio": 1.0}, "^source 4: .* 7 tokens, .* 6"),
        ({"forced_ids": [1] * 9}, "prefix .* at least 9"),
        ({"forced_ids": [1] * 4, "max_length_ratio": 1.0}, "^source 2: the prefix"),
    ],
)
def test_lengths_are_compared_with_limit_and_sources(options, said):
    """Row 1 is empty, and may ask for anything."""
    search = SearchOptions(**options).for_batch(4)
    lengths = np.array([0, 2, 3, 5])
    with pytest.raises(ValueError, match=said):
        check_lengths(search, 8, lengths)
    with pytest.raises(ValueError, match=said.replace("source ", "source 1")):
        check_lengths(search, 8, lengths, owner=np.arange(10, 14))
    check_lengths(search, 20, lengths * 0)


def test_lengths_that_are_just_possible_are_taken():
    SearchOptions(min_length=5, max_length=5, forced_ids=[1] * 5)
    check_lengths(SearchOptions(min_length=8, forced_ids=[1] * 8 + [-1] * 9), 8, np.array([0, 4]))


@pytest.mark.parametrize("name", [n for n, about in OPTIONS.items() if about.neutral is not None])
def test_what_requests_send_is_taken_into_the_bounds(name):
    about = OPTIONS[name]
    if about.least is None:
        return
    how = {"beam": {"beam_size": 2}, "sampling": {"sampling": True}, "any": {}}[about.of]
    least, most = about.least, about.most or 2.0**31 - 129
    odd = [least, most, least - 1, -1e30, most * 2, 1e38, np.inf, -np.inf, np.nan]
    below = least if name == "temperature" else about.neutral
    expected = [least, most, below, below, most, most, most, below, about.neutral]
    if about.kind == "int32":
        odd, expected = (values[:3] for values in (odd, expected))
    tensor = ops.convert_to_tensor(np.array(odd, about.kind))
    found = getattr(within_bounds(SearchOptions(**how, **{name: tensor})), name)
    np.testing.assert_allclose(found, np.array(expected, about.kind))


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": 1e7},
        {"temperature": float("nan")},
        {"temperature": -1.0},
        {"top_p": 1.01},
        {"top_p": -0.1},
        {"top_k": 2**31},
        {"top_k": -1},
        {"seed": 3_000_000_000},
        {"seed": 2**200},
        {"seed": 1.0},
        {"max_length": 5.7},
        {"max_length": [[5]] * 2 + [[5, 6]]},
        {"max_length": True},
        {"max_length_ratio": 1e30},
        {"max_length_ratio": 1e300},
        {"min_length_ratio": float("inf")},
        {"num_return": 2**70},
        {"num_return": True},
        {"no_repeat_ngram": 2**40},
        {"length_normalization": np.array(["wu", "wu"])},
        {"forced_ids": [0.5]},
        {"forced_ids": "12"},
        {"forced_ids": [-2]},
        {"forced_ids": [[1], [1, 2]]},
        {"allowed": "yes"},
        {"allowed": [1, 0]},
    ],
    ids=repr,
)
def test_odd_numbers_are_refused_by_name(options):
    (name,) = options
    with pytest.raises(ValueError, match=name):
        SearchOptions(sampling=True, **options)


def test_beams_have_bounds():
    for name in ("length_penalty", "diversity", "coverage_penalty"):
        for odd in (1e30, float("nan"), -1e30):
            with pytest.raises(ValueError, match=name):
                SearchOptions(beam_size=2, **{name: odd})
    with pytest.raises(ValueError, match="beam_size must be at most 1000"):
        SearchOptions(beam_size=10**6)


NUMBERS = st.one_of(
    st.integers(), st.integers(0, 9), st.floats(), st.floats(0, 1), st.booleans(), st.none()
)
ANYTHING = st.one_of(
    NUMBERS,
    st.text(max_size=3),
    st.binary(max_size=2),
    st.sampled_from(["wu", "average", np.float32(1), np.int64(3), np.zeros((2, 2)), (), {1: 2}]),
    st.lists(NUMBERS, max_size=4),
    st.lists(st.lists(st.one_of(st.integers(-1, 6), NUMBERS), max_size=3), max_size=3),
    st.lists(st.lists(st.integers(0, VOCABULARY - 1), min_size=1, max_size=3), max_size=3),
)
LIKELY = {name: st.one_of(ANYTHING, st.integers(0, 4), st.floats(0, 2)) for name in OPTIONS}
LIKELY["sampling"] = st.one_of(st.booleans(), ANYTHING)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.fixed_dictionaries({}, optional=LIKELY))
def test_options_work_or_are_refused(options):
    """Whatever they are; those that are taken search, and give what there can be."""
    try:
        chosen = SearchOptions.named(options).for_batch(B)
        check_ids(chosen, VOCABULARY)
        check_lengths(chosen, STEPS, np.full(B, 3))
    except (ValueError, TypeError) as refusal:
        assert any(name in str(refusal) for name in OPTIONS), refusal
        return
    fewer = {"beam_size": min(chosen.beam_size, 3), "num_return": min(chosen.num_return, 3)}
    chosen = dataclasses.replace(chosen, **fewer)
    models = RandomModels(B, seed=2)
    more = {"source_mask": ops.ones((B, 3), "bool"), "source_length": np.full(B, 3)}
    ids = {"max_length": STEPS, "eos_id": EOS, "pad_id": PAD}
    found = search(models.step, *models.start(), chosen, **ids, **more)
    assert np.isfinite(found.score).all() and np.isfinite(found.ranking).all()
    assert ((0 <= np.asarray(found.ids)) & (np.asarray(found.ids) < VOCABULARY)).all()

"""Beam search alone: known best paths, exhaustive search, greedy search."""

import itertools

import numpy as np
import pytest
from decoding.random_models import EOS, PAD, STEPS, VOCABULARY, RandomModels
from keras import ops

from keras_seq2seq.decoding import beam_search, greedy_search
from keras_seq2seq.decoding import constraints as make

BOS = 2
EVERYTHING = 341  # sequences of at most 4 tokens out of 4 and EOS
IDS = {"eos_id": EOS, "pad_id": PAD}


def garden_path(ids, state):
    """Greedy goes to 5 (0.6) and then must take what is improbable; 4 (0.4) leads to a sure end."""
    table = np.full((7, 7), 1e-6)
    table[BOS, [4, 5]] = 0.4, 0.6
    table[4, 6] = 1.0
    table[6, EOS] = 1.0
    table[5, [4, 5, EOS]] = 0.3, 0.3, 0.4
    return ops.take(ops.convert_to_tensor(np.log(table).astype("float32")), ids, axis=0), state


def start(count=1):
    return ops.full((count,), BOS, dtype="int32")


def test_finds_the_path_that_greedy_search_misses():
    greedy = greedy_search(garden_path, (), start(), max_length=5, **IDS)
    np.testing.assert_array_equal(greedy.ids, [[5, EOS, 0, 0, 0]])
    beam = beam_search(garden_path, (), start(), beam_size=2, max_length=5, **IDS)
    np.testing.assert_array_equal(beam.ids[:, 0], [[4, 6, EOS, 0, 0]])
    np.testing.assert_array_equal(beam.length, [[2]])
    np.testing.assert_allclose(beam.score, [[np.log(0.4)]], atol=1e-4)


def search(models, beam_size, limit=None, constraints=(), **options):
    state, first = models.start()
    return beam_search(
        models.step,
        state,
        first,
        beam_size=beam_size,
        max_length=STEPS,
        limit=limit,
        constraints=constraints,
        source_mask=ops.ones((models.count, 3), "bool"),
        **IDS,
        **options,
    )


def padded(ids):
    return [*ids, *[PAD] * (STEPS - len(ids))]


def penalties(count, seed=1):
    """Every penalty at once, another strength for each example."""
    random = np.random.default_rng(seed)
    return {
        "length_penalty": random.uniform(-0.5, 1.5, count),
        "coverage_penalty": random.uniform(0, 1, count),
        "repetition_penalty": random.uniform(1, 2, count),
        "min_length": random.integers(0, 4, count),
        "max_length": random.integers(1, STEPS + 1, count),
    }


@pytest.mark.parametrize("kind", ["wu", "average"])
def test_a_wide_beam_is_exhaustive_search_with_every_penalty_on(kind):
    models = RandomModels(200)
    given = penalties(models.count)
    tensors = {name: ops.convert_to_tensor(v.astype("float32")) for name, v in given.items()}
    found = search(
        models,
        EVERYTHING,
        limit=ops.cast(tensors["max_length"], "int32"),
        constraints=[
            make.repetition_penalty(tensors["repetition_penalty"]),
            make.no_repeat_ngram(2),
            make.banned_sequences([[1]]),
            make.minimum_length(ops.cast(tensors["min_length"], "int32"), EOS),
        ],
        num_return=3,
        length_penalty=tensors["length_penalty"],
        length_normalization=kind,
        coverage_penalty=tensors["coverage_penalty"],
    )
    ids, ranking, score = map(np.asarray, (found.ids, found.ranking, found.score))
    for example in range(models.count):
        options = {name: values[example] for name, values in given.items()}
        best = models.best(example, 3, kind=kind, no_repeat_ngram=2, banned=(1,), **options)
        np.testing.assert_allclose(
            ranking[example, : len(best)], [one[0] for one in best], atol=1e-4
        )
        for row, (_, expected, tokens) in enumerate(best):
            assert ids[example, row].tolist() == padded(tokens)
            np.testing.assert_allclose(score[example, row], expected, atol=1e-4)
        assert (ranking[example, len(best) :] < -1e8).all()


def test_one_beam_is_greedy_search():
    models = RandomModels(500, seed=3)
    state, first = models.start()
    greedy = greedy_search(models.step, state, first, max_length=STEPS, **IDS)
    penalty = ops.ones((models.count,))
    for options in ({}, {"length_penalty": penalty}, {"coverage_penalty": penalty}):
        beam = search(models, 1, **options)
        np.testing.assert_array_equal(beam.ids[:, 0], greedy.ids)
        np.testing.assert_array_equal(beam.length[:, 0], greedy.length)
        np.testing.assert_allclose(beam.score[:, 0], greedy.score, atol=1e-5)


def test_the_n_best_are_sorted_and_differ():
    found = search(RandomModels(50, seed=5), 8, num_return=8)
    ranking = np.asarray(found.ranking)
    assert (np.diff(ranking, axis=1) <= 0).all()
    for rows, ranks in zip(np.asarray(found.ids), ranking, strict=True):
        real = [tuple(row) for row, rank in zip(rows, ranks, strict=True) if rank > -1e8]
        assert len(set(real)) == len(real) >= 4


def test_a_longer_search_changes_no_finished_example():
    """What is finished is frozen: batch-mates that take longer change nothing."""
    models = RandomModels(60, seed=7)
    together = search(models, 3, num_return=3)
    for example in range(0, models.count, 7):
        alone = RandomModels(60, seed=7)
        alone.logits = alone.logits[example : example + 1]
        alone.weights = alone.weights[example : example + 1]
        alone.count = 1
        single = search(alone, 3, num_return=3)
        np.testing.assert_array_equal(single.ids[0], together.ids[example])
        np.testing.assert_allclose(single.ranking[0], together.ranking[example], atol=1e-6)


def counted(step, calls):
    def counting(ids, state):
        calls.append(1)
        return step(ids, state)

    return counting


def test_stops_as_soon_as_no_open_beam_can_win():
    calls = []
    sure_end = counted(lambda ids, state: (9.0 * ops.one_hot(ids * 0 + EOS, 7), state), calls)
    found = beam_search(sure_end, (), start(3), beam_size=4, max_length=50, **IDS)
    np.testing.assert_array_equal(found.length, [[0]] * 3)
    assert len(calls) <= 3  # two steps, and one where the backend traces the step once first


def test_empty_examples_stay_empty():
    found = beam_search(
        garden_path,
        (),
        start(2),
        beam_size=3,
        num_return=3,
        max_length=5,
        finished=ops.array([True, False]),
        **IDS,
    )
    np.testing.assert_array_equal(found.ids[0], np.zeros((3, 5)))
    np.testing.assert_array_equal(found.ranking[0] > -1e8, [True, False, False])
    assert float(found.score[0, 0]) == 0
    np.testing.assert_array_equal(found.ids[1, 0], [4, 6, EOS, 0, 0])


def test_without_eos_the_best_beginnings_are_returned():
    found = beam_search(garden_path, (), start(), beam_size=2, max_length=1, num_return=2, **IDS)
    np.testing.assert_array_equal(found.ids[0], [[5], [4]])
    np.testing.assert_array_equal(found.length, [[1, 1]])


def test_limits_hold_for_each_example():
    limit = ops.array([1, 2, 5, 0], dtype="int32")
    found = beam_search(garden_path, (), start(4), beam_size=2, max_length=5, limit=limit, **IDS)
    assert np.asarray(found.length)[:, 0].tolist() == [1, 2, 2, 0]  # 4 6 without EOS beats 5 EOS
    assert (np.count_nonzero(found.ids[:, 0], axis=1) <= [1, 2, 5, 0]).all()


def flat(ids, state):
    """All of 3 (EOS), 4, 5, 6 alike but for a little, so that plain n-best lists look the same."""
    row = np.array([-30, -30, -30, 0.0, 0.3, 0.2, 0.1], "float32")
    return ops.convert_to_tensor(row)[None] + ops.zeros_like(ids, "float32")[:, None], state


def test_diversity_spreads_the_first_tokens():
    def first_tokens(diversity):
        found = beam_search(
            flat,
            (),
            start(2),
            beam_size=4,
            num_return=4,
            max_length=4,
            constraints=[make.minimum_length(ops.array([3, 3]), EOS)],
            diversity=diversity,
            **IDS,
        )
        return [len(set(rows[:, 0])) for rows in np.asarray(found.ids)]

    plain, diverse = first_tokens(None), first_tokens(ops.array([0.0, 2.0]))
    assert diverse[0] == plain[0]
    assert diverse[1] > plain[1]


@pytest.mark.parametrize(("num_return", "beam_size"), [(0, 1), (3, 2)])
def test_more_results_than_beams_are_refused(num_return, beam_size):
    with pytest.raises(ValueError, match="must lie between 1 and beam_size"):
        beam_search(
            garden_path,
            (),
            start(),
            beam_size=beam_size,
            num_return=num_return,
            max_length=3,
            **IDS,
        )


def test_coverage_needs_attention():
    with pytest.raises(ValueError, match="needs a model with attention"):
        beam_search(
            garden_path,
            (),
            start(),
            beam_size=2,
            max_length=3,
            coverage_penalty=ops.ones((1,)),
            source_mask=ops.ones((1, 2), "bool"),
            **IDS,
        )


def test_the_random_models_are_counted_right():
    words = VOCABULARY - 1
    assert EVERYTHING == sum(words**n for n in range(STEPS + 1))
    assert len(list(itertools.product(range(words), repeat=STEPS))) == 256

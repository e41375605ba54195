"""Each constraint in every search."""

import numpy as np
import pytest
from decoding.random_models import EOS, PAD, STEPS, RandomModels
from keras import ops

from keras_seq2seq.decoding import History, SearchOptions, search
from keras_seq2seq.decoding.constraints import FORBIDDEN, banned_sequences

B = 100
SOURCE_LENGTH = np.arange(B, dtype="int32") % 4
SEARCHES = [{}, {"beam_size": 3, "length_penalty": 0.6}, {"sampling": True, "seed": 5}]
every_search = pytest.mark.parametrize("how", SEARCHES, ids=["greedy", "beam", "sampling"])


def run(steps=STEPS, **options):
    models = RandomModels(B, seed=11)
    state, first = models.start()
    return search(
        models.step,
        state,
        first,
        SearchOptions(**options).for_batch(B),
        max_length=steps,
        eos_id=EOS,
        pad_id=PAD,
        source_mask=ops.ones((B, 3), "bool"),
        source_length=SOURCE_LENGTH,
    )


def tokens(result):
    """The tokens before EOS, one list for each example."""
    pairs = zip(np.asarray(result.ids), np.asarray(result.length), strict=True)
    return [row[:length].tolist() for row, length in pairs]


def sums(result, length_penalty=0.0, **_):
    """What the rankings were before they were divided by a power of the length, EOS included."""
    count = np.minimum(lengths(result) + 1, result.ids.shape[-1])
    return np.asarray(result.ranking) * ((5 + count) / 6) ** length_penalty


def lengths(result):
    return np.asarray(result.length)


@every_search
def test_minimum_length(how):
    least = np.arange(B) % 5
    assert (lengths(run(min_length=least, **how)) >= least).all()
    assert (lengths(run(**how)) < least).any()


@every_search
def test_maximum_length(how):
    most = np.arange(B) % 5
    limited = lengths(run(max_length=most, **how))
    assert (limited <= most).all()
    assert (lengths(run(**how)) > most).any()


@every_search
def test_lengths_relative_to_the_source(how):
    fixed = lengths(run(steps=12, min_length_ratio=2.0, max_length_ratio=1.5, **how))
    assert (fixed >= np.minimum(2 * SOURCE_LENGTH, np.ceil(1.5 * (SOURCE_LENGTH + 1)))).all()
    assert (fixed <= np.ceil(1.5 * (SOURCE_LENGTH + 1))).all()
    assert (lengths(run(steps=12, **how)) > np.ceil(1.5 * (SOURCE_LENGTH + 1))).any()
    both = lengths(run(steps=12, min_length=1, min_length_ratio=1.5, **how))
    assert (both >= np.maximum(1, np.floor(1.5 * SOURCE_LENGTH))).all()


@every_search
@pytest.mark.parametrize("size", [1, 2, 3])
def test_no_ngram_is_repeated(how, size):
    def repeats(row):
        grams = [tuple(row[i : i + size]) for i in range(len(row) - size + 1)]
        return len(grams) - len(set(grams))

    free = [repeats(row) for row in tokens(run(steps=12, min_length=4 * size, **how))]
    held = tokens(run(steps=12, min_length=4 if size == 1 else 9, no_repeat_ngram=size, **how))
    assert sum(free) > 20
    assert [repeats(row) for row in held] == [0] * B


@every_search
def test_repetition_is_penalised_where_it_is_wanted(how):
    def distinct(rows):
        return np.array([len(set(row)) for row in rows])

    plain = run(steps=12, min_length=8, **how)
    penalty = np.where(np.arange(B) % 2, 1.0, 5.0)
    penalised = run(steps=12, min_length=8, repetition_penalty=penalty, **how)
    np.testing.assert_array_equal(plain.ids[1::2], penalised.ids[1::2])
    assert distinct(tokens(penalised))[::2].mean() > distinct(tokens(plain))[::2].mean() + 0.3
    ranking, score = sums(penalised, **how), np.asarray(penalised.score)
    np.testing.assert_allclose(ranking[1::2], score[1::2], atol=1e-3)
    assert (ranking <= score + 1e-3).all()
    repeated = [len(set(row)) < len(row) for row in tokens(penalised)][::2]
    assert sum(repeated) > 5 and (ranking < score - 1e-3)[::2][repeated].all()


@every_search
def test_banned_tokens_and_sequences_do_not_occur(how):
    rows = tokens(run(steps=12, min_length=8, **how))
    assert any(1 in row for row in rows) and any("2, 4" in str(row) for row in rows)
    rows = tokens(run(steps=12, min_length=8, banned_ids=((1,), (2, 4)), **how))
    assert not any(1 in row for row in rows)
    assert not any("2, 4" in str(row) for row in rows)
    assert any(2 in row for row in rows) and any(4 in row for row in rows)


@every_search
def test_only_the_shortlist_is_chosen(how):
    allowed = np.zeros((B, 5), "bool")
    allowed[:, [EOS, 1]] = True
    allowed[::2, 4] = True
    rows = tokens(run(allowed=allowed, **how))
    assert all(set(row) <= {1, 4} for row in rows[::2]) and any(4 in row for row in rows[::2])
    assert all(set(row) <= {1} for row in rows[1::2])
    assert all(set(row) <= {1} for row in tokens(run(allowed=allowed[1], **how)))


@every_search
def test_a_given_beginning_is_continued(how):
    prefix = np.full((B, 2), -1)
    prefix[::2, 0] = 1
    prefix[::4, 1] = 4
    rows, free = tokens(run(forced_ids=prefix, **how)), tokens(run(**how))
    assert all(row[0] == 1 for row in rows[::2])
    assert all(row[:2] == [1, 4] for row in rows[::4])
    assert rows[1::2] == free[1::2]


@every_search
def test_a_beginning_may_be_what_is_forbidden_later(how):
    rows = tokens(run(forced_ids=[1, 1], banned_ids=((1,),), no_repeat_ngram=1, **how))
    assert all(row[:2] == [1, 1] and 1 not in row[2:] for row in rows)


def test_the_best_continuation_of_a_beginning_is_found():
    """A wide beam behind a prefix is the best of all sequences with that prefix."""
    models = RandomModels(20, seed=13)
    state, first = models.start()
    options = SearchOptions(beam_size=90, length_penalty=0.7, forced_ids=[4]).for_batch(20)
    found = search(models.step, state, first, options, max_length=STEPS, eos_id=EOS, pad_id=PAD)
    for example in range(20):
        ranked = models.best(example, 341, length_penalty=0.7)
        best = next(one for one in ranked if one[2][0] == 4)
        np.testing.assert_allclose(found.ranking[example], best[0], atol=1e-4)


@every_search
def test_the_score_is_that_of_the_model_whatever_is_constrained(how):
    """Scored again from the tables, step by step."""
    constraints = {"no_repeat_ngram": 2, "repetition_penalty": 1.5, "banned_ids": ((1,),)}
    result = run(min_length=1, **constraints, **how)
    models = RandomModels(B, seed=11)
    for example, (ids, length) in enumerate(
        zip(np.asarray(result.ids), np.asarray(result.length), strict=True)
    ):
        whole = ids[: min(length + 1, STEPS)].tolist()
        _, score, _ = models._judge(example, whole)
        np.testing.assert_allclose(np.asarray(result.score)[example], score, atol=1e-4)
    changed = [ids != other for ids, other in zip(tokens(result), tokens(run(**how)), strict=True)]
    assert sum(changed) > B / 4  # else there was nothing to tell apart
    assert np.abs(sums(result, **how) - np.asarray(result.score)).max() > 0.5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beam_size": 0}, "beam_size must be an int of at least 1, got 0"),
        ({"num_return": 2}, "need a beam_size of at least as many"),
        ({"beam_size": 2, "sampling": True}, "choose one"),
        ({"temperature": 0.5}, "temperature has no effect on greedy search"),
        ({"length_penalty": 1.0}, "length_penalty has no effect on greedy search"),
        ({"beam_size": 2, "top_k": 3}, "top_k is for sampling"),
        ({"sampling": True, "length_penalty": 1.0}, "length_penalty is for beam search"),
        ({"sampling": True, "temperature": 0.0}, "temperature must be at least"),
        ({"repetition_penalty": 0.5}, "repetition_penalty must be at least 1"),
        ({"repetition_penalty": float("nan")}, "must be a number"),
        ({"repetition_penalty": "high"}, "must be a number"),
        ({"min_length": [1, -2]}, "min_length must be at least 0"),
        ({"banned_ids": ((),)}, "empty sequence"),
        ({"length_normalization": "mean"}, "must be one of"),
    ],
)
def test_wrong_options_say_what_is_wrong(options, message):
    with pytest.raises(ValueError, match=message):
        SearchOptions(**options)


def test_data_must_fit_the_batch():
    with pytest.raises(ValueError, match="one for each of 3 examples"):
        SearchOptions(min_length=[1, 2]).arrays(3)
    arrays = SearchOptions(min_length=2, forced_ids=[5, -1]).arrays(3)
    np.testing.assert_array_equal(arrays["min_length"], [2, 2, 2])
    np.testing.assert_array_equal(arrays["forced_ids"], [[5, -1]] * 3)


def unrolled(sequences):
    """Bans as a graph of their own for each: what the table must do likewise."""

    def constrain(log_probs, history):
        log_probs, ids = np.array(log_probs), np.asarray(history.ids)
        for *before, last in sequences:
            for row in range(len(ids)):
                chosen = ids[row, : int(history.position)].tolist()
                if last < log_probs.shape[1] and chosen[len(chosen) - len(before) :] == before:
                    log_probs[row, last] = FORBIDDEN
        return log_probs

    return constrain


@pytest.mark.parametrize("count", [1, 3, 40])
@pytest.mark.parametrize("longest", [1, 2, 7])
def test_many_bans_at_once_are_what_each_of_them_is(count, longest):
    random = np.random.default_rng(count)
    lengths = random.integers(1, longest + 1, count)
    bans = [random.integers(0, 4, n).tolist() for n in lengths] + [[2**31 - 1], [0, 6]]
    ids = random.integers(0, 4, (50, 6)).astype("int32")
    log_probs = np.zeros((50, 5), "float32")
    seen = 0
    for position in range(6):
        history = History(ops.convert_to_tensor(position), ops.convert_to_tensor(ids), 1)
        found = np.asarray(banned_sequences(bans)(ops.convert_to_tensor(log_probs), history))
        np.testing.assert_array_equal(found, unrolled(bans)(log_probs, history))
        seen += (found < 0).sum()
    assert seen

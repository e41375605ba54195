import numpy as np
import pytest

from keras_seq2seq import Seq2Seq, TextSeq2Seq, average_weights
from keras_seq2seq.text_models import learn_shortlist

SIZES = {"candidates": 4, "always": 12, "size": 30}


@pytest.fixture(scope="module")
def pairs(learnt):
    return tuple(map(list, zip(*learnt, strict=True)))


def test_it_leaves_the_model_as_it_is_and_knows_one_search_more(trained, pairs):
    done = []
    fast = learn_shortlist(trained, *pairs, **SIZES, progress=done.append)
    assert done[-1] == len(pairs[0])
    assert trained.seq2seq.shortlist is None
    assert fast.generate(pairs[0]) == pairs[1]
    found = fast.generate(pairs[0], beam_size=3, shortlist=True)
    assert all(found) and fast.generate(pairs[0][2], beam_size=3, shortlist=True) == found[2]


def test_candidates_are_what_was_written_while_the_token_was_looked_at(trained, pairs):
    fast = learn_shortlist(trained, *pairs, **SIZES)
    table, tokens = fast.seq2seq.shortlist.get_weights()
    found = fast.score(*pairs, return_details=True)
    source, target = trained.source_tokenizer, trained.target_tokenizer
    counts = np.zeros((source.vocabulary_size, target.vocabulary_size))
    for text, one in zip(pairs[0], found, strict=True):
        ids = [*source.tokenize_python(text), 3]
        written = [*target.tokenize_python(one.text), 3]
        for i, weights in zip(written, one.attention, strict=True):
            for j, weight in zip(ids, weights, strict=True):
                counts[j, i] += weight * (weight > 0.05)
    least = np.maximum(0.005 * counts.sum(axis=1), 1e-9)  # what is rarer is chance
    counts[:, tokens] = 0
    for token, row in enumerate(counts):
        best = np.argsort(-row, kind="stable")[: SIZES["candidates"]]
        expected = [i for i in best if row[i] >= least[token]]
        assert [i for i in table[token] if i != tokens[0]] == expected
    assert set(range(4)) <= set(tokens.tolist())


def test_what_cannot_have_one_is_refused(trained, pairs):
    with pytest.raises(ValueError, match="gain nothing"):
        learn_shortlist(trained, *pairs, size=1024)
    with pytest.raises(ValueError, match="always=15, size=15"):
        learn_shortlist(trained, *pairs, always=15, size=15)
    with pytest.raises(ValueError, match=r"learn_shortlist: size must be an int, got 50\.5"):
        learn_shortlist(trained, *pairs, size=50.5)
    with pytest.raises(ValueError, match="learn_shortlist: expected one target for each"):
        learn_shortlist(trained, pairs[0], pairs[1][:-1], **SIZES)
    with pytest.raises(ValueError, match="an ensemble has none"):
        TextSeq2Seq.ensemble([trained, trained]).generate(pairs[0], shortlist=True)
    with pytest.raises(ValueError, match="no pairs"):
        learn_shortlist(trained, [], [], **SIZES)
    tokenizers = trained.source_tokenizer, trained.target_tokenizer
    sizes = [t.vocabulary_size for t in tokenizers]
    plain = TextSeq2Seq(Seq2Seq.from_options(*sizes, units=8, attention=None), *tokenizers)
    with pytest.raises(ValueError, match="attention"):
        learn_shortlist(plain, *pairs, **SIZES)
    with pytest.raises(ValueError, match="Ensemble"):
        learn_shortlist(TextSeq2Seq.ensemble([trained, trained]), *pairs, **SIZES)
    with pytest.raises(ValueError, match="a prefix needs the whole vocabulary"):
        trained.generate(pairs[0], prefix="I", shortlist=True)


def test_every_list_has_the_special_tokens(trained, pairs):
    """A list without EOS would be one of which no search could end."""
    for always in (1, 3):
        with pytest.raises(ValueError, match=rf"4 <= always < size.*always={always}"):
            learn_shortlist(trained, *pairs, always=always, size=30)
    fast = learn_shortlist(trained, *pairs, size=5)
    assert fast.seq2seq.shortlist.get_weights()[1].tolist() == [0, 1, 2, 3]


def test_ids_of_lists_are_not_averaged(trained, pairs):
    few = [side[:5] for side in pairs]
    models = [learn_shortlist(trained, *learnt, **SIZES) for learnt in (pairs, few)]
    average = average_weights(models)
    for ours, first in zip(
        *(m.seq2seq.shortlist.get_weights() for m in (average, models[0])), strict=True
    ):
        np.testing.assert_array_equal(ours, first)
    assert average.generate(pairs[0]) == pairs[1]

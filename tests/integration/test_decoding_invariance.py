"""What a sentence becomes does not depend on what it is translated with."""

import os
import pathlib

import keras
import numpy as np
import pytest

from keras_seq2seq import (
    SearchOptions,
    SentencePieceTokenizer,
    Seq2Seq,
    SequenceCrossentropy,
    TextSeq2Seq,
    make_dataset,
    open_artefact,
    read_pairs,
)
from keras_seq2seq.data import SentencePairs

DATA = pathlib.Path(os.environ.get("KERAS_SEQ2SEQ_DATA") or "/nonexistent")
SENTENCES, T = 500, 40
BEAM = SearchOptions(beam_size=4, length_penalty=1.0)


@pytest.fixture(scope="module")
def model_and_sources():
    """A model of Multi30k: that of the run KERAS_SEQ2SEQ_RUN, or one trained for two epochs."""
    folder = DATA / "multi30k"
    if not folder.is_dir():
        pytest.skip("set KERAS_SEQ2SEQ_DATA to a folder with multi30k/")
    sources = (folder / "val.en").read_text("utf-8").splitlines()[:SENTENCES]
    if run := os.environ.get("KERAS_SEQ2SEQ_RUN"):
        return open_artefact(run).model, sources
    keras.utils.set_random_seed(1)
    pairs = read_pairs(f"{folder}/train.en,{folder}/train.de")
    pairs = SentencePairs(pairs.sources[:15000], pairs.targets[:15000])
    source, target = (SentencePieceTokenizer.learn(t, 3000) for t in (pairs.sources, pairs.targets))
    seq2seq = Seq2Seq.from_options(
        source.vocabulary_size,
        target.vocabulary_size,
        units=96,
        embedding_dim=128,
        dropout=0.0,
        lexical_model=False,
        fixed_norm=None,
    )
    model = TextSeq2Seq(seq2seq, source, target)
    model.compile(keras.optimizers.Adam(3e-3, global_clipnorm=1.0), SequenceCrossentropy())
    model.fit(make_dataset(pairs, source, target), epochs=2, verbose=0)
    return model, sources


@pytest.mark.slow
def test_beam_search_is_the_same_alone_in_batches_in_any_order_and_with_padding(model_and_sources):
    model, sources = model_and_sources
    tokenizer = model.source_tokenizer
    rows = [[*tokenizer.tokenize_python(text)[:63], 3] for text in sources]

    def search(order, batch_size, padding):
        ids, scores = np.zeros((SENTENCES, T), "int32"), np.zeros(SENTENCES)
        for start in range(0, SENTENCES, batch_size):
            chosen = order[start : start + batch_size]
            width = max(len(rows[i]) for i in chosen) + padding
            batch = np.zeros((len(chosen), width), "int32")
            for place, i in enumerate(chosen):
                batch[place, : len(rows[i])] = rows[i]
            result = model.seq2seq.generate(batch, T, BEAM)
            ids[chosen], scores[chosen] = result.ids, result.score
        return ids, scores

    straight = np.arange(SENTENCES)
    ids, scores = search(straight, 1, 0)
    assert len({tuple(row) for row in ids}) > SENTENCES / 2
    random = np.random.default_rng(0)
    for batch_size in (1, 7, 64):
        for padding in (0, 5, 50):
            order = random.permutation(SENTENCES)
            other, other_scores = search(order, batch_size, padding)
            wrong = np.flatnonzero((other != ids).any(axis=1))
            assert wrong.size == 0, (batch_size, padding, [sources[i] for i in wrong])
            np.testing.assert_allclose(other_scores, scores, atol=1e-4)

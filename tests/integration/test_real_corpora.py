"""Corpora from outside, where `KERAS_SEQ2SEQ_DATA` names the folder that holds them."""

import os
import pathlib

import pytest

from keras_seq2seq import SentencePieceTokenizer, make_dataset, read_pairs

DATA = pathlib.Path(os.environ.get("KERAS_SEQ2SEQ_DATA") or "/nonexistent")
needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="set KERAS_SEQ2SEQ_DATA to a folder with multi30k/, tatoeba-kor-eng/"
)


@needs_data
def test_a_tatoeba_download_loads_as_it_is():
    pairs = read_pairs(f"{DATA}/tatoeba-kor-eng/kor.txt", (2, 1))
    assert pairs.report.read == 3723
    assert pairs.report.kept + pairs.report.duplicate == 3723
    assert (pairs.sources[0], pairs.targets[0]) == ("가.", "Go.")


@needs_data
def test_multi30k_becomes_batches_without_loss():
    folder = DATA / "multi30k"
    pairs = read_pairs(f"{folder}/train.en,{folder}/train.de")
    assert pairs.report.read == 29000
    source = SentencePieceTokenizer.learn(pairs.sources, 2000)
    target = SentencePieceTokenizer.learn(pairs.targets, 2000)
    data = make_dataset(pairs, source, target, max_source_length=200, max_target_length=200)
    seen = sum(int(x["source_ids"].shape[0]) for x, _, _ in data.take(20))
    assert seen == 20 * 64
    assert len(data) == -(-len(pairs) // 64)
    back = source.detokenize(source.tokenize(pairs.sources[:500]))
    assert [text.decode() for text in back.numpy()] == pairs.sources[:500]

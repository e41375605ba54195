"""Sampled segmentations: the right distribution, the same everywhere, always the same text."""

import collections
import itertools
import math
import subprocess
import sys

import pytest

from keras_seq2seq.text import ByteTokenizer, SentencePieceTokenizer, SubwordSampler

LINES = ["a cat sat on a mat", "a rat sat on  a cat", "the hat of the cat", "사과가 있어요"] * 3


def learn(model_type="unigram", byte_fallback=False):
    return SentencePieceTokenizer.learn(
        LINES, 45 + 256 * byte_fallback, model_type=model_type, byte_fallback=byte_fallback
    )


ODD = ["", " ", "  a  cat ", "zebra", "a zz cat", "漢字 cat", "x▁y", "cat\u3000mat"]


@pytest.mark.parametrize("byte_fallback", [False, True])
@pytest.mark.parametrize(("model_type", "alpha"), [("unigram", 0.1), ("bpe", 0.3)])
def test_other_pieces_of_the_same_text(model_type, alpha, byte_fallback):
    tokenizer = learn(model_type, byte_fallback)
    best = [tokenizer.tokenize_python(line) for line in LINES + ODD]
    sampled = SubwordSampler(tokenizer, alpha).sample(LINES + ODD, 1)
    assert sampled != best
    for ours, theirs in zip(sampled, best, strict=True):
        assert tokenizer.detokenize_python(ours) == tokenizer.detokenize_python(theirs)


@pytest.mark.parametrize("byte_fallback", [False, True])
@pytest.mark.parametrize(("model_type", "alpha"), [("unigram", 1e5), ("bpe", 1e-12)])
def test_without_chance_the_best_pieces_come(model_type, alpha, byte_fallback):
    tokenizer = learn(model_type, byte_fallback)
    sampled = SubwordSampler(tokenizer, alpha).sample(LINES + ODD, 1)
    assert sampled == [tokenizer.tokenize_python(line) for line in LINES + ODD]


def segmentations(word):
    """All ways to cut a word: tuples of pieces."""
    for cuts in itertools.product([False, True], repeat=len(word) - 1):
        ends = [i + 1 for i, cut in enumerate(cuts) if cut] + [len(word)]
        yield tuple(word[a:b] for a, b in zip([0, *ends], ends, strict=False))


def test_unigram_segmentations_come_as_often_as_their_probability_says():
    tokenizer = learn()
    processor = tokenizer.processor
    alpha, draws = 0.5, 4000
    weights = {}
    for pieces in segmentations("\u2581cat"):
        ids = tuple(processor.piece_to_id(piece) for piece in pieces)
        if processor.unk_id() not in ids:
            weights[ids] = math.exp(alpha * sum(processor.get_score(i) for i in ids))
    assert len(weights) == 3
    counts = collections.Counter(
        tuple(row) for row in SubwordSampler(tokenizer, alpha).sample(["cat"] * draws, 2)
    )
    assert set(counts) <= set(weights)
    for ids, weight in weights.items():
        share = weight / sum(weights.values())
        assert counts[ids] / draws == pytest.approx(share, abs=4 * math.sqrt(share / draws))


def test_bpe_dropout_of_one_leaves_characters():
    tokenizer = learn("bpe")
    (row,) = SubwordSampler(tokenizer, 1.0).sample(["a cat"], 1)
    assert [tokenizer.id_to_token(i) for i in row] == list("\u2581a\u2581cat")


SCRIPT = """
import sys
from keras_seq2seq.text import SentencePieceTokenizer, SubwordSampler
tokenizer = SentencePieceTokenizer(sys.argv[1])
print(SubwordSampler(tokenizer, 0.2).sample(["a cat sat on a mat"] * 20, "1 s 3"))
"""


def test_another_process_draws_the_same(tmp_path):
    tokenizer = learn()
    sampler = SubwordSampler(tokenizer, 0.2)
    ours = sampler.sample(["a cat sat on a mat"] * 20, "1 s 3")
    assert ours == sampler.sample(["a cat sat on a mat"] * 20, "1 s 3")
    assert ours != sampler.sample(["a cat sat on a mat"] * 20, "1 s 4")
    path = tmp_path / "model.spm"
    path.write_bytes(tokenizer.proto)
    command = [sys.executable, "-c", SCRIPT, str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == str(ours)


def test_what_cannot_be_sampled_is_refused():
    with pytest.raises(ValueError, match="needs a SentencePieceTokenizer.*ByteTokenizer"):
        SubwordSampler(ByteTokenizer(), 0.1)
    for model_type, alpha in (("unigram", 0), ("bpe", 1.5)):
        with pytest.raises(ValueError, match="`alpha` must be above 0"):
            SubwordSampler(learn(model_type), alpha)

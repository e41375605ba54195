"""One shape of a sentence, wherever it is made: training, serving, devices, plain Python."""

from itertools import compress

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_text
from contracts import few_at_first
from tokenizer_samples import EXACT, LINES

from keras_seq2seq import Seq2Seq, TextSeq2Seq, export
from keras_seq2seq.data import SentencePairs, make_dataset, token_lengths
from keras_seq2seq.data.batches.batch_reader import read_rows, write_rows
from keras_seq2seq.data.encoded_pairs import encode_lines
from keras_seq2seq.text import (
    EOS,
    PAD,
    ByteTokenizer,
    CharacterTokenizer,
    SentencePieceTokenizer,
    encode_pair,
    encode_source,
)
from keras_seq2seq.text.characters import replace_surrogates
from keras_seq2seq.text.framing import (
    blank_as_empty,
    encode_source_fast,
    encode_source_python,
)
from keras_seq2seq.text_models.examples import encode_examples
from keras_seq2seq.text_models.source_parts import SourceParts

WHITE_SPACE = [*map(chr, range(9, 14)), " ", "\x85", "\xa0", "\u1680", "\u2028", "\u2029"]
WHITE_SPACE += [*map(chr, range(0x2000, 0x200B)), "\u202f", "\u205f", "\u3000"]
BLANK = ["", *WHITE_SPACE, "  ", "\t\n \u3000", " " * 50]
SURROGATES = ["\ud800", "a\udfff", "\udc00\ud800 cat"]
STRANGE = [
    "\0",
    "a\0b",
    "\0 \0",
    "e\u0301\u0301 \u0301",
    "\u1112\u1161\u11ab",
    "😀🇰🇷👩‍👩‍👧",
    "\u200b",
]
STRANGE += ["\x1c", "\ufeff", "\u202eab\u202c", "</s> <pad> <s>", "\u2581", " cat ", "cat" * 40]
TEXTS = [*BLANK, *STRANGE, *SURROGATES, *LINES[:4], "가" * 40]
WELL_FORMED = list(map(replace_surrogates, TEXTS))  # what a tensor can hold
LIMIT = 16

TOKENIZERS = {
    "byte": ByteTokenizer(EXACT),
    "character": CharacterTokenizer.learn([*LINES, " \t\u3000"], 80, EXACT),
    "unigram": SentencePieceTokenizer.learn([*LINES, "a \t b \u3000 c"], 120, EXACT),
    "bytes": SentencePieceTokenizer.learn(LINES, 400, EXACT, byte_fallback=True),
}
every_tokenizer = pytest.mark.parametrize("tokenizer", TOKENIZERS.values(), ids=TOKENIZERS)


def trimmed(rows):
    return [[i for i in row if i != PAD] for row in np.asarray(rows).tolist()]


@every_tokenizer
def test_every_way_gives_the_same_source(tokenizer):
    expected = trimmed([encode_source_python(tokenizer, text, LIMIT) for text in TEXTS])
    assert expected[: len(BLANK)] == [[EOS]] * len(BLANK)
    assert max(map(len, expected)) == LIMIT
    limits = {"max_source_length": LIMIT, "max_target_length": LIMIT}
    tokenizers = {"source_tokenizer": tokenizer, "target_tokenizer": tokenizer}
    in_graph = tf.function(lambda text: encode_source(tokenizer, text, LIMIT))
    as_tensor = tf.constant(WELL_FORMED)
    pair, _, _ = encode_pair(tokenizer, tokenizer, TEXTS, TEXTS, **limits)
    short = [
        len(tokenizer.tokenize_python(text)) < LIMIT for text in TEXTS
    ]  # fit leaves out others
    x, _, _ = encode_examples(
        [*compress(TEXTS, short)], [*compress(TEXTS, short)], **tokenizers, **limits
    )
    as_short = tf.constant([*compress(WELL_FORMED, short)])
    dataset = tf.data.Dataset.from_tensors((as_short, as_short))
    dataset, _, _ = encode_examples(dataset, **tokenizers, **limits)
    ways = {
        "encode_source": encode_source(tokenizer, TEXTS, LIMIT),
        "in a graph": in_graph(as_tensor),
        "encode_pair": pair["source_ids"],
        "parts of generate": SourceParts.read(TEXTS, tokenizer, LIMIT, "truncate").ids,
    }
    assert {name: trimmed(ids) for name, ids in ways.items()} == dict.fromkeys(ways, expected)
    fitted = [*compress(expected, short)]
    assert len(fitted) > len(BLANK)
    assert trimmed(x["source_ids"]) == trimmed(next(iter(dataset))[0]["source_ids"]) == fitted


@every_tokenizer
def test_rows_of_a_corpus_are_framed_like_its_strings(tokenizer):
    sources = encode_lines(
        [blank_as_empty(t, tokenizer.normalization) for t in WELL_FORMED], tokenizer
    )
    targets = encode_lines(WELL_FORMED, tokenizer)
    ours = read_rows(tf.constant(write_rows(sources, targets, np.arange(len(TEXTS)))))
    theirs = encode_pair(tokenizer, tokenizer, TEXTS, TEXTS)
    for left, right in zip(tf.nest.flatten(ours), tf.nest.flatten(theirs), strict=True):
        np.testing.assert_array_equal(left, right)

    pairs = SentencePairs(BLANK, ["cat"] * len(BLANK))
    assert not token_lengths(pairs, tokenizer, tokenizer)[:, 0].any()
    options = {}
    if isinstance(tokenizer, SentencePieceTokenizer):
        options["subword_sampling"] = (0.1, 0.0)
    dataset = make_dataset(pairs, tokenizer, tokenizer, batch_size=len(BLANK), **options)
    assert [x["source_ids"].numpy().tolist() for x, _, _ in dataset] == [[[EOS]] * len(BLANK)]


def test_the_operator_of_tflite_gives_the_same_source():
    tokenizer = TOKENIZERS["unigram"]  # the operator knows no byte_fallback
    operator = tensorflow_text.FastSentencepieceTokenizer(tokenizer.proto)
    for text in TEXTS:
        sent = tokenizer.normalization.normalize_python(
            blank_as_empty(text, tokenizer.normalization)
        )
        ids = encode_source_fast(operator.tokenize, tf.constant([sent]), LIMIT)
        assert ids.numpy().tolist() == [encode_source_python(tokenizer, text, LIMIT)], text


@pytest.mark.parametrize("name", few_at_first(1, ["unigram", "byte"]))
def test_a_saved_model_scores_blank_sources_as_keras_does(name, tmp_path):
    tokenizer = TOKENIZERS[name]
    size = tokenizer.vocabulary_size
    seq2seq = Seq2Seq.from_options(size, size, units=8, embedding_dim=8)
    model = TextSeq2Seq(seq2seq, tokenizer, tokenizer, 24, 12)
    path = export.saved_model(model, tmp_path, beam_size=1, sample=["cat"])
    sources = [*BLANK, "a cat", *SURROGATES]
    targets = ["cat"] * len(BLANK) + [" \t"] * 4
    expected = model.score(sources, targets)
    np.testing.assert_allclose(expected[:-4], expected[0], rtol=1e-5)
    actual = export.open_artefact(path).score(sources, targets)
    np.testing.assert_allclose(actual, expected, rtol=1e-5)

"""The JavaScript client reads every line of real corpora, and hostile ones, as the product does."""

import os
import pathlib
import random

import pytest
from comparing import compare
from hostile_texts import LONG, hostile_texts, is_fair, random_ids
from test_tokenizer import learnt

from keras_seq2seq.phrasebook.phrasebook import SPLITS, Phrasebook
from keras_seq2seq.text import Normalization

pytestmark = pytest.mark.slow
DATA = pathlib.Path(os.environ.get("KERAS_SEQ2SEQ_DATA") or "/nonexistent")
FILES = ["multi30k/*", "tatoeba-kor-eng/kor.txt", "g2p/*.tsv", "inflection/*.tsv"]
TOKENIZERS = {
    "unigram": Normalization(),
    "unigram-bytes": Normalization("NFKC", lowercase=True),
    "bpe": Normalization("NFD"),
    "bpe-bytes": Normalization(lowercase=True),
    "characters": Normalization("NFD", lowercase=True),
    "bytes": Normalization(),
}
LINES = 4000  # to learn from


def lines_of(pattern):
    """The lines of files, and the parts of each between tabs."""
    for path in sorted(DATA.glob(pattern)):
        for line in path.read_text("utf-8").splitlines():
            yield from line.split("\t")


@pytest.mark.parametrize("kind", TOKENIZERS)
@pytest.mark.parametrize("pattern", FILES)
def test_corpora(pattern, kind, tmp_path):
    if not DATA.is_dir():
        pytest.skip(f"set KERAS_SEQ2SEQ_DATA to a folder with {pattern}")
    lines = list(dict.fromkeys(lines_of(pattern)))
    assert len(lines) > 3000 and all(map(is_fair, lines))
    some = random.Random(7).sample(lines, LINES)
    tokenizer = learnt(kind, TOKENIZERS[kind], some, 3000)
    rows = random_ids(2000, tokenizer.vocabulary_size)
    compare(tokenizer, lines, rows, 64, tmp_path)


@pytest.mark.parametrize("kind", ["unigram", "bpe-bytes"])
def test_the_phrasebook(kind, tmp_path):
    phrasebook = Phrasebook()
    pairs = [pair for name in SPLITS for pair in phrasebook.split(name)]
    for lines in zip(*pairs, strict=True):
        tokenizer = learnt(kind, Normalization(), lines[:LINES], 2000)
        compare(tokenizer, list(lines), [], 24, tmp_path)


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_hostile_texts(kind, tmp_path):
    texts = hostile_texts(20_000, seed=11)
    tokenizer = learnt(kind, TOKENIZERS[kind], texts[:300], 2000)
    rows = random_ids(5000, tokenizer.vocabulary_size)
    compare(tokenizer, [*texts, *LONG], rows, 200, tmp_path)

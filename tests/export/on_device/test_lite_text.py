"""The standalone client makes ids of text, and text of ids, as the tokenizers of this package."""

import os
import pathlib
import random

import pytest
from lite_samples import EXACT, NAMES, NORMALIZATIONS, hostile, lite, long_texts, tokenizer

from keras_seq2seq import Phrasebook, SentencePieceTokenizer
from keras_seq2seq.text import CharacterTokenizer, Normalization
from keras_seq2seq.text.framing import encode_source_python
from keras_seq2seq.text.special_tokens import EOS

DATA = pathlib.Path(os.environ.get("KERAS_SEQ2SEQ_DATA") or "/nonexistent")
KOREAN = Normalization("NFD", lowercase=True)


def differences(ours, client, texts, limit=24):
    """Texts of which the client makes other ids: of all of them, or of the first as a source."""
    found = []
    for text in texts:
        framed = encode_source_python(ours, text, limit)
        first = [] if client.is_blank(text) else client.tokenize(text, limit - 1)
        if framed[: framed.index(EOS)] != first:
            found.append((text, limit))
        if len(text) < 9000 and ours.tokenize_python(text) != client.tokenize(text):
            found.append(text)
    return found


def compare(name, normalization, texts):
    ours = tokenizer(name, normalization)
    assert differences(ours, lite(ours), texts) == []


@pytest.mark.parametrize("name", NAMES)
def test_hostile_strings(name):
    compare(name, EXACT, hostile(150))
    compare(name, KOREAN, hostile(150, seed=1))


def test_every_normalization():
    for seed, normalization in enumerate(NORMALIZATIONS):
        compare("unigram bytes", normalization, hostile(40, seed))
        compare("character", normalization, hostile(20, seed))


@pytest.mark.parametrize("name", ["byte", "character", "unigram", "bpe bytes"])
def test_long_texts(name):
    compare(name, KOREAN, long_texts((4097, 140_000)))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_many_hostile_strings(name):
    for seed, normalization in enumerate(NORMALIZATIONS):
        compare(name, normalization, hostile(700, seed))
    compare(name, KOREAN, long_texts())


@pytest.mark.parametrize("name", NAMES)
def test_any_ids_become_text(name):
    for normalization in (EXACT, KOREAN):
        ours = tokenizer(name, normalization)
        client, chance = lite(ours), random.Random(0)
        for _ in range(100):
            count = chance.randrange(12)
            ids = [chance.randrange(-3, ours.vocabulary_size + 3) for _ in range(count)]
            text = ours.detokenize_python(ids)
            assert client.detokenize(ids) == text
            parts = [client.detokenize(ids[:n], whole=False) for n in range(count + 1)]
            for part, following in zip(parts, [*parts[1:], text], strict=True):
                assert following.startswith(part), (ids, parts)


def corpora():
    """The lines of each corpus, by name."""
    book = Phrasebook()
    pairs = [pair for part in ("train", "valid", "test") for pair in book.split(part)]
    yield "phrasebook", [text for pair in pairs for text in pair]
    files = {
        "multi30k": [*DATA.glob("multi30k/*.en"), *DATA.glob("multi30k/*.de")],
        "tatoeba": [DATA / "tatoeba-kor-eng" / "kor.txt"],
        "g2p": sorted(DATA.glob("g2p/*.tsv")),
        "inflection": sorted(DATA.glob("inflection/*.tsv")),
    }
    for name, paths in files.items():
        yield name, [line for path in paths for line in path.read_text("utf-8").split("\n")]


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="set KERAS_SEQ2SEQ_DATA to a folder of corpora")
def test_every_line_of_real_corpora():
    for name, lines in corpora():
        assert len(lines) > 1000, name
        some = lines[:: max(1, len(lines) // 5000)]
        learn = SentencePieceTokenizer.learn
        for ours in (
            learn(some, 2000),
            learn(some, 2000, model_type="bpe", byte_fallback=True),
            learn(some, 1200, KOREAN, byte_fallback=True),
            CharacterTokenizer.learn(some, 100, KOREAN),
            tokenizer("byte"),
        ):
            assert differences(ours, lite(ours, 64), lines, 64) == []

"""Whatever string comes: no crash, no hang, and the same result as alone."""

import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keras_seq2seq import Seq2Seq, TextSeq2Seq
from keras_seq2seq.data import read_pairs
from keras_seq2seq.data.corpus_error import CorpusError
from keras_seq2seq.text import ByteTokenizer, CharacterTokenizer, Normalization

NASTY = [
    "",
    " \t\u3000\n",
    "\0",
    "\0" * 50,
    "a" * 10_000,
    "가" * 10_000,
    ". " * 5_000,
    "😀🇰🇷👩‍👩‍👧" * 20,
    "שלום עולם",
    "\u202eabc\u202c",
    "e" + "\u0301" * 500,
    "\ufeff",
    "\ufffd\uffff",
    "\ud800",
    "ሰላም ᠮᠣᠩᠭᠣᠯ 𒀀",
    "</s> <pad> <s> <unk> ▁",
    b"\xff\xfe\x80",
    b"\xed\xa0\x80",
    b"\xc3",
]
TEXTS = st.one_of(
    # Not five thousand sentences in every batch, each to be translated by itself where it is split.
    st.sampled_from([text for text in NASTY if text != ". " * 5_000] + [". " * 100]),
    st.text(max_size=40),
    st.binary(max_size=30),
    st.text("가나다 .!?\0\u0301\u200d😀\u05d0\u202e", max_size=60),
    st.builds(lambda piece, n: piece * n, st.text(min_size=1, max_size=4), st.integers(1, 200)),
)
SEARCHES = [
    {},
    {"beam_size": 3},
    {"sampling": True, "seed": 1, "top_p": 0.9},
    {"long_sources": "split"},
]
BATCH = 64


def check(model, texts, options):
    details = model.generate(texts, return_details=True, **options)
    assert len(details) == len(texts)
    for text, one in zip(texts, details, strict=True):
        assert isinstance(one.text, str)
        one.text.encode("utf-8")
        assert np.isfinite(one.score) and one.score <= 1e-6
        text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        if model.source_tokenizer.normalization.is_blank(text):
            assert one.text == "" and one.score == 0
        assert len(one.source_spans) == len(one.source_tokens)
    alone = np.random.default_rng(len(texts[0])).integers(len(texts))
    assert model.generate([texts[alone]], **options) == [details[alone].text]


def run_many(model, batches):
    """`batches` times a batch of 64 strings that hypothesis makes."""
    count = iter(range(10**9))

    @given(st.lists(TEXTS, min_size=BATCH, max_size=BATCH))
    @settings(
        max_examples=batches,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def test(texts):
        check(model, texts, SEARCHES[next(count) % len(SEARCHES)])

    test()


@pytest.fixture(scope="module")
def models(trained):
    characters = CharacterTokenizer.learn(["가나다라 abc", "😀 e\u0301"], 40, Normalization("NFD"))
    others = []
    for source in (ByteTokenizer(Normalization(None, collapse_whitespace=False)), characters):
        size = source.vocabulary_size
        seq2seq = Seq2Seq.from_options(size, size, units=8, embedding_dim=8)
        others.append(TextSeq2Seq(seq2seq, source, source, 48, 12))
    return [trained, *others]


@pytest.mark.parametrize("which", [0, 1, 2], ids=["sentencepiece", "bytes", "characters"])
@pytest.mark.parametrize(
    "options",
    [*SEARCHES[:2], *(pytest.param(options, marks=pytest.mark.slow) for options in SEARCHES[2:])],
    ids=["greedy", "beam", "sampling", "split"],
)
def test_the_worst_strings_known(models, which, options):
    check(models[which], NASTY, options)


def test_a_thousand_strings(models):
    run_many(models[0], 16)


@pytest.mark.slow
@pytest.mark.parametrize("which", [0, 1, 2], ids=["sentencepiece", "bytes", "characters"])
def test_twenty_thousand_strings(models, which):
    run_many(models[which], -(-20_000 // BATCH))


MEGABYTE = 1_000_000
HUGE = {  # what is said again and again, in UTF-8 or not
    name: (piece * (MEGABYTE // len(piece) + 1))[:MEGABYTE]
    for name, piece in {
        "known": b"a",
        "sentences": "저는 학생이에요. ".encode(),
        "unknown": "쀍".encode(),
        "unknown words": "쀍 ".encode(),
        "emoji": "👩\u200d👧❤\ufe0f".encode(),
        "expands": "\ufdfa".encode(),
        "marks": "\u0301\u0323".encode(),
        "invisible": "\u200b\u00ad".encode(),
        "white space": b" \t",
        "nul": b"\0",
        "continuation": b"\x80",
        "no byte of UTF-8": b"\xff",
        "surrogates": b"\xed\xa0\x80",
        "dots": b". ",
        "random": np.random.default_rng(7).bytes(MEGABYTE),
        "code points": "".join(map(chr, range(32, 0xD800))).encode(),
    }.items()
}


@pytest.mark.slow
@pytest.mark.parametrize("which", [0, 1, 2], ids=["sentencepiece", "bytes", "characters"])
@pytest.mark.parametrize("name", HUGE)
def test_a_megabyte_takes_less_than_a_second(models, which, name, tmp_path):
    model, raw = models[which], HUGE[name]
    text = raw.decode("utf-8", "replace")
    tokenizer, limit = model.source_tokenizer, model.max_source_length
    path = tmp_path / "huge.tsv"
    path.write_bytes(raw.replace(b"\t", b" ").replace(b"\n", b" ") + b"\tb\n")
    tokens = []
    ways = {
        "generate": lambda: model.generate(raw),
        "score": lambda: model.score(raw, "a"),
        "score of a target": lambda: model.score("a", raw),
        "graph": lambda: tokens.append(tokenizer.tokenize([raw], limit).to_list()[0]),
        "python": lambda: tokens.append(tokenizer.tokenize_python(text, limit)),
        "whole": lambda: tokenizer.tokenize([raw]),
        "whole, python": lambda: tokenizer.tokenize_python(text),
        "reader": lambda: read_pairs(str(path)),
    }
    for way, call in ways.items():
        best = float("inf")
        for _ in range(3):  # the first traces graphs, and the machine has other things to do
            start = time.perf_counter()
            try:
                call()
            except (ValueError, CorpusError) as error:
                assert way in ("score of a target", "reader"), error
            best = min(best, time.perf_counter() - start)
        assert best < 1, f"{way}: {best:.2f} s"
    assert all(row == tokens[0] for row in tokens)
    if name != "code points":  # of which ICU knows more than this Python
        assert tokenizer.tokenize([raw]).to_list()[0][:limit] == tokens[0]
    alone = model.generate(raw)
    assert model.generate(["a", raw, "", raw[:100]])[1] == alone

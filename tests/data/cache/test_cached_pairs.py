"""A corpus on disk: the same pairs, order, report and facts as in memory, whoever reads it."""

import errno
import gzip
import itertools
import os

import numpy as np
import pytest
import tensorflow as tf

from keras_seq2seq import Phrasebook, make_dataset
from keras_seq2seq.data import EpochCounter, hold_out, read_pairs
from keras_seq2seq.data.cache import cache_pairs as making
from keras_seq2seq.data.cache import chunk
from keras_seq2seq.data.cache.cache_pairs import cache_pairs
from keras_seq2seq.data.cache.large_corpus import LargeCorpus, is_large
from keras_seq2seq.data.cache.mapped_rows import MappedRows
from keras_seq2seq.data.cache.reporting import Reporting
from keras_seq2seq.data.cache.scanned_corpus import ScannedCorpus
from keras_seq2seq.data.corpus_error import CorpusError
from keras_seq2seq.data.encoded_pairs import EncodedPairs
from keras_seq2seq.data.pipeline import drop_over_long
from keras_seq2seq.data.quality.alike import drop_alike
from keras_seq2seq.data.quality.judgement import judge_pairs
from keras_seq2seq.text.byte_tokenizer import ByteTokenizer
from keras_seq2seq.text.sentencepiece.sentencepiece_tokenizer import SentencePieceTokenizer

ODD = [("", "x"), ("café", "a"), ("cafe\u0301", "a"), ("x", "\u200b"), ("café", "b"), (" ", "\t")]
PAIRS = Phrasebook(size=5000).split("train")[:900]
ROWS = [*PAIRS, *PAIRS[:20], *ODD]
LIMITS = {"max_source_length": 15, "max_target_length": 13}


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(chunk, "LINES", 100)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Three shards of a table, gzipped, and the tokenizers that were learnt from them."""
    folder = tmp_path_factory.mktemp("corpus")
    for i in range(3):
        with gzip.open(folder / f"{i}.tsv.gz", "wt", encoding="utf-8") as file:
            file.writelines(f"{source}\t{target}\n" for source, target in ROWS[i::3])
    spec = str(folder / "*.tsv.gz")
    pairs = read_pairs(spec)
    sides = (pairs.sources, pairs.targets)
    return spec, [SentencePieceTokenizer.learn(side, 700) for side in sides]


def scan(spec, root, processes=0, sample=10_000, **options):
    return ScannedCorpus.of(LargeCorpus(spec, **options), root, sample=sample, processes=processes)


def rows_of(dataset):
    return [
        [array.numpy().tolist() for array in (x["source_ids"], x["decoder_ids"], y, weight)]
        for x, y, weight in dataset
    ]


@pytest.fixture(scope="module")
def both(corpus, tmp_path_factory):
    """The pairs to train on in a cache and in memory, and those that are held out."""
    spec, tokenizers = corpus
    train, valid = hold_out(read_pairs(spec))
    scanned = scan(spec, tmp_path_factory.mktemp("cache"), holds_out=True)
    assert list(scanned.sample) == list(train) and scanned.report == train.report
    assert list(scanned.held_out) == list(valid)
    cached = cache_pairs(scanned, *tokenizers, processes=0, **LIMITS)
    encoded = EncodedPairs.of(drop_alike(train, *tokenizers), *tokenizers)
    return cached, drop_over_long(encoded, *tokenizers, **LIMITS), valid


def test_what_is_known_of_the_pairs_is_the_same(corpus, both):
    cached, encoded, valid = both
    _, tokenizers = corpus
    report = encoded.pairs.report
    assert cached.report == report
    assert min(report.duplicate, report.empty, report.over_long, report.held_out) > 0
    others = EncodedPairs.of(valid, *tokenizers)
    assert judge_pairs(cached, others, *tokenizers) == judge_pairs(encoded, others, *tokenizers)
    assert cached.overlap(encoded.pairs) == {"pairs": len(cached), "sources": len(cached)}
    for n in (0, 7, len(cached) - 1):
        assert cached.sources[n].tolist() == encoded.sources[n].tolist()
        text = cached.pairs.targets[n]
        assert text == tokenizers[1].detokenize_python(encoded.targets[n].tolist())


@pytest.mark.parametrize(
    "options",
    [{}, {"batch_tokens": 200}, {"shuffle": False}, {"max_target_length": 9}, {"r_drop": True}],
)
@pytest.mark.filterwarnings("ignore:.*over-long")
def test_the_batches_are_the_same(corpus, both, options):
    cached, encoded, _ = both
    _, tokenizers = corpus
    options = {"batch_size": 16, "seed": 5, **options}
    ours, theirs = (make_dataset(pairs, *tokenizers, **options) for pairs in (cached, encoded))
    assert len(ours) == len(theirs) > 3
    first, second = rows_of(ours), rows_of(ours)
    assert [first, second] == [rows_of(theirs), rows_of(theirs)]
    counter = EpochCounter(epoch=1, batch=2, skipped=[(1, 3)])
    resumed = make_dataset(cached, *tokenizers, epoch_counter=counter, **options)
    assert rows_of(resumed) == [second[2], *second[4:]]
    assert rows_of(make_dataset(cached, *tokenizers, epoch=1, **options)) == second


def test_other_processes_find_the_same(corpus, both, tmp_path):
    spec, _ = corpus
    cached, _, _ = both
    scanned = scan(spec, tmp_path, processes=2, holds_out=True)
    assert (
        scanned.report
        == ScannedCorpus.of(scanned.corpus, cached.directory.parent.parent, sample=10_000).report
    )
    np.testing.assert_array_equal(scanned.status, np.load(cached.directory.parent / "status.npy"))


@pytest.mark.slow
def test_other_processes_tokenise_the_same(corpus, both, tmp_path):
    spec, tokenizers = corpus
    cached, _, _ = both
    scanned = scan(spec, tmp_path, processes=2, holds_out=True)
    found = cache_pairs(scanned, *tokenizers, processes=2, **LIMITS)
    for path in cached.directory.iterdir():
        assert path.read_bytes() == (found.directory / path.name).read_bytes()


def test_a_cache_is_found_again_and_made_anew_for_other_contents(corpus, tmp_path, monkeypatch):
    path = tmp_path / "a.tsv"
    path.write_text("".join(f"a{n}\tb{n}\n" for n in range(300)))
    tokenizer, others = ByteTokenizer(), corpus[1]
    first = cache_pairs(scan(str(path), tmp_path / "c"), tokenizer, tokenizer, processes=0)
    with monkeypatch.context() as patched:
        patched.setattr(making, "_fill", None)
        again = cache_pairs(scan(str(path), tmp_path / "c"), tokenizer, tokenizer)
        assert again.directory == first.directory
    for change in (others, (tokenizer, others[1])):
        made = cache_pairs(scan(str(path), tmp_path / "c"), *change, processes=0)
        assert made.directory != first.directory
    path.write_text(path.read_text().replace("b7\n", "c7\n"))
    changed = cache_pairs(scan(str(path), tmp_path / "c"), tokenizer, tokenizer, processes=0)
    assert "c7" in list(changed.pairs.targets) and "b7" in list(first.pairs.targets)


def test_a_sample_is_taken_from_a_large_corpus(corpus, tmp_path):
    spec, _ = corpus
    pairs = list(read_pairs(spec))
    sample = list(scan(spec, tmp_path, sample=50).sample)
    places = [pairs.index(pair) for pair in sample]
    assert len(sample) == 50 and places == sorted(set(places))
    assert max(places) > len(pairs) / 2


def test_what_breaks_off_leaves_nothing_and_begins_anew(corpus, tmp_path, monkeypatch):
    spec, tokenizers = corpus
    scanned, parts = scan(spec, tmp_path), itertools.count()
    write = making._write_rows

    def break_off(directory, *rest):
        if not next(parts):
            (directory / "half.npy").write_bytes(b"half")
            raise KeyboardInterrupt
        return write(directory, *rest)

    monkeypatch.setattr(making, "_write_rows", break_off)
    with pytest.raises(KeyboardInterrupt):
        cache_pairs(scanned, *tokenizers, processes=0)
    assert not [path for path in scanned.directory.iterdir() if path.is_dir()]
    cached = cache_pairs(scanned, *tokenizers, processes=0)
    killed = cached.directory.with_name(f"{cached.directory.name}.building")
    cached.directory.rename(killed)  # as one leaves it who is killed
    (killed / "half.npy").write_bytes(b"half")
    cached = cache_pairs(scanned, *tokenizers, processes=0)
    assert not killed.exists() and not (cached.directory / "half.npy").exists()
    assert not list(cached.directory.glob(".lock"))


def test_what_is_gone_or_cut_off_is_made_anew(corpus, tmp_path):
    spec, tokenizers = corpus
    said: list[str] = []

    def made():
        scanned = ScannedCorpus.of(
            LargeCorpus(spec), tmp_path, processes=0, reporting=Reporting(say=said.append)
        )
        return cache_pairs(scanned, *tokenizers, processes=0, reporting=Reporting(say=said.append))

    def contents():
        return {
            path.relative_to(tmp_path): path.read_bytes()
            for path in tmp_path.rglob("*")
            if path.is_file()
        }

    cached, before = made(), contents()
    for directory, damage in (
        (cached.directory, lambda file: os.truncate(file, file.stat().st_size // 2)),
        (cached.directory.parent, os.unlink),
    ):
        for file in [path for path in directory.iterdir() if path.is_file()]:
            damage(file)
            made()
            assert contents() == before
            assert said and str(directory) in said.pop() and not said


@pytest.mark.parametrize("lines", [100, 400], ids=["shorter", "longer"])
def test_a_corpus_that_changes_meanwhile_is_refused(tmp_path, lines):
    path, tokenizer = tmp_path / "a.tsv", ByteTokenizer()
    path.write_text("".join(f"a{n}\tb{n}\n" for n in range(300)))
    scanned = scan(str(path), tmp_path / "cache")
    path.write_text("".join(f"c{n}\td{n}\n" for n in range(lines)))
    with pytest.raises(CorpusError, match="a.tsv was written to while it was read"):
        cache_pairs(scanned, tokenizer, tokenizer, processes=0)
    assert not [path for path in scanned.directory.iterdir() if path.is_dir()]


def test_a_full_disk_is_told_with_its_place(corpus, tmp_path, monkeypatch):
    def write(directory, *rest):
        (directory / "half.npy").write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    scanned = scan(corpus[0], tmp_path)
    monkeypatch.setattr(making, "_write_rows", write)
    with pytest.raises(OSError, match=f"Make room, .*data.cache_directory.*{tmp_path}"):
        cache_pairs(scanned, *corpus[1], processes=0)
    assert not [path for path in scanned.directory.iterdir() if path.is_dir()]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["a\tb"] * 250 + ["no tab"], "a.tsv, line 251: no tab found"),
        (["a\tb\rc\td"], "line 1: byte 4 of the line is a carriage return"),
        (["a\t"] * 3, "none of 3 lines is left \\(3 empty\\)"),
        (["a\tb"] * 200, "1 pairs, too few to hold some out"),
        ([], "a.tsv is empty"),
    ],
)
def test_errors_are_those_of_reading_it_in_memory(tmp_path, lines, message):
    path = tmp_path / "a.tsv"
    path.write_text("".join(f"{line}\n" for line in lines), newline="")
    for processes in (0, 1):
        with pytest.raises(CorpusError, match=message):
            scan(str(path), tmp_path / "cache", processes, holds_out=True)
    with pytest.raises(CorpusError, match=message):
        hold_out(read_pairs(str(path)))


def test_two_files_of_different_length(tmp_path):
    for name, count in (("a.en", 250), ("a.de", 310)):
        (tmp_path / name).write_text("line\n" * count)
    with pytest.raises(CorpusError, match="a.en has 250 lines, but .*a.de has 310"):
        scan(f"{tmp_path / 'a.en'},{tmp_path / 'a.de'}", tmp_path / "cache")


def test_nothing_short_enough(corpus, tmp_path):
    spec, tokenizers = corpus
    with pytest.raises(CorpusError, match="are over-long"):
        cache_pairs(scan(spec, tmp_path), *tokenizers, max_source_length=1, processes=0)


def test_subword_sampling_needs_texts(corpus, both):
    with pytest.raises(ValueError, match="ids alone"):
        make_dataset(both[0], *corpus[1], subword_sampling=(0.1, 0.0))


def test_what_is_large(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_bytes(b"a\tb\n")
    os.truncate(path, 2**28)
    assert not is_large(str(path)) and not is_large("phrasebook")
    os.truncate(path, 2**28 + 1)
    assert is_large(str(path))
    with gzip.open(path, "wb") as file:
        file.write(b"")
    os.truncate(path, 2**26 + 1)
    assert is_large(str(path))


# === Memory ===


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="nobody tells the memory")
def test_files_of_ids_are_mapped_and_not_copied(tmp_path):
    np.lib.format.open_memmap(tmp_path / "side_ids.npy", "w+", np.uint16, (10**8,))[7] = 5
    np.save(tmp_path / "side_starts.npy", np.arange(1000))
    np.save(tmp_path / "side_lengths.npy", np.full(1000, 2, np.int32))
    rows = MappedRows(tmp_path / "side").in_graph()
    dataset = tf.data.Dataset.range(1000).batch(10).map(lambda places: rows(places).to_tensor())
    before = _private_mb()
    assert next(iter(dataset)).numpy()[5:8].tolist() == [[0, 0], [0, 5], [5, 0]]
    assert _private_mb() - before < 50  # of 200


def _private_mb():
    with open("/proc/self/status", encoding="ascii") as file:
        facts = dict(line.split(":", 1) for line in file)
    return int(facts["RssAnon"].split()[0]) / 1024


# === tf.data service ===


@pytest.mark.parametrize("kind", ["cached", "in memory"])
def test_the_service_of_tf_data_delivers_an_epoch(corpus, both, kind):
    pairs = both[0] if kind == "cached" else both[1]
    options = {"batch_size": 16, "seed": 5, "epoch": 2}
    direct = rows_of(make_dataset(pairs, *corpus[1], **options))
    service = tf.data.experimental.service
    dispatcher = service.DispatchServer()
    address = dispatcher.target.removeprefix("grpc://")
    workers = [
        service.WorkerServer(service.WorkerConfig(dispatcher_address=address)) for _ in range(2)
    ]
    for policy, count in (("OFF", 2), ("DYNAMIC", 1)):
        served = make_dataset(pairs, *corpus[1], **options).apply(
            service.distribute(getattr(service.ShardingPolicy, policy), dispatcher.target)
        )
        rows = rows_of(served)
        assert sorted(rows) == sorted(direct * count)
    del workers

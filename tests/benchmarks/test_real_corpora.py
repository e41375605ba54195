import pytest
from real_corpora import (
    VARIABLE,
    multi30k_files,
    read_split,
    split_by_target,
    tatoeba_splits,
    write_tables,
)

from keras_seq2seq.data import SentencePairs, read_pairs

PAIRS = SentencePairs.from_pairs(
    [(f"물 {i} {way}", f"water {i}") for i in range(60) for way in ("a", "b")]
    + [("물 3 a", "another water"), ("물 59 b", "the last water")]
)


def test_without_the_variable_it_says_what_is_wanted(monkeypatch, tmp_path):
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(ValueError, match=f"{VARIABLE} is not set.*folder multi30k/ with train.en"):
        multi30k_files()
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with pytest.raises(ValueError, match="tatoeba-kor-eng lacks kor.txt"):
        tatoeba_splits()


def test_multi30k_has_three_splits(data):
    files = multi30k_files()
    assert {name: len(read_split(spec)) for name, spec in files.items()} == {
        "train": 60, "valid": 12, "test": 12,
    }  # fmt: skip
    assert read_split(files["valid"]).sources[0].startswith("A girl")


def test_held_out_sentences_are_nowhere_else():
    splits = split_by_target(PAIRS, seed=0, test=10, valid=5)
    assert (len(splits["test"]), len(splits["valid"])) == (10, 5)
    for name in ("test", "valid"):
        for side in ("sources", "targets"):
            mine = set(getattr(splits[name], side))
            assert len(mine) == len(splits[name])
            for other in splits.keys() - {name}:
                assert mine.isdisjoint(getattr(splits[other], side)), (name, other, side)
    assert 80 <= len(splits["train"]) <= 92


def test_the_split_is_of_the_seed_alone():
    splits = [split_by_target(PAIRS, seed, 10, 5)["test"].targets for seed in (0, 0, 1)]
    assert splits[0] == splits[1] != splits[2]
    backwards = SentencePairs.from_pairs(list(PAIRS)[::-1])
    assert split_by_target(backwards, 0, 10, 5)["test"].targets == splits[0]


def test_a_corpus_may_be_too_small():
    with pytest.raises(ValueError, match="62 different targets; 60 for the test and 5"):
        split_by_target(PAIRS, 0, 60, 5)


def test_tables_are_read_back(tmp_path):
    splits = split_by_target(PAIRS, 0, 10, 5)
    files = write_tables(splits, tmp_path / "new")
    for name, pairs in splits.items():
        assert list(read_pairs(files[name])) == list(pairs)

"""Corpora from outside, found by the environment variable KERAS_SEQ2SEQ_DATA."""

from __future__ import annotations

import os
import pathlib
import random

from keras_seq2seq.data import SentencePairs, read_pairs

VARIABLE = "KERAS_SEQ2SEQ_DATA"


def corpus_folder(name: str, files) -> pathlib.Path:
    """The folder of a corpus, with all its files.

    Raises:
        ValueError: if the variable is not set, or something is not there.
    """
    home = os.environ.get(VARIABLE)
    if not home:
        raise ValueError(
            f"{VARIABLE} is not set. Set it to the directory that has the folder {name}/ with "
            f"{', '.join(files)}."
        )
    folder = pathlib.Path(home, name)
    missing = [file for file in files if not (folder / file).is_file()]
    if missing:
        raise ValueError(
            f"{folder} lacks {', '.join(missing)}. {VARIABLE} must name the directory that has "
            f"the folder {name}/ with {', '.join(files)}."
        )
    return folder


def multi30k_files(source="en", target="de") -> dict[str, str]:
    """Corpus specs of Multi30k's splits: "train", "valid" and "test" (test_2016_flickr)."""
    stems = {"train": "train", "valid": "val", "test": "test_2016_flickr"}
    names = [f"{stem}.{side}" for stem in stems.values() for side in (source, target)]
    folder = corpus_folder("multi30k", names)
    return {
        split: f"{folder / stem}.{source},{folder / stem}.{target}" for split, stem in stems.items()
    }


def read_split(spec: str) -> SentencePairs:
    """A split to score: every line, in its place."""
    return read_pairs(spec, drop_duplicates=False, drop_empty=False)


def tatoeba_splits(seed=0, test=300, valid=300) -> dict[str, SentencePairs]:
    """Korean to English, split by unique English sentence.

    The unique English sentences are shuffled; the first `test` of them are the test set, the next
    `valid` the validation set, each with the first of its Korean sentences. No sentence of either,
    English or Korean, is left in the training set.

    Returns:
        dict from "train", "valid" and "test" to `SentencePairs`.
    """
    path = corpus_folder("tatoeba-kor-eng", ["kor.txt"]) / "kor.txt"
    pairs = read_pairs(str(path), columns=(2, 1))
    return split_by_target(pairs, seed, test, valid)


def split_by_target(pairs, seed, test, valid) -> dict[str, SentencePairs]:
    """See `tatoeba_splits`; the target is what is unique."""
    unique = sorted(set(pairs.targets))
    if len(unique) <= test + valid:
        raise ValueError(
            f"{pairs.origin} has {len(unique):,} different targets; {test} for the test and "
            f"{valid} for validation leave nothing to learn from."
        )
    random.Random(seed).shuffle(unique)
    first = {}
    for source, target in pairs:
        first.setdefault(target, source)
    held_out = {"test": unique[:test], "valid": unique[test : test + valid]}
    splits = {
        name: SentencePairs.from_pairs([(first[t], t) for t in targets], f"{pairs.origin}:{name}")
        for name, targets in held_out.items()
    }
    seen_targets = {t for split in splits.values() for t in split.targets}
    seen_sources = {s for split in splits.values() for s in split.sources}
    rest = [(s, t) for s, t in pairs if t not in seen_targets and s not in seen_sources]
    return {"train": SentencePairs.from_pairs(rest, f"{pairs.origin}:train"), **splits}


def write_tables(splits, folder) -> dict[str, str]:
    """Writes each split as source, TAB, target; gives the files by split."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for name, pairs in splits.items():
        path = folder / f"{name}.tsv"
        path.write_text("".join(f"{s}\t{t}\n" for s, t in pairs), "utf-8")
        files[name] = str(path)
    return files

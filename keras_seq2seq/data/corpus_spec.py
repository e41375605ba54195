"""What a corpus spec stands for: the words, the globs and the commas of it."""

import difflib
import glob
import os

from keras_seq2seq.data.corpus_error import CorpusError
from keras_seq2seq.data.text_lines import missing_file_message

PHRASEBOOK = "phrasebook"
SPLITS = ("train", "valid", "test")


def phrasebook_split(spec: str) -> str | None:
    """The split of the built-in corpus that a spec names; None where it names files.

    >>> phrasebook_split("phrasebook"), phrasebook_split("phrasebook:test")
    ('train', 'test')
    """
    word, colon, split = spec.partition(":")
    if word != PHRASEBOOK:
        return None
    if not colon:
        return SPLITS[0]
    if split not in SPLITS:
        nearest = difflib.get_close_matches(split, SPLITS, n=1, cutoff=0.0)[0]
        raise CorpusError(
            f"The built-in corpus has no split {split!r}; it has {', '.join(SPLITS)}. "
            f"Did you mean {PHRASEBOOK}:{nearest}?"
        )
    return split


def corpus_files(spec: str) -> list[tuple[str, ...]]:
    """The files that a spec names, in reading order.

    Globs are expanded in sorted order. A comma that is part of the name of an existing file
    separates nothing.

    ```python
    corpus_files("corpus/*.tsv")        # [("corpus/a.tsv",), ("corpus/b.tsv",)]
    corpus_files("train.ko,train.en")   # [("train.ko", "train.en")]
    ```
    """
    if not spec.strip():
        raise CorpusError(
            'A corpus spec is empty. Write "file.tsv", "source_file,target_file" or "phrasebook".'
        )
    if os.path.exists(spec) or "," not in spec:
        return [(path,) for path in _expand(spec)]
    source_spec, target_spec = _split_at_comma(spec)
    sources, targets = _expand(source_spec), _expand(target_spec)
    if len(sources) != len(targets):
        raise CorpusError(
            f"{source_spec} matches {len(sources)} files, but {target_spec} matches "
            f"{len(targets)}: every source file needs its target file."
        )
    return list(zip(sources, targets, strict=True))


def corpus_kind(spec: str) -> str:
    """What a spec names, to people: columns mean the same in corpora of one kind alone.

    >>> corpus_kind("phrasebook:test"), corpus_kind("a.en,a.de"), corpus_kind("corpus/*.tsv")
    ('the built-in corpus', 'a pair of files', 'a table')
    """
    if spec.partition(":")[0] == PHRASEBOOK:
        return "the built-in corpus"
    two = "," in spec and not os.path.exists(spec)
    return "a pair of files" if two else "a table"


def _split_at_comma(spec: str) -> tuple[str, str]:
    """The two sides of `source_file,target_file`, where names may hold commas themselves."""
    commas = (i for i, character in enumerate(spec) if character == ",")
    sides = [(spec[:i].strip(), spec[i + 1 :].strip()) for i in commas]
    matching = [pair for pair in sides if all(_matches(side) for side in pair)]
    if len(matching) == 1:
        return matching[0]
    if len(sides) == 1:
        if not all(sides[0]):
            raise CorpusError(
                f'{spec!r} names one file and a comma. Write "source_file,target_file".'
            )
        return sides[0]
    raise CorpusError(
        f'{spec!r} holds {len(sides)} commas: "source_file,target_file" takes one. '
        "For several files use a glob, as in corpus/*.tsv."
    )


def _matches(side: str) -> bool:
    return bool(side) and (os.path.exists(side) or bool(glob.glob(side)))


def _expand(path: str) -> list[str]:
    """The files of a path or glob, sorted; a path without wildcards stays as it is."""
    if os.path.exists(path):
        return [path]
    if not glob.has_magic(path):
        raise CorpusError(missing_file_message(path))
    files = sorted(found for found in glob.glob(path, recursive=True) if os.path.isfile(found))
    if not files:
        raise CorpusError(f"No file matches {path}. Look at the directory and the ending.")
    return files

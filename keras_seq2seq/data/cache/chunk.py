"""A corpus in parts, each small enough to be sent to a process."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from keras_seq2seq.data.cache.large_corpus import LargeCorpus
from keras_seq2seq.data.line_stream import LineStream
from keras_seq2seq.data.parallel_text import refuse_different_lengths, rows_of_lines

LINES = 20_000  # of a chunk


@dataclass(frozen=True)
class Chunk:
    """Some lines of a table, or of two files that belong together, in their order.

    Args:
        files: One file or two.
        sides: The lines of each.
        first_line: The number of the first one in its file, from 1.
    """

    files: tuple[str, ...]
    sides: list[list[str]]
    first_line: int

    def __len__(self) -> int:
        return len(self.sides[0])

    @classmethod
    def all_of(cls, corpus: LargeCorpus) -> Iterator["Chunk"]:
        """Cuts a corpus; no more than a chunk is in memory.

        Raises:
            CorpusError: a file is broken, or two differ in length; or they have changed since it
                was known which they are.
        """
        for files in corpus.files:
            streams = [
                itertools.chain.from_iterable(LineStream.open(path, LINES, inner_cr=True))
                for path in files
            ]
            first_line = 1
            while any(sides := [list(itertools.islice(stream, LINES)) for stream in streams]):
                counts = [len(side) for side in sides]
                if len(set(counts)) > 1:
                    rest = (sum(1 for _ in stream) for stream in streams)
                    totals = [
                        first_line - 1 + n + more for n, more in zip(counts, rest, strict=True)
                    ]
                    refuse_different_lengths(files, totals)
                yield cls(files, sides, first_line)
                first_line += len(sides[0])
        corpus.refuse_changes()

    def rows(
        self, columns: tuple[int, int], places: np.ndarray | None = None
    ) -> list[tuple[str, str]]:
        """The pairs, with no white space around, as `read_pairs` reads them.

        Args:
            columns: Those of source and target.
            places: Of lines that were read before, (N,); all lines if not given.
        """
        sides, checked = self.sides, places is not None
        if places is not None:
            sides = [[side[place] for place in places] for side in sides]
        rows = rows_of_lines(self.files, sides, columns, self.first_line, checked)
        return [(source.strip(), target.strip()) for source, target in rows]

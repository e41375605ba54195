"""Translates files of text by Apache Beam's RunInference, on this machine or another runner.

    python beam.py served/ko_en "corpus/*.txt" --output translated.txt --runner DirectRunner

See README.md beside this file.
"""

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO, TypeAlias

from command_line import PARQUET, OutputError, parser_of, part_of, positive, reason_of
from served_text_model import ModelError, ServedTextModel, find_version
from text_lines import Line, TextError, find_files, match_local, read_lines

try:
    import apache_beam as beam
    from apache_beam.internal import cloudpickle
    from apache_beam.io.filesystem import CompressionTypes
    from apache_beam.io.filesystems import FileSystems
    from apache_beam.ml.inference.base import KeyedModelHandler, ModelHandler, RunInference
    from apache_beam.options.pipeline_options import PipelineOptions
except ImportError:
    sys.exit("Apache Beam is not installed: pip install -r export/cluster/requirements-beam.txt")

WINDOW = 2048  # lines that are sorted by length among themselves
_LINES_OF_A_PART = 2**16  # of a file that is written at once

# Workers get these modules with the pipeline: nothing of this folder has to be installed there.
for _name in {"served_text_model", "text_lines", __name__} - {"__main__"}:
    cloudpickle.register_pickle_by_value(sys.modules[_name])


# What goes from worker to worker is of plain types: Beam's coders know no modules by value.
Row: TypeAlias = tuple[int, str, int, str]  # a Line
Translation: TypeAlias = dict[str, Any]  # `text` and what else of `OUTPUTS` the signature gives


class TextModelHandler(ModelHandler[str, Translation, ServedTextModel]):
    """Lets RunInference translate strings by a SavedModel of this project.

    `TFModelHandlerTensor` cannot: it asks Keras to load the model, and batches tensors of one
    shape. This one asks for windows of lines, which it sorts by length.

    Args:
        version: str. A SavedModel's version directory, which every worker sees under this path.
        signature: str. `serving_default` or `beam`.
        batch_size: int. Texts that run at once.
        threads: int. Cores that TensorFlow may use; 0 leaves it to TensorFlow.

    Raises:
        ModelError: tensorflow-text is not installed on the worker, or there is no such signature.
        BatchError: The model fails on a text; says which.

    Example:

    ```python
    texts | RunInference(TextModelHandler(find_version("served/ko_en"))) | beam.Map(print)
    ```
    """

    def __init__(
        self,
        version: str,
        signature: str = "serving_default",
        batch_size: int = 32,
        threads: int = 0,
    ):
        window = max(WINDOW, batch_size)
        super().__init__(min_batch_size=window, max_batch_size=window)
        self._arguments = (version, signature, batch_size, threads)

    def load_model(self) -> ServedTextModel:
        return ServedTextModel(*self._arguments)

    def run_inference(
        self,
        batch: Sequence[str],
        model: ServedTextModel,
        inference_args: dict[str, Any] | None = None,
    ) -> Iterable[Translation]:
        found = model(batch)
        return [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]

    def get_num_bytes(self, batch: Sequence[str]) -> int:
        return sum(len(text.encode()) for text in batch)

    def get_metrics_namespace(self) -> str:
        return "KerasSeq2Seq"


def translated(
    lines: "beam.PCollection[Row]", handler: TextModelHandler
) -> "beam.PCollection[tuple[Row, Translation]]":
    """Lines with their translations, in whatever order the runner has."""
    return (
        lines
        | "to all workers" >> beam.Reshuffle()
        | "with its text" >> beam.Map(lambda row: (row, row[3]))
        | "translate" >> RunInference(KeyedModelHandler(handler))
    )


def translate_files(
    model: str,
    files: Sequence[str],
    output: str,
    *,
    batch_size: int = 32,
    signature: str = "serving_default",
    threads: int = 0,
    options: PipelineOptions | None = None,
) -> None:
    """Translates files into a text of one translation a line, in order, or into Parquet.

    Args:
        model: SavedModel, or its parent, whose largest version is taken.
        files: Text, plain or gzipped, or globs, of any file system that Beam knows.
        output: A text file; or, ending in `.parquet`, a directory of files whose names are in
            order, with the columns `id`, `file`, `line`, `source`, `text` and what else the
            signature gives of `score`, `length`, `truncated`, `finished`. Until all is there, it
            is `output` with `.part` behind.
        batch_size: Texts that run at once.
        signature: `serving_default` or `beam`.
        threads: Cores that TensorFlow may use in a worker; 0 leaves it to TensorFlow.
        options: Of the pipeline; by default those of the direct runner.

    Raises:
        TextError: A file is missing, or its beginning is no text.
        OutputError: The output cannot be written, or is there already.
        ModelError: There is no SavedModel.
    """
    handler = TextModelHandler(find_version(model), signature, batch_size, threads)
    paths = find_files(files, _match, _open)
    parts = part_of(output, paths, FileSystems.exists)
    if FileSystems.exists(parts):
        raise OutputError(f"{parts} is there already: remove it, or name another output.")
    FileSystems.mkdirs(parts)
    try:
        with beam.Pipeline(options=options) as pipeline:
            lines = pipeline | beam.Create([paths]) | "read" >> beam.FlatMap(_rows)
            _ = (
                translated(lines, handler)
                | "part of it" >> beam.Map(lambda pair: (pair[0][0] // _LINES_OF_A_PART, pair))
                | beam.GroupByKey()
                | "write" >> beam.Map(_write_part, parts, output.endswith(PARQUET))
            )
        _finish(parts, output)
    finally:
        FileSystems.delete([parts])


def _rows(paths: Sequence[str]) -> Iterator[Row]:
    return map(tuple, read_lines(paths, _open))


def _write_part(
    part: tuple[int, Iterable[tuple[Row, Translation]]], directory: str, as_parquet: bool
) -> None:
    """Writes lines that follow one another; a second try of the runner writes the same file."""
    number, pairs = part
    rows = sorted(pairs, key=lambda pair: pair[0][0])
    ids = [row[0] for row, _ in rows]
    if ids != list(range(ids[0], ids[0] + len(ids))):  # a text without numbers would not show it
        raise RuntimeError(f"Lines are missing or twice between {ids[0]} and {ids[-1]}.")
    path = FileSystems.join(directory, f"part-{number:06d}{PARQUET if as_parquet else '.txt'}")
    with FileSystems.create(path, compression_type=CompressionTypes.UNCOMPRESSED) as file:
        if as_parquet:
            import pyarrow as pa
            import pyarrow.parquet

            table = [{**Line(*row)._asdict(), **found} for row, found in rows]
            pyarrow.parquet.write_table(pa.Table.from_pylist(table), file)
        else:
            file.write("".join(f"{found['text']}\n" for _, found in rows).encode())


def _finish(parts: str, output: str) -> None:
    """Gives the parts their names or, of text, makes one file of them in order."""
    paths = _files_of(parts)
    if output.endswith(PARQUET):
        FileSystems.mkdirs(output)
        names = [FileSystems.join(output, FileSystems.split(path)[1]) for path in paths]
        FileSystems.rename(paths, names)
        return
    whole = FileSystems.join(parts, "whole")
    with FileSystems.create(whole, compression_type=CompressionTypes.UNCOMPRESSED) as file:
        for path in paths:
            with _open(path) as part:
                shutil.copyfileobj(part, file)
    FileSystems.rename([whole], [output])


def _match(name: str) -> list[str]:
    if "://" not in name:
        return match_local(name)
    return sorted(found.path for found in FileSystems.match([name])[0].metadata_list)


def _files_of(directory: str) -> list[str]:
    if "://" in directory:
        return _match(FileSystems.join(directory, "part-*"))
    return sorted(os.path.join(directory, name) for name in os.listdir(directory))


def _open(path: str) -> BinaryIO:
    return FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command; options that it does not know are those of the pipeline."""
    parser = parser_of("Translates files of text by Apache Beam.")
    parser.epilog = "All other options, such as --runner, go to the pipeline."
    parser.add_argument("--threads", type=positive, default=0, help="cores of a worker (all)")
    asked, others = parser.parse_known_args(arguments)
    try:
        translate_files(
            asked.model,
            asked.files,
            asked.output,
            batch_size=asked.batch_size,
            signature=asked.signature,
            threads=asked.threads,
            options=PipelineOptions(others),
        )
    except (TextError, ModelError, OutputError, OSError) as error:
        sys.exit(str(error))
    except RuntimeError as error:  # what a worker raises comes so
        sys.exit(reason_of(error))


if __name__ == "__main__":
    main()

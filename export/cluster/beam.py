"""Translates files of text by Apache Beam's RunInference, on this machine or another runner.

    python beam.py served/ko_en "corpus/*.txt" --output translated.txt --runner DirectRunner

See README.md beside this file.
"""

import dataclasses
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO

from command_line import PARQUET, parser_of, positive, reason_of
from served_text_model import ModelError, ServedTextModel, find_version
from text_lines import Line, TextError, find_files, read_lines

try:
    import apache_beam as beam
    from apache_beam.internal import cloudpickle
    from apache_beam.io.filesystem import CompressionTypes
    from apache_beam.io.filesystems import FileSystems
    from apache_beam.ml.inference.base import KeyedModelHandler, ModelHandler, RunInference
    from apache_beam.options.pipeline_options import PipelineOptions
except ImportError:
    sys.exit("Apache Beam is not installed: pip install apache-beam==2.77.0")

WINDOW = 2048  # lines that are sorted by length among themselves
_LINES_OF_A_PART = 2**16  # of a file that is written at once

# Workers get these modules with the pipeline: nothing of this folder has to be installed there.
for _name in {"served_text_model", "text_lines", __name__} - {"__main__"}:
    cloudpickle.register_pickle_by_value(sys.modules[_name])


@dataclasses.dataclass
class Translation:
    """What the model gives for a text; None where its signature does not give it."""

    text: str
    score: float | None = None
    length: int | None = None
    truncated: bool | None = None
    finished: bool | None = None


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
        return [
            Translation(**dict(zip(found, row, strict=True)))
            for row in zip(*found.values(), strict=True)
        ]

    def get_num_bytes(self, batch: Sequence[str]) -> int:
        return sum(len(text.encode()) for text in batch)

    def get_metrics_namespace(self) -> str:
        return "KerasSeq2Seq"


def translated(
    lines: "beam.PCollection[Line]", handler: TextModelHandler
) -> "beam.PCollection[tuple[Line, Translation]]":
    """Lines with their translations, in whatever order the runner has."""
    return (
        lines
        | "one at a time, to all workers" >> beam.Reshuffle()
        | "with its text" >> beam.Map(lambda line: (line, line.source))
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
            order, with the columns `id`, `file`, `line`, `source`, `text`, `score`, `length`,
            `truncated` and `finished`. Until all is there, it is `output` with `.part` behind.
        batch_size: Texts that run at once.
        signature: `serving_default` or `beam`.
        threads: Cores that TensorFlow may use in a worker; 0 leaves it to TensorFlow.
        options: Of the pipeline; by default those of the direct runner.

    Raises:
        TextError: A file is missing, its beginning is no text, or the output is there already.
        ModelError: There is no SavedModel.
    """
    handler = TextModelHandler(find_version(model), signature, batch_size, threads)
    paths = find_files(files, _match, _open)
    parts = f"{output}.part"
    for path in [parts, output] if output.endswith(PARQUET) else [parts]:
        if FileSystems.exists(path):
            raise TextError(f"{path} is there already: remove it, or name another output.")
    FileSystems.mkdirs(parts)
    try:
        with beam.Pipeline(options=options) as pipeline:
            lines = (
                pipeline
                | beam.Create([paths])
                | "read" >> beam.FlatMap(read_lines, open_file=_open)
            )
            _ = (
                translated(lines, handler)
                | "part of it" >> beam.Map(lambda pair: (pair[0].id // _LINES_OF_A_PART, pair))
                | beam.GroupByKey()
                | "write" >> beam.Map(_write_part, parts, output.endswith(PARQUET))
            )
        _finish(parts, output)
    finally:
        FileSystems.delete([parts])


def _write_part(
    part: tuple[int, Iterable[tuple[Line, Translation]]], directory: str, as_parquet: bool
) -> None:
    """Writes lines that follow one another; a second try of the runner writes the same file."""
    number, pairs = part
    rows = sorted(pairs, key=lambda pair: pair[0].id)
    path = FileSystems.join(directory, f"part-{number:06d}{PARQUET if as_parquet else '.txt'}")
    with FileSystems.create(path, compression_type=CompressionTypes.UNCOMPRESSED) as file:
        if as_parquet:
            import pyarrow as pa
            import pyarrow.parquet

            table = [{**line._asdict(), **dataclasses.asdict(found)} for line, found in rows]
            pyarrow.parquet.write_table(pa.Table.from_pylist(table), file)
        else:
            file.write("".join(f"{found.text}\n" for _, found in rows).encode())


def _finish(parts: str, output: str) -> None:
    """Gives the parts their names or, of text, makes one file of them in order."""
    paths = _match(FileSystems.join(parts, "part-*"))
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
    path = name if "://" in name else os.path.abspath(name)
    if os.path.isdir(path):
        raise TextError(f'{name} is a directory. Name its files: "{os.path.join(name, "*.txt")}".')
    return sorted(found.path for found in FileSystems.match([path])[0].metadata_list)


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
    except (TextError, ModelError) as error:
        sys.exit(str(error))
    except RuntimeError as error:  # what a worker raises comes so
        sys.exit(reason_of(error))


if __name__ == "__main__":
    main()

"""Translates files of text on a Ray cluster, or on this machine, by Ray Data.

    python ray_data.py served/ko_en "corpus/*.txt" --output translated.txt --actors 4

See README.md beside this file.
"""

import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from command_line import PARQUET, OutputError, parser_of, part_of, positive, reason_of
from served_text_model import BatchError, ModelError, ServedTextModel, find_version
from text_lines import Line, TextError, find_files, read_lines, windows

try:
    import ray
    import ray.data
    import ray.exceptions
    from ray import cloudpickle
except ImportError:
    sys.exit("Ray Data is not installed: pip install -r export/cluster/requirements-ray.txt")

WINDOW = 2048  # lines that are sorted by length among themselves
_BLOCK = 2**16  # bytes that one task holds: few windows, so that all actors get some
_RETRIES = 3  # of lines whose actor died; without a limit, those that kill it do so for ever

# Workers get these modules with the work: nothing of this folder has to be installed there.
for _name in {"served_text_model", "text_lines", __name__} - {"__main__"}:
    cloudpickle.register_pickle_by_value(sys.modules[_name])


def translated(
    model: str,
    files: Sequence[str],
    *,
    actors: int = 1,
    batch_size: int = 32,
    signature: str = "serving_default",
    cpus_per_actor: int = 1,
) -> "ray.data.Dataset":
    """A lazy dataset of the lines of files and their translations, in the order of the lines.

    Lines are read as a stream while others are translated: what is held at once does not grow
    with the files.

    Args:
        model: SavedModel, or its parent, whose largest version is taken. Every node must see it
            under the same absolute path.
        files: Text, plain or gzipped, or globs.
        actors: Workers, each with its copy of the model.
        batch_size: Texts that run at once.
        signature: `serving_default` or `beam`.
        cpus_per_actor: Cores of a worker.

    Returns:
        Columns `id` (int64, counts through all files), `file`, `line` (int64, from 1), `source`,
        `text`, and what else the signature gives of `score`, `length`, `truncated`, `finished`.

    Raises:
        TextError: A file is missing or its beginning is no text.
        ModelError: There is no SavedModel.

    Example:

    ```python
    translated("served/ko_en", ["a.txt", "b.txt.gz"], actors=4).write_parquet("out")
    ```
    """
    version, paths = find_version(model), find_files(files)
    dataset = ray.data.from_items([{"paths": paths}])
    dataset.context.execution_options.preserve_order = True
    dataset.context.target_max_block_size = _BLOCK
    # Reading takes no core, so that it goes on where actors hold all of them.
    lines = dataset.map_batches(_read, batch_size=1, num_cpus=0)
    with warnings.catch_warnings():
        # The retries have no name of their own in `map_batches` yet.
        warnings.filterwarnings("ignore", "`ray_remote_args` is deprecated")
        return lines.map_batches(
            Translator,
            fn_constructor_args=(version, signature, batch_size, cpus_per_actor),
            batch_size=max(WINDOW, batch_size),
            compute=ray.data.ActorPoolStrategy(size=actors),
            num_cpus=cpus_per_actor,
            max_task_retries=_RETRIES,
        )


class Translator:
    """What an actor does: adds translations to a batch of lines.

    Args:
        version: str. Absolute path of a SavedModel's version.
        signature: str. One whose only input is `text`.
        batch_size: int. Texts that run at once.
        threads: int. Cores of the actor.

    Call arguments:
        batch: columns `id`, `file`, `line` and `source`, arrays [N].

    Returns:
        The same with `text` and the other outputs.

    Raises:
        BatchError: The model fails on a text; says which, and between which lines it is.
    """

    def __init__(self, version: str, signature: str, batch_size: int, threads: int):
        self.model = ServedTextModel(version, signature, batch_size, threads)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        try:
            return {**batch, **self.model([str(source) for source in batch["source"]])}
        except BatchError as error:
            ends = (f"{batch['file'][i]}, line {batch['line'][i]}" for i in (0, -1))
            raise BatchError(f"From {' to '.join(ends)}: {error}") from error


def write(dataset: "ray.data.Dataset", output: str) -> None:
    """Writes a translated dataset: as text, or as Parquet where `output` ends in `.parquet`.

    Text has one translation a line, in order. Parquet is a directory with files of all columns,
    written by the workers; `id` tells the order. Until all is there, it is `output` with `.part`
    behind.

    Raises:
        OutputError: There is no such directory, or something that would be overwritten.
    """
    part = part_of(output)
    if output.endswith(PARQUET):
        dataset.write_parquet(part, ray_remote_args={"num_cpus": 0})
    else:
        _write_text(dataset, part)
    os.replace(part, output)


def _write_text(dataset: "ray.data.Dataset", path: str) -> None:
    count = 0
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        for batch in dataset.iter_batches(batch_size=None):
            if count != batch["id"][0]:  # a text without numbers would not show it
                raise RuntimeError(f"Line {count} was expected, but {batch['id'][0]} came.")
            file.writelines(f"{text}\n" for text in batch["text"])
            count += len(batch["text"])


def _read(batch: Mapping[str, Any]) -> Iterator[dict[str, list[Any]]]:
    paths = [str(path) for path in batch["paths"][0]]
    for rows in windows(read_lines(paths), WINDOW):
        yield dict(zip(Line._fields, map(list, zip(*rows, strict=True)), strict=True))


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = parser_of("Translates files of text by Ray Data.")
    parser.add_argument("--actors", type=positive, default=1, help="workers (1)")
    parser.add_argument("--cpus-per-actor", type=positive, default=1, help="their cores (1)")
    asked = parser.parse_args(arguments)
    try:
        part_of(asked.output, find_files(asked.files))  # told before the work, not after it
        dataset = translated(
            asked.model,
            asked.files,
            actors=asked.actors,
            batch_size=asked.batch_size,
            signature=asked.signature,
            cpus_per_actor=asked.cpus_per_actor,
        )
        _tell_what_waits(asked.actors, asked.cpus_per_actor)
        write(dataset, asked.output)
    except (TextError, ModelError, OutputError, OSError) as error:
        sys.exit(str(error))
    except ray.exceptions.RayError as error:
        part = f"{asked.output}.part"
        rest = f"\nWhat was done before is in {part}." if _holds_something(part) else ""
        sys.exit(reason_of(error) + rest)


def _holds_something(path: str) -> bool:
    return os.path.isdir(path) or (os.path.isfile(path) and os.path.getsize(path) > 0)


def _tell_what_waits(actors: int, cpus_per_actor: int) -> None:
    """Actors that find no cores wait silently for nodes that may never come."""
    cores = int(ray.cluster_resources().get("CPU", 0))
    if (fit := cores // cpus_per_actor) < actors:
        print(
            f"Of {actors} actors of {cpus_per_actor} cores, {fit} find room in this cluster of "
            f"{cores} cores. The others wait until it grows.",
            file=sys.stderr,
        )


if __name__ == "__main__":
    main()

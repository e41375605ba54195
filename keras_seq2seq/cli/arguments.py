"""Arguments that several commands take; they are checked before TensorFlow is loaded."""

from pathlib import Path
from typing import Annotated, TypeVar

import typer

from keras_seq2seq.nearest_name import did_you_mean

Paths = TypeVar("Paths", Path, list[Path])


def existing(paths: Paths) -> Paths:
    """Refuses paths where there is nothing."""
    for path in [paths] if isinstance(paths, Path) else paths:
        if not path.exists():
            raise ValueError(f"{path} does not exist.")
    return paths


def check_tokenizer(name: str) -> str:
    """Refuses a name sacreBLEU does not know."""
    from sacrebleu.metrics.bleu import BLEU

    if name not in BLEU.TOKENIZERS:
        raise ValueError(
            f"--tokenize {name} is not known to sacreBLEU; choose one of "
            f"{', '.join(sorted(BLEU.TOKENIZERS))}.{did_you_mean(name, BLEU.TOKENIZERS)}"
        )
    try:
        BLEU(tokenize=name)
    except (ImportError, RuntimeError, OSError) as error:  # some need a package or a download
        raise ValueError(f"--tokenize {name} cannot be used: {error}") from error
    return name


def check_language(language: str | None) -> str | None:
    """Refuses a language that Moses does not know."""
    if language is not None:
        from keras_seq2seq.evaluation.moses_text import check_moses_language

        check_moses_language(language)
    return language


ModelArgument = Annotated[
    Path,
    typer.Argument(
        help="A run directory, .keras file, SavedModel directory or .tflite file.",
        callback=existing,
    ),
]
BatchSize = Annotated[int, typer.Option(min=1, help="How many sentences run at once.")]
Columns = Annotated[
    str | None,
    typer.Option(
        help='Columns of source and target; "2,1" swaps them. Default those of the run, else "1,2".'
    ),
]
TestCorpus = Annotated[
    str | None,
    typer.Option(
        help="Corpus with references. Default phrasebook:test for a run on the phrasebook, else "
        "the pairs that the run was validated on."
    ),
]
Tokenize = Annotated[str, typer.Option(help="sacreBLEU's tokenizer.", callback=check_tokenizer)]
Ensemble = Annotated[
    list[Path] | None,
    typer.Option(help="A further model of the same vocabulary, to decode with as one."),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", help="Any key of --show-config, as training.epochs=20; as often as you like."
    ),
]
Overwrite = Annotated[
    bool,
    typer.Option("--overwrite", help="Replace a run in --run-dir, if nothing else lies there."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

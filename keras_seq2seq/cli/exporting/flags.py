"""The flags of `export`."""

from pathlib import Path
from typing import Annotated

import typer

from keras_seq2seq.decoding.search_options import OPTIONS

_BEAM_INPUTS = ", ".join(
    name for name, o in OPTIONS.items() if o.neutral is not None and o.of in ("beam", "any")
)


def check_level(verify: str | None) -> str | None:
    """Refuses a level of checks that there is not."""
    if verify not in (None, "fast", "full"):
        raise ValueError(f"--verify must be fast or full, got {verify}.")
    return verify


SavedModel = Annotated[
    Path | None, typer.Option(help="Base directory: a numbered version is added.")
]
Serving = Annotated[
    Path | None,
    typer.Option(
        help="Directory to start TensorFlow Serving in: a version of the model with its card, "
        "and what the server is told."
    ),
]
ServedName = Annotated[
    str | None,
    typer.Option(help="What requests call the model of --serving; by default like the run."),
]
CardLicense = Annotated[
    str | None, typer.Option(help="What users of the model may do, for its card.")
]
CardScores = Annotated[
    Path | None, typer.Option(help="What `evaluate --json` printed, for the card.")
]
TFLiteFile = Annotated[Path | None, typer.Option(help="The .tflite file, ids to ids.")]
TextFile = Annotated[
    bool, typer.Option("--text", help="Also write <file>.text.tflite, text to text.")
]
Signatures = Annotated[
    str | None,
    typer.Option(
        help="What the .tflite file has beside `translate` (encode,decode_step if not given), "
        "of: encode, decode_step, beam, score."
    ),
]
Quantize = Annotated[
    str | None,
    typer.Option(
        metavar="FORMAT",
        help="Weights of the .tflite file: none (float32, if not given), float16, int8, mixed, "
        "int4; or auto, the smallest of them that passes.",
    ),
]
MaxBleuLoss = Annotated[
    float | None,
    typer.Option(
        min=0,
        help="How many points less than as float32 --quantize may cost on the pairs that the run "
        "was validated on (0.3 if not given): of BLEU, or of what --judge-by says.",
    ),
]
JudgeBy = Annotated[
    str | None,
    typer.Option(
        metavar="METRIC",
        help="Score that --max-bleu-loss is about: bleu, exact_match (percent of texts that equal "
        "the reference), or auto (if not given): exact_match where most references have fewer "
        "than four words, or words of one or two characters, as pronunciations have; else bleu.",
    ),
]
JudgedPairs = Annotated[
    int | None,
    typer.Option(min=1, help="On how many of them, at most (1,000 if not given)."),
]
ReportFile = Annotated[
    bool, typer.Option("--report", help="Also write <file>.report.json: what they measured.")
]
ReportPicture = Annotated[
    Path | None,
    typer.Option(help="Picture of size against quality (.png, .svg, .pdf)."),
]
BeamSize = Annotated[
    int | None,
    typer.Option(
        "--beam-size",
        "--beam",
        min=1,
        help="Beams of the SavedModel's signatures `beam` and `beam_options` (4 if not given), "
        "and of `translate` in the .tflite file (1 if not given).",
    ),
]
BeamResults = Annotated[
    int | None,
    typer.Option(
        "--n-best",
        min=1,
        help="Results of `beam` for each text, at most --beam; as many if not given.",
    ),
]
BeamInputs = Annotated[
    str | None,
    typer.Option(
        help='Options that requests to `beam_options` give ("length_penalty,max_length" if not '
        f'given; "" for no such signature), of: {_BEAM_INPUTS}.'
    ),
]
ReplaceUnknown = Annotated[
    bool,
    typer.Option(
        "--replace-unknown",
        help="The SavedModel writes the most attended source token for <unk>.",
    ),
]
WithShortlist = Annotated[
    bool,
    typer.Option(
        "--shortlist",
        help="Searches of the SavedModel look at the likeliest tokens of each source alone, as the "
        "model's attention on the run's pairs tells: faster, not exact.",
    ),
]
StepSignatures = Annotated[
    bool,
    typer.Option("--steps", help="Also signatures `encode` and `decode_step`, without batching."),
]
CheckOn = Annotated[
    Path | None,
    typer.Option(
        help="File of source lines to compare model and artefacts on; by default some that the "
        "run was validated on."
    ),
]
VerifyLevel = Annotated[
    str | None,
    typer.Option(
        metavar="fast|full",
        callback=check_level,
        help="Checks of the SavedModel: fast if not given; full on more texts, and in a "
        "process without Python.",
    ),
]

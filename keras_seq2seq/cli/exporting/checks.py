"""What `export` refuses before TensorFlow is loaded."""

import json
from pathlib import Path
from typing import Any


def check_flags(
    saved_model: Path | None,
    serving: Path | None,
    tflite: Path | None,
    of_served: dict[str, Any],
    of_kit: dict[str, Any],
    of_tflite: dict[str, Any],
) -> None:
    """Refuses flags that have nothing to act on."""
    if saved_model is None and serving is None and tflite is None:
        raise ValueError(
            "Nothing to export: give --saved-model DIRECTORY, --serving DIRECTORY, --tflite FILE, "
            "or several of them."
        )
    for flag, value in of_tflite.items():
        if value is not None and tflite is None:
            raise ValueError(f"{flag} is about the .tflite file: give --tflite FILE.")
    if tflite is not None and tflite.suffix != ".tflite":
        raise ValueError(f"--tflite {tflite} must end in .tflite.")
    given = [flag for flag, value in of_served.items() if value is not None]
    if given and saved_model is None and serving is None:
        raise ValueError(
            f"{given[0]} is about the SavedModel: give --saved-model or --serving DIRECTORY."
        )
    given = [flag for flag, value in of_kit.items() if value is not None]
    if given and serving is None:
        raise ValueError(f"{given[0]} is about what is served: give --serving DIRECTORY.")


def check_quantization(quantize: str | None, of_formats: dict[str, Any]) -> None:
    """Refuses formats, metrics and pictures that there are not."""
    given = [flag for flag, value in of_formats.items() if value is not None]
    if quantize is None:
        if given:
            raise ValueError(f"{given[0]} is about formats: give --quantize auto, or one of them.")
        return
    from keras_seq2seq.export.quantization.format_names import check_format
    from keras_seq2seq.export.quantization.metric_names import check_loss, check_metric

    check_format(quantize)
    if of_formats["--max-bleu-loss"] is not None:
        check_loss(of_formats["--max-bleu-loss"])
    if of_formats["--judge-by"] is not None:
        check_metric(of_formats["--judge-by"])
    picture = of_formats["--report-picture"]
    if picture is not None and picture.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise ValueError(f"--report-picture {picture} needs the ending .png, .svg or .pdf.")


def check_beams(beam_size: int, n_best: int | None) -> None:
    """Refuses more results than beams."""
    if (n_best or 1) > beam_size:
        raise ValueError(f"--n-best {n_best} results need --beam {n_best}, got {beam_size}.")


def read_scores(path: Path) -> dict[str, Any]:
    """What `evaluate --json` printed."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ValueError(f"--scores {path} cannot be read: {error}.") from None
    except (ValueError, RecursionError):  # no JSON, or no text
        found = None
    if not isinstance(found, dict):
        raise ValueError(f"--scores {path} is not what `evaluate --json` prints.")
    return found

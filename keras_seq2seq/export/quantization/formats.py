"""Files of the same model in several formats, each of which is what it is said to be."""

from collections.abc import Callable, Iterable

from keras_seq2seq.export.export_error import ExportError
from keras_seq2seq.export.on_device.flat_model import read_flat
from keras_seq2seq.export.quantization.format_names import AUTO, FORMATS, NONE
from keras_seq2seq.export.quantization.integer_weights import with_integer_weights
from keras_seq2seq.export.quantization.weights import FEWEST, KINDS, Weight, weights_of

_BY_CONVERTER = (NONE, "float16", "int8")


def files_of_formats(
    chosen: str,
    convert: Callable[[Iterable[str]], dict[str, bytes]],
    vocabulary_size: int,
) -> tuple[dict[str, bytes], dict[str, str]]:
    """The file of each format that is needed, the float32 one first; and why others cannot be.

    Args:
        chosen: one of `FORMATS`, or `auto`: all of them.
        convert: makes files of formats that TensorFlow's own converter knows.
        vocabulary_size: V of the targets.

    Raises:
        ExportError: a format was chosen that cannot be had.
    """
    wanted = FORMATS if chosen == AUTO else dict.fromkeys((NONE, chosen))
    files = convert([name for name in wanted if name in _BY_CONVERTER])
    refused = {}
    for name in wanted:
        try:
            if name not in files:
                files[name] = with_integer_weights(files[NONE], name, vocabulary_size)
            if name != NONE:
                check_weights(files[NONE], files[name], name, vocabulary_size)
        except ExportError as error:
            if chosen != AUTO:
                raise
            refused[name] = str(error)
            files.pop(name, None)
    return {name: files[name] for name in wanted if name in files}, refused


def check_weights(plain: bytes, content: bytes, name: str, vocabulary_size: int) -> None:
    """Raises an `ExportError` unless the weights of a file have the format that was asked for.

    Args:
        plain: the float32 file.
        content: the same model in another format.
        name: that format.
        vocabulary_size: V of the targets.
    """
    before, after = (weights_of(read_flat(x), vocabulary_size) for x in (plain, content))
    of_size = [weight for weight in after if weight.size >= FEWEST]
    if not of_size:
        raise ExportError(
            f"{name} would change nothing: no weights of this model have {FEWEST:,} numbers. "
            'Export it with quantize="none".'
        )
    for weight in of_size:
        kind = _kind(name, weight)
        if weight.kind != kind:
            raise ExportError(
                f"{name} was asked for, but weights {list(weight.shape)} of {weight.operator} are "
                f"{KINDS[weight.kind]}, not {KINDS[kind]}. Choose another format."
            )
    if len({weight.buffer for weight in after}) > len({weight.buffer for weight in before}):
        raise ExportError(f"{name} would store weights twice that float32 stores once.")


def _kind(name: str, weight: Weight) -> int:
    if name == "mixed":
        name = "int8" if weight.of_logits else "int4"
    return {label: number for number, label in KINDS.items()}[name]
